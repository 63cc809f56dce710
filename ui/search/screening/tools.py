"""Draw the two tools of the view Screen, beside the sentence on what may be claimed."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.sessions.session import Session
from exemplar.ui.search.screening.check import POPOVER, show_check
from exemplar.ui.search.screening.panel import show_left


def show_screening_tools(session: Session, corpus: DocumentStore) -> None:
    """Draw the tools; what they hold is computed once they are open."""
    check = st.popover("Random check", icon=":material/casino:", key=POPOVER, on_change="rerun")
    if check.open:
        with check:
            show_check(session, corpus)
    left = st.popover("How much is left", icon=":material/monitoring:", key="left", on_change="rerun")
    if left.open:
        with left:
            show_left(session, corpus)
