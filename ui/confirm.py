"""Ask for confirmation, inside a dialog, before something is removed for good."""

from collections.abc import Callable

import streamlit as st

from exemplar.ui import html

# White on this red has a contrast of 5.0 to 1, and the red itself one of 3 to 1 or more on either theme.
_RED = """<style>
body .st-key-confirm_yes button { color: #fff; background: #d32f2f; border-color: #d32f2f; }
body .st-key-confirm_yes button:hover, body .st-key-confirm_yes button:focus-visible {
  color: #fff; background: #b3261e; border-color: #b3261e;
}
body .st-key-confirm_yes button:focus-visible {
  box-shadow: none; outline: 2px solid currentColor; outline-offset: -4px;
}
</style>"""


def confirm(question: str, *, yes: str, hint: str, on_yes: Callable[[], None], note: str = "") -> None:
    """Draw a question, a plain button that keeps all, and then a red one; both close the dialog around them.

    Parameters
    ----------
    question
        HTML; pass text from outside through ``html.text`` first.
    yes, hint
        The label and the tooltip of the red button.
    note
        Markdown that is shown below the question.
    """
    st.html(_RED)
    st.html(html.element("div", "text", question))
    if note:
        st.caption(note)
    with st.container(horizontal=True):
        kept = st.button("Keep it", key="confirm_no", help="Change nothing.")
        confirmed = st.button(yes, key="confirm_yes", help=hint, on_click=on_yes)
        if kept or confirmed:
            st.rerun()
