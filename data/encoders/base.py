"""The Encoder protocol, and what identifies an encoder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.errors import ExemplarError
from exemplar.data.text import has_lone_surrogate

_MOST_DIM = 10**5
_MOST_TOKENS = 10**15
_LONGEST = 4096  # characters of a name or a path


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What identifies an encoder, and how it was run.

    Attributes
    ----------
    revision
        Which weights: the hub's commit, or the start of the checksum of a folder's files.
    similarity
        ``cosine``: rows have unit length. ``dot``: rows have the lengths that the model gives them, scaled to about 1.
    dim
        Dimensions of a vector.
    max_tokens
        Tokens of a document that the model reads; None if there is no limit.
    """

    model: str
    revision: str
    precision: str
    device: str
    backend: str
    similarity: str
    dim: int
    max_tokens: int | None

    @property
    def hardware(self) -> str:
        """Device and precision, for people: ``cpu, float32``."""
        return f"{self.device}, {self.precision}"

    def to_json(self) -> dict[str, Any]:
        """Return the info as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the info in JSON, which anybody may have written.

        Raises
        ------
        ExemplarError
            It does not hold an encoder's info.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(content, dict) or content.keys() != set(names):
            raise ExemplarError("it does not describe an encoder")
        info = cls(**content)
        for name in names:
            if not _is_valid(name, getattr(info, name)):
                raise ExemplarError(f"the {name.replace('_', ' ')} of an encoder can't be {getattr(info, name)!r:.100}")
        return info


class Encoder(Protocol):
    """Turns texts into vectors ``(n, dim) float32``, and knows how much of a text it reads."""

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""

    def token_spans(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Return start and end of each text's tokens, ``(n_tokens, 2)``, however long the text is."""

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one row a text, in order; ``on_progress`` gets the number of texts encoded so far."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the ``(dim,)`` vector of a query."""


def _is_valid(name: str, value: Any) -> bool:
    if name == "dim":
        return type(value) is int and 0 < value <= _MOST_DIM
    if name == "max_tokens":
        return value is None or (type(value) is int and 0 <= value <= _MOST_TOKENS)
    return isinstance(value, str) and len(value) <= _LONGEST and not has_lone_surrogate(value)


def unit_rows(vectors: ArrayLike) -> NDArray[np.float32]:
    """Return vectors ``(n, dim)`` as C-contiguous float32 with rows of unit length.

    Raises
    ------
    ExemplarError
        A row is zero or not finite: it has no direction to compare.
    """
    rows = check_rows(np.ascontiguousarray(vectors, dtype=np.float32))
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def check_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors ``(n, dim)``; ExemplarError if a row is zero or not finite."""
    norms = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
    if bad.size:
        raise ExemplarError(f"row {bad[0]} is a zero or non-finite vector: it has no direction to compare")
    return vectors
