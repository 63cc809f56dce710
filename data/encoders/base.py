"""The interface of an encoder, and the information that identifies one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.errors import ExemplarError
from exemplar.data.text import has_lone_surrogate

Span = tuple[int, int]  # start and end, in characters


class Spans(Protocol):
    """Start and end of every token of a text."""

    def __len__(self) -> int: ...

    def __getitem__(self, token: int, /) -> Span: ...


VectorKind = Literal["none", "quick", "full"]
VECTOR_KINDS: tuple[VectorKind, ...] = get_args(VectorKind)  # from the first to be there to the last
QUICK = "model2vec"  # the backend of quick encoders

_MOST_DIM = 10**5
_MOST_TOKENS = 10**15
_LONGEST = 4096  # characters of a name or a path


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What identifies an encoder, and how it ran.

    Attributes
    ----------
    revision
        Identifies the weights: the commit on the hub, or the start of a checksum of the folder's files.
    similarity
        ``cosine``: vectors have unit length. ``dot``: vectors have the model's own lengths, scaled to about 1.
    dim
        Number of dimensions of a vector.
    max_tokens
        Number of tokens of a document that the model reads; None for no limit.
    """

    model: str
    revision: str
    precision: str
    device: str
    backend: str
    similarity: str
    dim: int
    max_tokens: int | None

    @classmethod
    def none(cls, model: str) -> Self:
        """Return the info of a corpus that has words alone so far, and is to be embedded by a model."""
        return cls(model, "", "", "", "", "cosine", 1, None)

    @property
    def kind(self) -> VectorKind:
        """The kind of vectors that the encoder makes."""
        if not self.revision:
            return "none"
        return "quick" if self.backend == QUICK else "full"

    @property
    def title(self) -> str:
        """The model's name, and whether the encoder is its quick one."""
        return f"{self.model}, quick" if self.kind == "quick" else self.model

    @property
    def hardware(self) -> str:
        """Device and precision, for people: ``cpu, float32``."""
        return f"{self.device}, {self.precision}"

    def to_json(self) -> dict[str, Any]:
        """Return the info as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the info in JSON; the JSON is not trusted.

        Raises
        ------
        ExemplarError
            The JSON does not describe an encoder.
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
    """Turns texts into vectors ``(n, dim) float32``, and knows how many tokens of a text the model reads."""

    @property
    def info(self) -> EncoderInfo:
        """What identifies the encoder."""

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return the start and end of all tokens of every text, in characters."""

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the vectors of texts, ``(n_texts, dim) float32``; ``unknown_vector`` for a text without known tokens.

        Parameters
        ----------
        on_progress
            Called with the number of texts encoded so far.
        """

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,) float32``; ExemplarError if no token of it is known."""


class LoadEncoder(Protocol):
    """Loads an encoder, as ``load_encoder`` does."""

    def __call__(self, model: str, *, precision: str, backend: str, revision: str | None = None) -> Encoder:
        """Return the encoder; ExemplarError if the model can't be loaded."""


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
        A row is zero or not finite, so that it has no direction.
    """
    rows = check_rows(np.ascontiguousarray(vectors, dtype=np.float32))
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def unknown_vector(dim: int) -> NDArray[np.float32]:
    """Return the vector of a text without any token that a model knows, ``(dim,) float32``, of unit length.

    All such texts share it. It is near zero similarity to a text in a space of many directions, and below every text
    where all numbers of vectors are positive.
    """
    return np.full(dim, -1 / math.sqrt(dim), dtype=np.float32)


def check_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors ``(n, dim)`` unchanged; ExemplarError if a row is zero or not finite."""
    norms = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
    if bad.size:
        raise ExemplarError(f"row {bad[0]} is a zero or non-finite vector: it has no direction to compare")
    return vectors
