"""Mark all documents that pass the filters, after a question."""

import streamlit as st

from exemplar.retrieval.feedback import MARK_NAMES, Feedback, Mark
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html, state
from exemplar.ui.search import filter_form
from exemplar.ui.state import put

_ASKS = "asks_whether_to_mark_all"
MOST = 10_000  # documents; the log keeps the text of each


def show_mark_all(session: Session, marks: PresentMarks, engine: SearchEngine) -> None:
    """Draw the button that asks whether to mark all that pass the filters; without filters there is none."""
    if not session.filters:
        return
    n = len(unmarked(session, marks, engine))
    if n > MOST:
        st.caption(f"{n:,} unmarked documents pass: too many to mark at once, which can be done for {MOST:,}.")
    elif n:
        label = f"Mark all {n:,} that pass …"
        st.button(label, key="mark_all", icon=":material/done_all:", on_click=put, args=(_ASKS, True))
        if st.session_state.pop(_ASKS, False):
            _ask(session, marks, engine)


def unmarked(session: Session, marks: PresentMarks, engine: SearchEngine) -> list[str]:
    """Return the documents without a mark that pass the filters."""
    return engine.passing(session.filters, {*marks.by_document(), *marks.opposed_documents()})


@st.dialog("Mark all that pass")
def _ask(session: Session, marks: PresentMarks, engine: SearchEngine) -> None:
    doc_ids = unmarked(session, marks, engine)
    documents = "1 document" if len(doc_ids) == 1 else f"all {len(doc_ids):,} documents"
    passing = html.shortened(filter_form.summary(session.filters))
    st.html(html.element("div", "text", html.text(f"Mark {documents} that pass the filters ({passing})?")))
    st.caption("Documents that are marked already keep their marks. One undo takes all of it back.")
    with st.container(horizontal=True, gap="small"):
        if st.button("Mark none", key="mark_none"):
            st.rerun()
        for mark, name in MARK_NAMES.items():
            clicked = st.button(
                f"As {name}", key=f"mark_all {mark}", on_click=_mark, args=(tuple(doc_ids), mark, engine)
            )
            if clicked:
                st.rerun()


def _mark(doc_ids: tuple[str, ...], mark: Mark, engine: SearchEngine) -> None:
    rows = engine.corpus.rows_of(doc_ids)
    texts = marked_texts(engine.corpus, list(rows.values()))
    hashes = {doc_id: text.text_hash for doc_id, text in zip(rows, texts, strict=True)}
    state.change(MarksAdded(Feedback.of(mark, tuple(rows)), hashes, tuple(texts), found_all={"filters": True}))
