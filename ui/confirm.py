"""Ask for confirmation, inside a dialog, before something is removed for good."""

from collections.abc import Callable

import streamlit as st

from exemplar.ui import html


def confirm(question: str, *, yes: str, hint: str, on_yes: Callable[[], None], note: str = "") -> None:
    """Draw a question with a button for yes and a button for no; both close the dialog around them.

    Parameters
    ----------
    question
        HTML; pass text from outside through ``html.text`` first.
    yes, hint
        The label and the tooltip of the button for yes.
    note
        Markdown that is shown below the question.
    """
    st.html(html.element("div", "text", question))
    if note:
        st.caption(note)
    with st.container(horizontal=True):
        confirmed = st.button(yes, key="confirm_yes", type="primary", help=hint, on_click=on_yes)
        if st.button("Keep it", key="confirm_no", help="Change nothing.") or confirmed:
            st.rerun()
