"""A deterministic encoder: a text is its bag of words, hashed into a few dimensions."""

import zlib
from collections.abc import Sequence

import numpy as np

from data.encoder import unit_rows


class FakeEncoder:
    """Stands in for the model where the test is not about the model; counts what it encodes."""

    model = "fake"
    precision = "float32"
    device = "cpu"

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim
        self.documents_encoded = 0
        self.queries_encoded = 0

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        self.documents_encoded += len(texts)
        return unit_rows([self._vector(text) for text in texts])

    def encode_query(self, text: str) -> np.ndarray:
        self.queries_encoded += 1
        return unit_rows([self._vector(text)])[0]

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dim, 0.01)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dim] += 1
        return vector
