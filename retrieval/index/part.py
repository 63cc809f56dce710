"""Random rows of an index, held together: an index of its own, for passes that need not read every row."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.scan import Scan, scan


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
        vectors, words = self.held.vectors, self.held.words
        of_vectors, of_words = np.split(w, [vectors.shape[1]])
        added = None if words is None else words @ (of_words if precise else of_words.astype(np.float32))
        read = scan(vectors, of_vectors, b, left_out, precise=precise, added=added)
        if words is None:
            return read
        pull = (1 + read.scores[read.violators]) @ words[read.violators]
        return replace(read, pull=np.concatenate([read.pull[:-1], pull, read.pull[-1:]]))
