"""Share open corpora and encoders among all browser sessions."""

import contextlib
import gc
import os
from contextlib import AbstractContextManager

import streamlit as st

from exemplar.data.corpus.catalog import CorpusStatus, list_corpora, searchable_corpora
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.facets import Facets
from exemplar.data.corpus.manifest import Manifest, read_manifest
from exemplar.data.encoders.base import Encoder, EncoderInfo, VectorKind
from exemplar.data.encoders.quick import encoder_of
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.encoders.shared import SharedEncoder
from exemplar.data.errors import CorpusNotFound
from exemplar.data.milvus.server import ADDRESS, Server
from exemplar.retrieval.highlights import SentenceHighlighter
from exemplar.retrieval.index.served import open_served
from exemplar.retrieval.search import SearchEngine
from exemplar.ui.page_scheduler import PageScheduler
from exemplar.ui.streamlit_internals import is_on_a_page

_scheduler = PageScheduler()


def index() -> str | None:
    """Return the address of the Milvus that serves the corpora; None if they are on this machine."""
    return os.environ.get(ADDRESS) or None


def searchable() -> dict[str, Manifest]:
    """Return the manifest of each corpus that can be searched, by its name.

    Raises
    ------
    IndexUnreachable
        Milvus serves the corpora and does not answer.
    """
    if uri := index():
        return _served(uri)
    return searchable_corpora()


def statuses() -> list[CorpusStatus]:
    """Return the status of each corpus, sorted by name; raises IndexUnreachable as ``searchable`` does."""
    if uri := index():
        manifests = _served(uri)
        return [CorpusStatus(name, manifests[name], "complete", 0) for name in manifests]
    return list_corpora()


@st.cache_data(show_spinner=False, ttl=10, max_entries=2)
def _served(uri: str) -> dict[str, Manifest]:
    return Server(uri).manifests()


def page() -> AbstractContextManager[None]:
    """Return a context that waits while another page is ranked and drawn; Milvus ranks many pages at a time."""
    return contextlib.nullcontext() if index() else _scheduler.page()


def engine(name: str, vectors: VectorKind | None = None) -> SearchEngine:
    """Return the search engine of a corpus as it is on the disk now, with a kind of vectors; None for the best."""
    return _opened(name, vectors).engine


def highlighter(name: str, vectors: VectorKind | None = None) -> SentenceHighlighter:
    """Return the highlighter that finds the best sentences of a document; all sessions share it."""
    return _opened(name, vectors).highlighter


def facets(name: str) -> Facets:
    """Return the labels and columns by which the documents of a corpus can be filtered."""
    return _opened(name).engine.corpus.facets


class _OpenCorpus:
    """The search engine and the highlighter of an open corpus."""

    def __init__(self, name: str, uri: str | None, vectors: VectorKind) -> None:
        if uri:
            corpus, milvus, words = open_served(uri, name)
            self.engine = SearchEngine(corpus, encoder, milvus, words)
        else:
            local = open_corpus(name, vectors)
            local.index_words(lambda done: None)  # takes its time where an earlier version built the corpus
            self.engine = SearchEngine(local, encoder)
        self.highlighter = SentenceHighlighter(self.engine)


def manifest_of(name: str, vectors: VectorKind | None = None) -> Manifest:
    """Return the manifest of a corpus as it is now, with a kind of vectors; None for the best.

    Raises
    ------
    CorpusNotFound, CorpusDamaged, IndexUnreachable
        It can't be searched now.
    """
    uri = index()
    manifest = _served(uri).get(name) if uri else read_manifest(name, vectors)
    if manifest is None:
        raise CorpusNotFound(f"there is no corpus '{name}' in Milvus at {uri}; put it there, or search another")
    return manifest


def _opened(name: str, vectors: VectorKind | None = None) -> _OpenCorpus:
    manifest = manifest_of(name, vectors)
    return _open(name, index(), manifest.documents_sha256, manifest.encoder, manifest.corpus_id, manifest.created)


@st.cache_resource(show_spinner="Opening the corpus", max_entries=8)
def _open(
    name: str, uri: str | None, documents: str, encoder: EncoderInfo, corpus_id: str, created: str
) -> _OpenCorpus:
    """Open a corpus; the facts of its manifest are in the key, so that a rebuilt corpus is opened anew."""
    return _OpenCorpus(name, uri, encoder.kind)


def encoder(built: EncoderInfo) -> Encoder:
    """Return the encoder that a corpus was built with; all sessions share it."""
    with st.spinner("Loading the model") if is_on_a_page() else contextlib.nullcontext():
        return _loaded(built)


@st.cache_resource(show_spinner=False, max_entries=4)
def _loaded(built: EncoderInfo) -> Encoder:
    loaded = SharedEncoder(encoder_of(built, load_encoder))
    gc.freeze()  # the loaded libraries stay, so that later garbage collections skip them
    return loaded


@st.cache_resource(show_spinner=False, max_entries=1)  # builds run in background threads, which can't draw
def builder(model: str, *, precision: str, backend: str, revision: str | None = None) -> Encoder:
    """Return an encoder for a build: it may load more slowly, and embeds faster."""
    return load_encoder(model, precision=precision, backend=backend, revision=revision)
