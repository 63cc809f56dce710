"""Random rows of an index, held together: an index of its own, for passes that need not read every row."""

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.scan import Scan


class Part:
    """Some rows of an index.

    Attributes
    ----------
    rows
        ``(n,)``, ascending: where they stand in the index.
    held
        The same rows.
    """

    def __init__(self, rows: NDArray[np.intp], held: Features) -> None:
        self.rows, self.held, self.n = rows, held, rows.size
        self.dim = held.vectors.shape[1] + (0 if held.words is None else held.words.shape[1])

    def features(self, rows: NDArray[np.intp]) -> Features:
        """Return some rows of the part, in their order."""
        words = self.held.words
        return Features(self.held.vectors[rows], None if words is None else words[rows])

    def scan(self, w: NDArray[np.float64], b: float, left_out: NDArray[np.intp], *, precise: bool = False) -> Scan:
        """Read all rows of the part once; see ``Index.scan``."""
        kind = np.float64 if precise else np.float32
        read = self.held.precise() if precise else self.held
        scores = read.dot(w.astype(kind)) + kind(b)
        hinge = np.maximum(1 + scores, 0)
        hinge[left_out] = 0
        pull = np.append(read.weighted_sum(hinge), hinge.sum(dtype=np.float64)).astype(np.float64)
        hinges = hinge.astype(np.float64)
        return Scan(scores, np.flatnonzero(hinge), float(hinges @ hinges), pull)
