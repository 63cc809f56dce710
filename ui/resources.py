"""What all browser sessions share: open corpora, encoders, the log of sessions."""

import streamlit as st

from data.corpus import open_corpus, read_manifest
from data.encoder import Encoder, load_encoder
from data.home import home_folder
from retrieval.search import SearchEngine
from retrieval.sessions import SessionStore


def engine(name: str) -> SearchEngine:
    """Return the search engine of a corpus as it stands on the disk now."""
    manifest = read_manifest(name)
    return _engine(name, manifest.build, manifest.created, manifest.n_passages)


@st.cache_resource(show_spinner="Opening the corpus", max_entries=8)
def _engine(name: str, build: str, created: str, n_passages: int) -> SearchEngine:
    """Open a corpus; what it is comes with the name, so that one that was rebuilt or has grown is opened anew."""
    return SearchEngine(open_corpus(name), encoder)


@st.cache_resource(show_spinner="Loading the model", max_entries=4)
def encoder(model: str, precision: str, revision: str | None = None) -> Encoder:
    """Return an encoder, one for all who need it."""
    return load_encoder(model, precision=precision, revision=revision)


@st.cache_resource(show_spinner="Loading the model", max_entries=1)
def builder(model: str, precision: str) -> Encoder:
    """Return an encoder for building: it takes longer to load, and less to embed."""
    return load_encoder(model, precision=precision, backend="auto")


def session_store() -> SessionStore:
    """Return the log in which sessions are kept."""
    return SessionStore(home_folder() / "sessions.sqlite")
