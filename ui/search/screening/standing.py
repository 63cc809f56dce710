"""How much is left of the screening in this tab."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.from_session import record_of
from exemplar.retrieval.screening.left import Left, how_much_is_left
from exemplar.retrieval.screening.record import Record
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings

_LEFT = "how_much_is_left"  # of the screening as it was drawn last


def target_of(settings: Settings) -> Target:
    """Return what the session wants to claim."""
    return Target(settings.recall, settings.confidence)


def standing(session: Session, corpus: DocumentStore) -> tuple[Record, Left]:
    """Return the record of a session's screening and how much is left; computed once for every change."""
    key = (session.filters, session.draws, target_of(session.settings), corpus.manifest)
    marks, known, found = st.session_state.get(_LEFT, (None, None, None))
    if marks is not session.marks or known != key or found is None:
        record = record_of(session, corpus)
        found = record, how_much_is_left(record, target_of(session.settings))
        st.session_state[_LEFT] = session.marks, key, found
    shown: tuple[Record, Left] = found
    return shown
