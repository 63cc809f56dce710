"""Draw the downloads of what a review reports."""

import json

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.screening.flow import Flow, flow_of
from exemplar.retrieval.screening.flow_chart import flow_svg
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import state


def show_flow(corpus: DocumentStore, session: Session) -> None:
    """Draw the downloads of what a review reports; without a mark there is nothing to report."""
    if not session.feedback:
        return

    def counts() -> Flow:
        texts = state.texts_of(session.session_id)
        return flow_of(state.title_of(session.session_id) or "unnamed", session, corpus, lambda: texts)

    st.subheader("Counts for a review", anchor=False)
    st.caption("Records, duplicates, screened, excluded with reasons, included: the flow that PRISMA 2020 asks for.")
    with st.container(horizontal=True, gap="small"):
        for label, suffix, mime, write in (
            ("Diagram (SVG)", "svg", "image/svg+xml", lambda: flow_svg(counts())),
            ("Counts (JSON)", "json", "application/json", lambda: json.dumps(counts().to_json(), indent=2).encode()),
        ):
            st.download_button(
                label,
                write,
                file_name=f"{corpus.manifest.name}-flow.{suffix}",
                mime=mime,
                key=f"flow-{suffix}",
                icon=":material/download:",
                on_click="ignore",
            )
