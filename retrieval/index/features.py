"""Rows of an index: vectors, and the words beside them."""

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
        ``(n, n_terms)``; None for vectors alone. It is apart from the vectors because joining them would copy both.
    """

    vectors: NDArray[np.floating[Any]]
    words: NDArray[np.floating[Any]] | None = None

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
        return Features(self.vectors.astype(np.float64), None if self.words is None else self.words.astype(np.float64))

    def to_array(self) -> NDArray[np.float32]:
        """Return the rows as one array, ``(n, dim + n_terms) float32``."""
        vectors = self.vectors.astype(np.float32, copy=False)
        return vectors if self.words is None else np.hstack([vectors, self.words.astype(np.float32, copy=False)])
