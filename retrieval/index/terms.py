"""The words of all documents, restricted to some terms."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.threads import run_in_shares

_BLOCK = 2**13  # documents


class Postings(Protocol):
    """What an index of words knows of terms."""

    def postings(self, numbers: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
        """Return the documents of terms, ascending for every term, their weights, and where every term starts."""
        ...


class TermColumns:
    """A sparse matrix ``(n_documents, n_terms) float32``: the weight of every term in every document, times its scale.

    Only the postings of the terms are read. The rows are kept in blocks, so that threads share every product.

    Attributes
    ----------
    n_entries
        How many weights are not zero.
    longest
        The Euclidean length of the longest row.
    """

    def __init__(
        self, words: Postings, terms: NDArray[np.int64], n_documents: int, scales: NDArray[np.float64]
    ) -> None:
        from scipy.sparse import csc_array

        self.n_documents, self.n_terms = n_documents, len(terms)
        documents, weights, starts = words.postings(terms.tolist())
        weights *= np.repeat(scales.astype(np.float32), np.diff(starts))
        self.n_entries = len(documents)
        firsts = range(0, n_documents, _BLOCK)
        cuts = np.array(
            [start + np.searchsorted(documents[start:end], [*firsts, n_documents]) for start, end in pairwise(starts)]
        ).reshape(-1, len(firsts) + 1)  # (n_terms, n_blocks + 1)

        def read(share: range) -> list[Any]:
            return [block(number) for number in share]

        def block(number: int) -> Any:
            """Return the rows of a block of documents in SciPy's compressed rows."""
            first, end = cuts[:, number], cuts[:, number + 1]
            if len(firsts) == 1:
                rows, data = documents, weights
            else:
                entries = np.concatenate([np.arange(0), *map(np.arange, first, end)])
                rows, data = documents[entries] - np.int32(firsts[number]), weights[entries]
            bounds = np.append(0, np.cumsum(end - first)).astype(np.int32)
            shape = min(_BLOCK, n_documents - firsts[number]), self.n_terms
            return csc_array((data, rows, bounds), shape=shape).tocsr()

        self._blocks = [made for blocks in run_in_shares(len(firsts), read) for made in blocks]
        self.longest = max((_longest(made) for made in self._blocks), default=0.0)

    def scores(self, w: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the product of every document with weights ``(n_terms,)``, in the precision of the weights."""
        scores = np.zeros(self.n_documents, dtype=w.dtype)

        def score(share: range) -> None:
            for number in share:
                scores[number * _BLOCK : (number + 1) * _BLOCK] = self._blocks[number] @ w

        run_in_shares(len(self._blocks), score)
        return scores

    def weighted_sum(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of all documents, each times its weight in ``z`` ``(n_documents,)``."""
        z = z.astype(np.float32)

        def add(share: range) -> NDArray[np.float64]:
            total = np.zeros(self.n_terms)
            for number in share:
                total += self._blocks[number].T @ z[number * _BLOCK : (number + 1) * _BLOCK]
            return total

        total: NDArray[np.float64] = np.sum(run_in_shares(len(self._blocks), add), axis=0)
        return total

    def rows(self, documents: NDArray[np.intp]) -> Any:
        """Return the rows of some documents, ``(len(documents), n_terms) float32``, in their order, as sparse rows."""
        from scipy.sparse import csr_array, vstack

        blocks = documents // _BLOCK
        order = np.argsort(blocks, kind="stable")
        parts = [
            self._blocks[number][documents[order][blocks[order] == number] - number * _BLOCK]
            for number in np.unique(blocks)
        ]
        if not parts:
            return csr_array((0, self.n_terms), dtype=np.float32)
        return parts[0] if len(parts) == 1 else vstack(parts, format="csr")[np.argsort(order)]


def _longest(block: Any) -> float:
    lengths = np.add.reduceat(np.append(block.data.astype(np.float64) ** 2, 0), block.indptr[:-1])
    return float(np.sqrt(lengths[np.diff(block.indptr) > 0].max(initial=0.0)))
