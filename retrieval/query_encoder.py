"""Typed queries to vectors."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.encoders.base import Encoder, EncoderInfo, Span
from exemplar.data.encoders.passages import split
from exemplar.data.encoders.quick import encoder_of
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.retrieval.caching import weakly_cached
from exemplar.retrieval.rankers import centroid

_LONGEST = 1_000_000  # characters of a query
_CACHED = 256  # queries: a mark ranks again, but need not encode again
_CACHED_TEXTS = 4096  # marked texts that the corpus does not have
_MOST_PASSAGES = 256  # of a query
_NO_VECTOR = np.empty(0, np.float32)  # while the corpus has words alone


@dataclass(frozen=True, slots=True, eq=False)
class KnownVectors:
    """Vectors by their texts, which need no encoder: of queries, ``(dim,)``, and of passages, ``(n_passages, dim)``."""

    queries: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    passages: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


class QueryEncoder:
    """Encodes typed queries with the encoder that a corpus was built with.

    Parameters
    ----------
    load
        Loads the encoder, when the first query needs it.
    known
        Vectors of that encoder.
    """

    def __init__(
        self,
        corpus: DocumentStore,
        load: Callable[[EncoderInfo], Encoder] | None = None,
        known: KnownVectors | None = None,
    ) -> None:
        self._corpus, self._known = corpus, known or KnownVectors()
        self._load = load or (lambda built: encoder_of(built, load_encoder))
        self._cached_vector = weakly_cached(self._encode, _CACHED)
        self._cached_passages = weakly_cached(self._encode_passages, _CACHED_TEXTS)

    def vector(self, query: str) -> NDArray[np.float32]:
        """Return the vector of a query, ``(dim,)``; raises ExemplarError if the query cannot be encoded.

        Its dim is 0 while the corpus has words alone.
        """
        if not query.strip():
            raise ExemplarError("the query is empty: type what you are looking for")
        if len(query) > _LONGEST:
            raise ExemplarError(f"the query is longer than {_LONGEST:,} characters: shorten it")
        if re.search("[\ud800-\udfff]", query):  # Python's form of bytes that are not UTF-8
            raise ExemplarError("the query holds bytes that are not Unicode text: type it again, or use UTF-8")
        if self._has_none:
            return _NO_VECTOR
        known = self._known.queries.get(query)
        return self._cached_vector(query) if known is None else known

    def passages(self, text: str) -> NDArray[np.float32]:
        """Return the vectors of the passages of a text that the corpus does not have, ``(n_passages, dim)``."""
        if self._has_none:
            return _NO_VECTOR[None]
        known = self._known.passages.get(text)
        return self._cached_passages(text) if known is None else known

    @property
    def _has_none(self) -> bool:
        return self._corpus.manifest.vectors == "none"

    @functools.cached_property
    def encoder(self) -> Encoder:
        """The corpus's encoder, loaded at the first use; raises EncoderMismatch if the model has changed."""
        manifest = self._corpus.manifest
        built, encoder = manifest.encoder, self._load(manifest.encoder)
        loaded = encoder.info
        if (loaded.model, loaded.revision, loaded.dim) != (built.model, built.revision, built.dim):
            raise EncoderMismatch(
                f"the corpus '{manifest.name}' was built with {built.model} (revision {built.revision}, {built.dim} "
                f"dimensions), but {loaded.model} (revision {loaded.revision}, {loaded.dim} dimensions) was loaded; "
                "put the old model back, or build the corpus again and allow it to be replaced",
                hint="replace",
            )
        return encoder

    def _encode(self, query: str) -> NDArray[np.float32]:
        """Return the vector of a query; of one that is longer than the model's input, the mean of its passages."""
        spans = self._spans(query)[:_MOST_PASSAGES]
        vectors = np.stack([self.encoder.encode_query(query[start:end]) for start, end in spans])
        vector = vectors[0] if len(vectors) == 1 else centroid(vectors).astype(np.float32)
        vector.flags.writeable = False
        return vector

    def _encode_passages(self, text: str) -> NDArray[np.float32]:
        vectors = self.encoder.encode_documents([text[start:end] for start, end in self._spans(text)])
        vectors.flags.writeable = False
        return vectors

    def _spans(self, text: str) -> list[Span]:
        """Return the bounds of a text's passages, as a build of the corpus makes them."""
        return [(0, len(text))] if self._corpus.manifest.whole else split([text], self.encoder)[0]
