"""Draw the filters of a search: by label, by other columns, by words of the text."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from exemplar.data.corpus.facets import MOST_COLUMNS, MOST_VALUES, UNLABELLED
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.sessions.events import FiltersSet
from exemplar.ui import html, resources, state
from exemplar.ui.state import put

_WORDS = "filter_words"
_WITHOUT = "filter_without"
_LABELS = "filter_labels"
_LONGEST = 500  # characters; every word is searched in every text


def show_filters(filters: Filters, corpus: str) -> None:
    """Draw the filters; a choice becomes an event of the session."""
    facets = resources.facets(corpus)
    st.caption("Only documents that pass are ranked, in both columns. Both still learn from the whole corpus.")
    put(_WORDS, filters.words)
    put(_WITHOUT, filters.without)
    st.text_input(
        "Words that must occur",
        key=_WORDS,
        help='Whole words, all of them, in any case: wing "boundary layer". Quotes hold a phrase together.',
        on_change=lambda: _change(words=_typed(_WORDS)),
    )
    st.text_input(
        "Words that must not occur",
        key=_WITHOUT,
        help="A document with any of these is not ranked.",
        on_change=lambda: _change(without=_typed(_WITHOUT)),
    )
    if 1 < len(facets.labels) <= MOST_VALUES:
        _choose("Label", _LABELS, facets.labels, filters.labels, lambda chosen: _change(labels=chosen))
    chosen_fields = dict(filters.fields)
    for number, (name, values) in enumerate(facets.fields.items()):
        if len(values) > 1:
            _choose_field(name, f"filter_field_{number}", values, chosen_fields.get(name, ()))
    if len(facets.fields) >= MOST_COLUMNS:
        st.caption(f"These are the {MOST_COLUMNS} columns that most documents have. Words find what is in the text.")
    if filters:
        st.button("Clear filters", icon=":material/filter_alt_off:", key="clear_filters", on_click=clear_filters)


def clear_filters() -> None:
    """Let all documents pass again."""
    state.change(FiltersSet(Filters()))


def summary(filters: Filters) -> str:
    """Return the filters in one line."""
    parts = [f"label {_listed(filters.labels)}"] if filters.labels else []
    parts += [f"{html.name(name)} {_listed(values)}" for name, values in filters.fields]
    parts += [f"with {html.name(filters.words)}"] if filters.words.strip() else []
    parts += [f"without {html.name(filters.without)}"] if filters.without.strip() else []
    return ", ".join(parts)


def _choose_field(name: str, key: str, values: dict[str, int], chosen: Sequence[str]) -> None:
    _choose(name, key, values, chosen, lambda values: _change_field(name, values))


def _choose(
    name: str, key: str, values: dict[str, int], chosen: Sequence[str], on_choice: Callable[[tuple[str, ...]], None]
) -> None:
    """Draw a picker below its name; the name may come from a file, and a widget's label would be Markdown."""
    offered = [*values, *(value for value in chosen if value not in values)]
    put(key, list(chosen))
    st.html(html.element("div", "field-name", html.text(html.name(name))))
    st.multiselect(
        html.widget_label(name) or "Values",
        offered,
        key=key,
        format_func=lambda value: "no label" if value == UNLABELLED else html.name(value),
        placeholder="Any",
        label_visibility="collapsed",
        help="Documents with one of these pass.",
        on_change=lambda: on_choice(tuple(st.session_state[key])),
    )


def _typed(key: str) -> str:
    typed: str = st.session_state[key]
    if len(typed) > _LONGEST:
        state.notify(f"The first {_LONGEST:,} characters were taken as words; what comes behind them was left out.")
    return typed[:_LONGEST]


def _listed(values: Sequence[str]) -> str:
    names = [html.name(value) if value != UNLABELLED else "none" for value in values]
    return " or ".join(names) if len(names) < 4 else f"one of {len(names)}"


def _change(**conditions: Any) -> None:
    session = state.current()
    if session is not None:
        state.change(FiltersSet(replace(session.filters, **conditions)))


def _change_field(name: str, values: tuple[str, ...]) -> None:
    session = state.current()
    if session is not None:
        others = tuple((field, chosen) for field, chosen in session.filters.fields if field != name)
        _change(fields=(*others, (name, values)) if values else others)
