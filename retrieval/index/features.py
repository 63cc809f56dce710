"""Rows of an index: vectors, and the words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Some rows of an index.

    Attributes
    ----------
    vectors
        ``(n, dim)``
    words
        ``(n, n_terms)``, an array or SciPy's sparse rows; None for vectors alone. It is apart from the vectors because
        joining them would copy both.
    """

    vectors: NDArray[np.floating[Any]]
    words: Any = None

    def __len__(self) -> int:
        return len(self.vectors)

    def dot(self, w: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the product of every row with weights ``(dim + n_terms,)``."""
        if self.words is None:
            return self.vectors @ w
        dim = self.vectors.shape[1]
        products: NDArray[np.floating[Any]] = self.vectors @ w[:dim]
        products += self.words @ w[dim:]
        return products

    def weighted_sum(self, z: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the sum of the rows, each times its weight in ``z`` ``(n,)``."""
        of_vectors = z @ self.vectors
        return of_vectors if self.words is None else np.append(of_vectors, z @ self.words)

    def precise(self) -> "Features":
        """Return the rows in double precision."""
        return self._in(np.float64)

    def in_single_precision(self) -> "Features":
        """Return the rows in single precision."""
        return self._in(np.float32)

    def _in(self, kind: type[np.floating[Any]]) -> "Features":
        return Features(self.vectors.astype(kind), None if self.words is None else self.words.astype(kind))

    def to_array(self) -> NDArray[np.float32]:
        """Return the rows as one array, ``(n, dim + n_terms) float32``."""
        vectors = self.vectors.astype(np.float32, copy=False)
        return (
            vectors if self.words is None else np.hstack([vectors, to_dense(self.words).astype(np.float32, copy=False)])
        )

    def like(self, other: "Features") -> "Features":
        """Return the rows with words apart from vectors where those of another have them apart."""
        if self.words is not None or other.words is None:
            return self
        n_vectors = other.vectors.shape[1]
        return Features(self.vectors[:, :n_vectors], self.vectors[:, n_vectors:])

    @staticmethod
    def stacked(parts: Sequence["Features"]) -> "Features":
        """Return the rows of some parts, one after another; all have words, or none has."""
        from scipy.sparse import issparse, vstack

        vectors = np.concatenate([part.vectors for part in parts])
        words = [part.words for part in parts]
        if words[0] is None:
            return Features(vectors)
        sparse = any(map(issparse, words))
        return Features(vectors, vstack(words, format="csr") if sparse else np.concatenate(words))


def to_dense(words: Any) -> NDArray[np.floating[Any]]:
    """Return words as an array, ``(n, n_terms)``."""
    dense: NDArray[np.floating[Any]] = words if isinstance(words, np.ndarray) else words.toarray()
    return dense
