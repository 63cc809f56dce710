"""The question before something is removed for good, inside a dialog."""

from collections.abc import Callable

import streamlit as st

from exemplar.ui import html


def confirm(question: str, *, yes: str, hint: str, on_yes: Callable[[], None], note: str = "") -> None:
    """Draw a question with a button for yes and one for no, either of which closes the dialog around them.

    Parameters
    ----------
    question
        HTML; text from outside goes through ``html.text`` first.
    yes, hint
        The label of the button for yes, and what it says when the pointer rests on it.
    note
        Markdown below the question.
    """
    st.html(html.element("div", "text", question))
    if note:
        st.caption(note)
    with st.container(horizontal=True):
        sure = st.button(yes, key="confirm_yes", type="primary", help=hint, on_click=on_yes)
        if st.button("Keep it", key="confirm_no", help="Change nothing.") or sure:
            st.rerun()
