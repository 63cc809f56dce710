"""What all browser sessions share: open corpora, encoders, the log of sessions."""

import contextlib
import functools
import gc
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from data.corpus import open_corpus, read_manifest
from data.encoder import Encoder, load_encoder
from data.home import home_folder
from retrieval.explain import Explainer
from retrieval.filters import field_counts, label_counts
from retrieval.search import SearchEngine
from retrieval.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Choices:
    """What documents can be filtered by: their labels, and the values of their other columns, each with its count."""

    labels: dict[str, int]
    fields: dict[str, dict[str, int]]


def engine(name: str) -> SearchEngine:
    """Return the search engine of a corpus as it stands on the disk now."""
    return _opened(name).engine


def explainer(name: str) -> Explainer:
    """Return what finds the sentences that carried a document, one for all who search the corpus."""
    return _opened(name).explainer


def choices(name: str) -> Choices:
    """Return what the documents of a corpus can be filtered by."""
    return _opened(name).choices


class _Opened:
    """An open corpus and what is worked out on it once for all."""

    def __init__(self, name: str) -> None:
        self.engine = SearchEngine(open_corpus(name), encoder)
        self.explainer = Explainer(self.engine)

    @functools.cached_property
    def choices(self) -> Choices:
        corpus = self.engine.corpus
        return Choices(label_counts(corpus), field_counts(corpus))


def _opened(name: str) -> _Opened:
    manifest = read_manifest(name)
    return _open(name, manifest.build, manifest.created, manifest.n_passages)


@st.cache_resource(show_spinner="Opening the corpus", max_entries=8)
def _open(name: str, build: str, created: str, n_passages: int) -> _Opened:
    """Open a corpus; what it is comes with the name, so that one that was rebuilt or has grown is opened anew."""
    return _Opened(name)


def encoder(model: str, precision: str, revision: str | None = None) -> Encoder:
    """Return an encoder, one for all who need it."""
    on_a_page = get_script_run_ctx(suppress_warning=True) is not None  # what runs in the background can't draw
    with st.spinner("Loading the model") if on_a_page else contextlib.nullcontext():
        return _loaded(model, precision, revision)


@st.cache_resource(show_spinner=False, max_entries=4)
def _loaded(model: str, precision: str, revision: str | None) -> Encoder:
    loaded = load_encoder(model, precision=precision, revision=revision)
    gc.freeze()  # the libraries that came with it stay: no later collection need go through them
    return loaded


@st.cache_resource(show_spinner=False, max_entries=1)  # builds run in threads of their own, which can't draw
def builder(model: str, precision: str, revision: str | None = None) -> Encoder:
    """Return an encoder for building: it takes longer to load, and less to embed."""
    return load_encoder(model, precision=precision, revision=revision, backend="auto")


def session_store() -> SessionStore:
    """Return the log in which sessions are kept."""
    return SessionStore(home_folder() / "sessions.sqlite")
