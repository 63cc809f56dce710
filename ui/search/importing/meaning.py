"""Draw the boxes in which a person says which values of a column mean which mark."""

from collections.abc import Mapping

import streamlit as st

from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.importing.mark_column import MarkColumn
from exemplar.ui import html

Keys = Mapping[Mark, str]  # of the boxes in which values are chosen


def choose_meaning(column: MarkColumn, about: str) -> tuple[dict[str, Mark], Mark | None]:
    """Draw a box of values for every mark; return the mark that each chosen value means, and that of all others.

    ``about`` tells the boxes of one column from those of another.
    """
    keys = {mark: f"values {mark} {about}" for mark in MARK_NAMES}
    for mark, values in column.meant().items():
        st.session_state.setdefault(keys[mark], values)
        st.multiselect(
            f"Values that mean {MARK_NAMES[mark]}",
            list(column.values),
            key=keys[mark],
            format_func=lambda value: f"{html.name(value)} ({column.values[value]:,})",
            placeholder="None",
            on_change=_take_from_others,
            args=(mark, keys),
        )
    chosen: dict[str, Mark] = {value: mark for mark in MARK_NAMES for value in st.session_state[keys[mark]]}
    others = st.checkbox("All other values mean not relevant", key=f"others {about}")
    return chosen, "negative" if others else None


def _take_from_others(mark: Mark, keys: Keys) -> None:
    """Take the values that were chosen for a mark from those of the other marks."""
    chosen = st.session_state[keys[mark]]
    for other, key in keys.items():
        if other != mark:
            st.session_state[key] = [value for value in st.session_state[key] if value not in chosen]
