"""What all browser sessions share: open corpora and encoders."""

import contextlib
import gc
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TypeVar

import streamlit as st

from exemplar.data.corpus.catalog import CorpusStatus, list_corpora, searchable_corpora
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.facets import Facets
from exemplar.data.corpus.manifest import Manifest, read_manifest
from exemplar.data.encoders.base import Encoder, EncoderInfo
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.encoders.shared import SharedEncoder
from exemplar.data.errors import CorpusNotFound
from exemplar.data.milvus.server import ADDRESS, Server
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.index.milvus import open_served
from exemplar.retrieval.search import SearchEngine
from exemplar.ui.page_scheduler import OneByOne
from exemplar.ui.streamlit_internals import is_on_a_page

T = TypeVar("T")
_one_by_one = OneByOne()


def index() -> str | None:
    """Return the address of the Milvus that serves the corpora, None where they are this machine's own."""
    return os.environ.get(ADDRESS) or None


def searchable() -> dict[str, str]:
    """Return the corpora that can be searched, by name, with how many documents each has, for people.

    IndexUnreachable says so if they are served and nobody answers.
    """
    if uri := index():
        return {name: f"{manifest.n_documents:,}" for name, manifest in _served(uri).items()}
    return searchable_corpora()


def statuses() -> list[CorpusStatus]:
    """Return how the corpora that can be searched stand, by name; IndexUnreachable as in ``searchable``."""
    if uri := index():
        return [CorpusStatus(name, each, "complete", each.n_documents, 0) for name, each in _served(uri).items()]
    return list_corpora()


@st.cache_data(show_spinner=False, ttl=10, max_entries=2)
def _served(uri: str) -> dict[str, Manifest]:
    return Server(uri).manifests()


def page() -> AbstractContextManager[None]:
    """Return what holds a page back while another is ranked and drawn; a Milvus ranks many at a time."""
    return contextlib.nullcontext() if index() else _one_by_one.page()


def between(work: Callable[[], T]) -> Future[T]:
    """Do something for a page when no page is ranked or drawn."""
    return _one_by_one.between(work)


def engine(name: str) -> SearchEngine:
    """Return the search engine of a corpus as it stands on the disk now."""
    return _opened(name).engine


def highlighter(name: str) -> SentenceHighlighter:
    """Return what finds the sentences that carried a document, one for all who search the corpus."""
    return _opened(name).highlighter


def facets(name: str) -> Facets:
    """Return what the documents of a corpus can be filtered by."""
    return _opened(name).engine.corpus.facets


class _Opened:
    """An open corpus and what finds the sentences in it."""

    def __init__(self, name: str, uri: str | None) -> None:
        if uri:
            corpus, milvus = open_served(uri, name)
            self.engine = SearchEngine(corpus, encoder, milvus)
        else:
            self.engine = SearchEngine(open_corpus(name), encoder)
        self.highlighter = SentenceHighlighter(self.engine)


def _opened(name: str) -> _Opened:
    uri = index()
    manifest = _served(uri).get(name) if uri else read_manifest(name)
    if manifest is None:
        raise CorpusNotFound(f"there is no corpus '{name}' in Milvus at {uri}")
    return _open(name, uri, manifest.build, manifest.created, manifest.n_passages)


@st.cache_resource(show_spinner="Opening the corpus", max_entries=8)
def _open(name: str, uri: str | None, build: str, created: str, n_passages: int) -> _Opened:
    """Open a corpus; what it is comes with the name, so that one that was rebuilt or has grown is opened anew."""
    return _Opened(name, uri)


def encoder(built: EncoderInfo) -> Encoder:
    """Return the encoder that a corpus was built with, one for all sessions."""
    with st.spinner("Loading the model") if is_on_a_page() else contextlib.nullcontext():
        return _loaded(built.model, built.precision, built.revision)


@st.cache_resource(show_spinner=False, max_entries=4)
def _loaded(model: str, precision: str, revision: str | None) -> Encoder:
    loaded = SharedEncoder(load_encoder(model, precision=precision, revision=revision))
    gc.freeze()  # the libraries that came with it stay: no later collection need go through them
    return loaded


@st.cache_resource(show_spinner=False, max_entries=1)  # builds run in threads of their own, which can't draw
def builder(model: str, *, precision: str, backend: str, revision: str | None = None) -> Encoder:
    """Return an encoder for a build, which may take longer to load and takes less time to embed."""
    return load_encoder(model, precision=precision, backend=backend, revision=revision)
