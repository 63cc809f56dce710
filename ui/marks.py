"""The marks, listed apart from the results, each removable."""

import streamlit as st

from data.corpus import Corpus
from retrieval.feedback import Feedback
from ui import plain
from ui.state import change


def show_marks(feedback: Feedback, corpus: Corpus) -> None:
    """Draw the lists of positives and negatives."""
    st.subheader("Marks")
    if not feedback:
        st.caption("Mark rows as relevant or not relevant, and the SVM column ranks anew.")
        return
    _show_list("Relevant", feedback.positives, corpus)
    _show_list("Not relevant", feedback.negatives, corpus)
    st.button("Clear all marks", icon=":material/delete:", on_click=change, args=({"clear_marks": True},))


def _show_list(title: str, doc_ids: tuple[str, ...], corpus: Corpus) -> None:
    if not doc_ids:
        return
    st.caption(f"{title} ({len(doc_ids)})")
    for doc_id in doc_ids:
        with st.container(key=f"mark {doc_id}", gap=None):
            st.html(_line(doc_id, corpus))
            st.button(
                "Remove",
                key=f"remove {doc_id}",
                icon=":material/close:",
                type="tertiary",
                help="Take this mark back",
                on_click=change,
                args=({"mark": None, "doc_id": doc_id},),
            )


def _line(doc_id: str, corpus: Corpus) -> str:
    row = corpus.rows.get(doc_id)
    start = "no longer in this corpus" if row is None else plain.excerpt(corpus.document(row).text, 90)
    name = plain.element("span", "id", plain.text(doc_id))
    return plain.element("div", "mark", name, " ", plain.text(start))
