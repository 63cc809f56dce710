"""Take keys: move to the query and through the rows, mark, undo."""

from pathlib import Path
from typing import Any

import streamlit as st

from exemplar.ui import html
from exemplar.ui.state import JUMP

KEYS = {
    "/": "to the query",
    "j, k": "to the next and the previous row",
    "h, l": "to the left and the right column",
    "+": "mark the row as relevant, or take that back",
    "-": "mark the row as not relevant, or take that back",
    "u": "undo",
    "Shift+U": "redo",
    "Esc": "leave the row, or the query",
}
_SCRIPT = Path(__file__).with_name("keyboard.js")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("exemplar_keyboard", js=_SCRIPT.read_text(), isolate_styles=False)


def listen() -> None:
    """Take the keys of the page, and move to the row that ``jump_to`` named."""
    jump = st.session_state.pop(JUMP, None)
    if jump is not None:
        st.session_state["_jumps"] = st.session_state.get("_jumps", 0) + 1
        st.session_state["_jumped_to"] = html.name(jump)
    data = {"jump": st.session_state.get("_jumped_to"), "n": st.session_state.get("_jumps", 0)}
    _component()(key="keyboard", data=data, height=0)


def show_keys() -> None:
    """Draw the list of the keys."""
    st.html("".join(f'<p><kbd class="ex-key">{key}</kbd> {meaning}</p>' for key, meaning in KEYS.items()))
