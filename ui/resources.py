"""What all browser sessions share: open corpora, encoders, the log of sessions."""

import streamlit as st

from data.corpus import open_corpus, read_manifest
from data.encoder import Encoder, load_encoder
from data.home import home_folder
from retrieval.search import SearchEngine
from retrieval.sessions import SessionStore


def engine(name: str) -> SearchEngine:
    """Return the search engine of a corpus as it stands on the disk now."""
    return _engine(name, read_manifest(name).build)


@st.cache_resource(show_spinner="Opening the corpus", max_entries=8)
def _engine(name: str, build: str) -> SearchEngine:
    """Open a corpus; the build is part of the key, so that a rebuilt corpus is opened anew."""
    return SearchEngine(open_corpus(name), encoder)


@st.cache_resource(show_spinner="Loading the model", max_entries=4)
def encoder(model: str, precision: str) -> Encoder:
    """Return an encoder, one for all who need it."""
    return load_encoder(model, precision=precision)


def session_store() -> SessionStore:
    """Return the log in which sessions are kept."""
    return SessionStore(home_folder() / "sessions.sqlite")
