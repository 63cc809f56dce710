"""The vectors of a saved search's query and marked texts, which it may have, so that no model need embed them again."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exemplar.data.encoders.base import EncoderInfo, check_rows
from exemplar.data.errors import ExemplarError

_TYPE = np.dtype("<f4")
_ROUNDING = 1e-3  # of the length of a unit vector
_LONGEST = 1e6  # of a vector that has no unit length


@dataclass(frozen=True, slots=True)
class SavedVectors:
    """Vectors by the hashes of their texts, as bytes of float32, little-endian.

    Attributes
    ----------
    queries
        The vector of every query, ``(dim,)``; a document's is that of its text as a query.
    passages
        The vectors of the passages of every marked text, ``(n_passages, dim)``.
    """

    queries: Mapping[str, bytes] = field(hash=False)
    passages: Mapping[str, bytes] = field(hash=False)

    def to_json(self) -> list[dict[str, str]]:
        """Return the vectors as JSON, an object for each text."""
        return [
            {"of": of, "text_hash": text_hash, "float32": base64.b64encode(vectors).decode()}
            for of, by_hash in (("query", self.queries), ("text", self.passages))
            for text_hash, vectors in by_hash.items()
        ]

    @classmethod
    def from_json(cls, content: Sequence[Mapping[str, str]], encoder: EncoderInfo) -> Self:
        """Return the vectors of an encoder in JSON that fits the schema.

        Raises
        ------
        ExemplarError
            They are not vectors that this encoder makes.
        """
        queries: dict[str, bytes] = {}
        passages: dict[str, bytes] = {}
        for each in content:
            of, text_hash = each["of"], each["text_hash"]
            try:
                vectors = base64.b64decode(each["float32"], validate=True)
                n = len(_checked(vectors, encoder))
            except (binascii.Error, ValueError) as error:  # ExemplarError is one
                raise ExemplarError(f"the vectors of the {of} {text_hash}: {error}") from error
            if of == "query" and n > 1:
                raise ExemplarError(f"the vectors of the query {text_hash}: it has {n:,}, and a query has one")
            (queries if of == "query" else passages)[text_hash] = vectors
        return cls(queries, passages)


def bytes_of_vectors(vectors: NDArray[np.float32]) -> bytes:
    """Return vectors as ``SavedVectors`` has them."""
    return np.ascontiguousarray(vectors, _TYPE).tobytes()


def vectors_of_bytes(content: bytes, dim: int) -> NDArray[np.float32]:
    """Return vectors ``(n, dim)`` from bytes; they can't be changed."""
    return np.frombuffer(content, _TYPE).astype(np.float32, copy=False).reshape(-1, dim)


def _checked(content: bytes, encoder: EncoderInfo) -> NDArray[np.float32]:
    size = _TYPE.itemsize * encoder.dim
    if encoder.kind == "none":
        raise ExemplarError("the search comes from a corpus without vectors")
    if not content or len(content) % size:
        raise ExemplarError(f"they have {len(content):,} bytes, and each of {encoder.dim:,} dimensions has {size:,}")
    vectors = vectors_of_bytes(content, encoder.dim)
    lengths = np.linalg.norm(check_rows(vectors), axis=1)
    if encoder.similarity == "cosine" and np.abs(lengths - 1).max() > _ROUNDING:
        raise ExemplarError("they have not the length 1")
    if lengths.max() > _LONGEST:
        raise ExemplarError(f"they are longer than {_LONGEST:,.0f}")
    return vectors
