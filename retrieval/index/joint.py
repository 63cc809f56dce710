"""Search over vectors and words together."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.retrieval.index.base import Rows, Within, checked_rows, checked_weights
from exemplar.retrieval.index.dense import DenseIndex, best_rows
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part
from exemplar.retrieval.index.scan import Scan, scan
from exemplar.retrieval.index.terms import TermColumns


class JointIndex:
    """Exact search where a row is a passage's vector, followed by the weights of some terms in its document.

    Parameters
    ----------
    vectors
        The index of the vectors.
    columns
        The terms of every document.
    document_rows
        ``(n,)``: the document of every passage, ascending.
    """

    def __init__(self, vectors: DenseIndex, columns: TermColumns, document_rows: NDArray[np.int64]) -> None:
        self.n, self.dim = vectors.n, vectors.dim + columns.n_terms
        self._dense, self._columns, self._document_rows = vectors, columns, document_rows
        self._one_passage_each = self.n == columns.n_documents and int(document_rows[-1]) == self.n - 1
        self._rounding = vectors.rounding * float(np.hypot(1, columns.longest))

    def top_k(
        self,
        w: ArrayLike,
        k: int,
        *,
        b: float = 0.0,
        exclude: Rows = (),
        within: Within | None = None,
        above: float | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the k rows of highest score ``w.x + b`` and their scores, best first; ties by row.

        See Index.
        """
        weights = checked_weights(w)
        of_vectors, of_words = np.split(weights.astype(np.float32), [self._dense.dim])
        scores = self._word_scores(of_words)
        if of_vectors.any():  # by words alone, the vectors need not be read
            scores += self._dense.scores(of_vectors)
        return best_rows(
            scores,
            k,
            lambda rows: self._exact_scores(rows, weights),
            self._rounding * float(np.linalg.norm(weights)),
            b=b,
            exclude=exclude,
            within=within,
            above=above,
        )

    def sample(self, m: int, seed: int) -> NDArray[np.intp]:
        """Return m different random rows, ascending; all rows if the index has at most m."""
        return self._dense.sample(m, seed)

    def vectors(self, rows: Rows) -> NDArray[np.float32]:
        """Return the vectors and terms of some rows, ``(len(rows), dim) float32``, in their order."""
        return self.features(rows).to_array()

    def features(self, rows: Rows) -> Features:
        """Return the vectors and terms of some rows, in their order."""
        checked = checked_rows(rows, self.n)
        return Features(self._dense.vectors(checked), self._columns.rows(self._document_rows[checked]))

    def part(self, m: int, seed: int) -> Part:
        """Return m different random rows, held together."""
        vectors = self._dense.part(m, seed)
        return Part(vectors.rows, Features(vectors.held.vectors, self._columns.rows(self._document_rows[vectors.rows])))

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of all rows, ``(dim,)``."""
        n_passages = np.zeros(self._columns.n_documents)
        np.add.at(n_passages, self._document_rows, 1)
        return np.append(self._dense.mean(), self._columns.weighted_sum(n_passages) / self.n)

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Read all rows once; see ``index.scan.scan``."""
        of_vectors, of_words = np.split(w, [self._dense.dim])
        of_words = of_words if precise else of_words.astype(np.float32)
        read = scan(self._dense.array, of_vectors, b, left_out, precise=precise, added=self._word_scores(of_words))
        hinges = np.bincount(
            self._document_rows[read.violators],
            weights=1 + read.scores[read.violators].astype(np.float64),
            minlength=self._columns.n_documents,
        ).astype(np.float64)
        pull = np.concatenate([read.pull[:-1], self._columns.weighted_sum(hinges), read.pull[-1:]])
        return Scan(read.scores, read.violators, read.loss, pull)

    def best_words(self, w: NDArray[np.float64], without: Rows) -> float:
        """Return the highest score by words alone, with weights ``(n_terms,)``, of all documents but some."""
        scores = self._columns.scores(w)
        scores[checked_rows(without, scores.size)] = 0
        return float(scores.max(initial=0.0))

    def _word_scores(self, w: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the words' part of the score of every row."""
        scores = self._columns.scores(w)
        return scores if self._one_passage_each else scores[self._document_rows]

    def _exact_scores(self, rows: NDArray[np.intp], w: NDArray[np.float64]) -> NDArray[np.float64]:
        of_vectors, of_words = np.split(w, [self._dense.dim])
        documents, positions = np.unique(self._document_rows[rows], return_inverse=True)
        of_documents = self._columns.rows(documents).astype(np.float64) @ of_words
        scores: NDArray[np.float64] = self._dense.exact_scores(rows, of_vectors) + of_documents[positions]
        return scores
