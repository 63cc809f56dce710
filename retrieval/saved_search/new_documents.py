"""Documents that no corpus has, to be ranked by a saved search: embedded now, by the model of the search."""

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.building.in_memory import OnProgress
from exemplar.data.corpus.catalog import searchable_corpora
from exemplar.data.documents import Document
from exemplar.data.encoders.base import Encoder, EncoderInfo, LoadEncoder, Spans
from exemplar.data.encoders.model_files import DEFAULT_MODEL, model_name
from exemplar.data.encoders.quick import kept_quick_encoder
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import EncoderMismatch, ExemplarError
from exemplar.data.words.languages import NO_LANGUAGE
from exemplar.retrieval.in_memory import engine_in_memory
from exemplar.retrieval.saved_search.applying import has_same_vectors, vectors_in_words
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.search import SearchEngine


def engine_of_new(
    saved: SavedSearch,
    documents: Iterable[Document],
    encoder: Encoder,
    *,
    name: str,
    on_progress: OnProgress | None = None,
) -> SearchEngine:
    """Return an engine over new documents, embedded as those that a saved search comes from; it leaves no file behind.

    Their words are analysed in the language of the saved search, where it has words.
    """
    language = None if saved.words is None else saved.words.language or NO_LANGUAGE
    return engine_in_memory(
        documents, encoder, name=name, whole=saved.whole, language=language, on_progress=on_progress
    )


def encoder_of_search(
    saved: SavedSearch,
    model: str | None = None,
    *,
    known: Callable[[], Collection[str]] | None = None,
    load: LoadEncoder | None = None,
) -> Encoder:
    """Return the encoder that new documents need; one that embeds nothing where words alone count.

    A saved search may come from anybody, and names a model. It is only loaded where this machine uses it already, or
    where a person names it.

    Parameters
    ----------
    model
        The model that a person allows; None for none in particular.
    known
        Returns the models that this machine uses; by default the built-in one and those of its corpora.

    Raises
    ------
    ExemplarError
        The model is not allowed, or can't be loaded.
    EncoderMismatch
        The model has changed since.
    """
    wanted = saved.encoder
    if not saved.weights.w and wanted.kind == "none":
        return NoEncoder()
    name = wanted.model if model is None else model_name(model)
    if name != wanted.model:
        raise EncoderMismatch(f"this search has weights for {vectors_in_words(wanted)}; the model can't be {name}")
    if model is None and name not in (known or _known_models)():
        raise ExemplarError(
            f"this search needs the model {name!r:.200}, which no corpus here uses; if you trust it, name it yourself",
            hint="model",
        )
    if wanted.kind == "quick":
        return kept_quick_encoder(wanted)
    encoder = (load or load_encoder)(wanted.model, precision=wanted.precision, backend="auto", revision=wanted.revision)
    if not has_same_vectors(encoder.info, wanted):
        here, there = vectors_in_words(encoder.info), vectors_in_words(wanted)
        raise EncoderMismatch(f"this search has weights for {there}, and here the model has {here}")
    return encoder


class NoEncoder:
    """An Encoder whose vectors have no dimensions, for documents that are ranked by their words alone."""

    info = EncoderInfo.none("")

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return no token for every text."""
        return [[] for _ in texts]

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return ``(n_texts, 0)``."""
        return np.empty((len(texts), 0), np.float32)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return ``(0,)``."""
        return np.empty(0, np.float32)


def _known_models() -> Collection[str]:
    return {DEFAULT_MODEL, *(manifest.encoder.model for manifest in searchable_corpora().values())}
