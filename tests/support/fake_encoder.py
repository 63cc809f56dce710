"""A deterministic encoder: a text is its bag of words, hashed into a few dimensions."""

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from exemplar.data.encoders.base import QUICK, EncoderInfo, Span, unit_rows
from exemplar.data.errors import NoQuickEncoder


def not_distilled(model: str, *_: object) -> None:
    """Stands in for ``quick_encoder`` where a model has none."""
    raise NoQuickEncoder(f"{model} can't be distilled: it is a bag of words")


class FakeEncoder:
    """Stands in for the model where the test is not about the model; counts what it encodes. Its tokens are words."""

    model = "fake"
    revision = "1"
    precision = "float32"
    device = "cpu"
    backend = "none"
    similarity = "cosine"

    def __init__(self, dim: int = 64, max_tokens: int | None = 256) -> None:
        self.dim = dim
        self.max_tokens = max_tokens
        self.encoded: list[str] = []
        self.queries_encoded = 0

    @property
    def info(self) -> EncoderInfo:
        return EncoderInfo(
            self.model,
            self.revision,
            self.precision,
            self.device,
            self.backend,
            self.similarity,
            self.dim,
            self.max_tokens,
        )

    @property
    def documents_encoded(self) -> int:
        return len(self.encoded)

    def token_spans(self, texts: Sequence[str]) -> list[list[Span]]:
        return [[match.span() for match in re.finditer(r"\S+", text)] for text in texts]

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        self.encoded += texts
        if on_progress:
            on_progress(len(texts))
        return unit_rows([self._vector(text) for text in texts])

    def encode_query(self, text: str) -> np.ndarray:
        self.queries_encoded += 1
        return unit_rows([self._vector(text)])[0]

    def _vector(self, text: str) -> np.ndarray:
        vector = np.full(self.dim, 0.01)
        for word in text.lower().split()[: self.max_tokens]:
            vector[zlib.crc32(word.encode()) % self.dim] += 1
        return vector


class FakeQuickEncoder(FakeEncoder):
    """Stands in for the quick encoder of the model for which ``FakeEncoder`` stands."""

    revision = "q1"
    backend = QUICK

    def __init__(self, dim: int = 32, max_tokens: int | None = 256) -> None:
        super().__init__(dim, max_tokens)
