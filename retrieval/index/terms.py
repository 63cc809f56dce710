"""The words of all documents, restricted to some terms."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.threads import run_in_shares

_BLOCK = 2**16  # documents


class Postings(Protocol):
    """What an index of words knows of a term."""

    def weights(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the documents that have a term, ascending, and the term's weight in each."""
        ...


class TermColumns:
    """A sparse matrix ``(n_documents, n_terms) float32``: the weight of every term in every document, times a scale.

    Only the postings of the terms are read. The rows are kept in blocks, so that threads share every product.

    Attributes
    ----------
    n_entries
        How many weights are not zero.
    longest
        The Euclidean length of the longest row.
    """

    def __init__(self, words: Postings, terms: NDArray[np.int64], n_documents: int, scale: float) -> None:
        self.n_documents, self.n_terms = n_documents, len(terms)
        columns = [words.weights(int(term)) for term in terms]
        self.n_entries = sum(len(documents) for documents, _ in columns)
        starts = range(0, n_documents, _BLOCK)
        cuts = [np.searchsorted(documents, [*starts, n_documents]) for documents, _ in columns]

        def read(share: range) -> list[Any]:
            return [_block(columns, cuts, block, min(_BLOCK, n_documents - starts[block]), scale) for block in share]

        self._blocks = [block for blocks in run_in_shares(len(starts), read) for block in blocks]
        squares = [
            np.add.reduceat(np.append(block.data, 0) ** 2, block.indptr[:-1]) for block in self._blocks if block.nnz
        ]
        self.longest = float(np.sqrt(max((of_block.max() for of_block in squares), default=0.0)))

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

    def rows(self, documents: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the rows of some documents, ``(len(documents), n_terms) float32``, in their order."""
        rows = np.zeros((len(documents), self.n_terms), dtype=np.float32)
        self.add_to(rows, documents)
        return rows

    def add_to(self, rows: NDArray[np.float32], documents: NDArray[np.intp]) -> None:
        """Write the rows of some documents into an array of zeros, ``(len(documents), n_terms) float32``."""
        order = np.argsort(documents, kind="stable")
        cuts = np.searchsorted(documents, np.arange(len(self._blocks) + 1) * _BLOCK, sorter=order)
        for number in np.flatnonzero(np.diff(cuts)):
            chosen = order[cuts[number] : cuts[number + 1]]
            block = self._blocks[number]
            local = documents[chosen] - number * _BLOCK
            first, sizes = block.indptr[local], np.diff(block.indptr)[local]
            entries = np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            rows[np.repeat(chosen, sizes), block.indices[entries]] = block.data[entries]


def _block(columns: list[Any], cuts: list[Any], block: int, n_rows: int, scale: float) -> Any:
    """Return the rows of a block of documents as a sparse matrix in SciPy's compressed rows."""
    from scipy.sparse import csc_array

    parts = [
        (documents[cut[block] : cut[block + 1]], weights[cut[block] : cut[block + 1]])
        for (documents, weights), cut in zip(columns, cuts, strict=True)
    ]
    empty = np.empty(0, np.int32)
    documents = np.concatenate([empty, *(documents for documents, _ in parts)])
    data = np.concatenate([empty.astype(np.float32), *(weights for _, weights in parts)])
    bounds = np.cumsum([0, *(len(documents) for documents, _ in parts)]).astype(np.int32)
    data *= np.float32(scale)
    documents -= np.int32(block * _BLOCK)
    return csc_array((data, documents, bounds), shape=(n_rows, len(columns))).tocsr()
