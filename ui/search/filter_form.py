"""Draw the filters of a search: by words of the text, by label, by other columns, by when documents came."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from exemplar.data.corpus.facets import MOST_COLUMNS, MOST_VALUES, UNLABELLED
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.sessions.events import FiltersSet
from exemplar.ui import html, resources, state
from exemplar.ui.local_time import local_time

_WORDS = "filter_words"
_WITHOUT = "filter_without"
_SINCE = "filter_since"
_LABELS = "filter_labels"
_SHOWN = "filters_that_the_form_shows"
_VERSION = "version_of_the_filter_form"
_LONGEST = 500  # characters; every word is searched in every text


def show_filters(filters: Filters, corpus: str) -> None:
    """Draw the filters; a choice becomes an event of the session."""
    facets, version = resources.facets(corpus), _version(filters)
    words, without = _key(_WORDS, version), _key(_WITHOUT, version)
    st.caption("Only documents that pass are ranked, in both columns. Both still learn from the whole corpus.")
    st.text_input(
        "Words that must occur",
        filters.words,
        key=words,
        help='Whole words, all of them, in any case: wing "boundary layer". Quotes hold a phrase together.',
        on_change=_of(version, lambda: _change(words=_typed(words))),
    )
    st.text_input(
        "Words that must not occur",
        filters.without,
        key=without,
        help="A document with any of these is not ranked.",
        on_change=_of(version, lambda: _change(without=_typed(without))),
    )
    if len(facets.arrivals) > 1 or filters.since:
        _choose_since(facets.arrivals, filters.since, version)
    if 1 < len(facets.labels) <= MOST_VALUES:
        _choose("Label", _LABELS, version, facets.labels, filters.labels, lambda chosen: _change(labels=chosen))
    chosen_fields = dict(filters.fields)
    for number, (name, values) in enumerate(facets.fields.items()):
        if len(values) > 1:
            chosen = chosen_fields.get(name, ())
            on_choice = partial(_change_field, name)
            _choose(name, f"filter_field_{number}", version, values, chosen, on_choice)
    if len(facets.fields) >= MOST_COLUMNS:
        st.caption(f"These are the {MOST_COLUMNS} columns that most documents have. Words find what is in the text.")
    if filters:
        st.button("Clear filters", icon=":material/filter_alt_off:", key="clear_filters", on_click=clear_filters)


def clear_filters() -> None:
    """Let all documents pass again."""
    state.change(FiltersSet(Filters()))


def summary(filters: Filters) -> str:
    """Return the filters in one line."""
    parts = [f"new since {local_time(filters.since)}"] if filters.since else []
    parts += [f"label {_listed(filters.labels)}"] if filters.labels else []
    parts += [f"{html.name(name)} {_listed(values)}" for name, values in filters.fields]
    parts += [f"with {html.name(filters.words)}"] if filters.words.strip() else []
    parts += [f"without {html.name(filters.without)}"] if filters.without.strip() else []
    return ", ".join(parts)


def _choose_since(arrivals: dict[str, int], chosen: str, version: int) -> None:
    """Draw the choice of the time since which documents are new, among those at which some came."""
    key = _key(_SINCE, version)
    offered = ["", *list(arrivals)[:-1]]  # all came since the first
    offered += [] if chosen in offered else [chosen]
    st.selectbox(
        "New since",
        offered,
        index=offered.index(chosen),
        key=key,
        format_func=lambda at: _since_in_words(at, arrivals),
        help="Documents that came into the corpus then or later pass.",
        on_change=_of(version, lambda: _change(since=st.session_state[key])),
    )


def _since_in_words(at: str, arrivals: dict[str, int]) -> str:
    if not at:
        return "Any time"
    return f"{local_time(at)}: {arrivals[at]:,} rows" if at in arrivals else local_time(at)


def _version(filters: Filters) -> int:
    """Return a number that grows when the filters become others than the form says.

    The widgets then are new ones. A browser sends the values of all widgets with whatever is done next; from one that
    does not know yet that filters were cleared, the old widgets' values would bring them back.
    """
    if st.session_state.setdefault(_SHOWN, filters) != filters:
        st.session_state[_SHOWN] = filters
        st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
    version: int = st.session_state.get(_VERSION, 0)
    return version


def _key(name: str, version: int) -> str:
    return f"{name} {version}" if version else name


def _of(version: int, act: Callable[[], None]) -> Callable[[], None]:
    """Return a callback of a widget that does nothing once the form has new widgets."""
    return lambda: act() if version == st.session_state.get(_VERSION, 0) else None


def _choose(
    name: str,
    key: str,
    version: int,
    values: dict[str, int],
    chosen: Sequence[str],
    on_choice: Callable[[tuple[str, ...]], None],
) -> None:
    """Draw a picker below its name; the name may come from a file, and a widget's label would be Markdown."""
    key = _key(key, version)
    offered = [*values, *(value for value in chosen if value not in values)]
    st.html(html.element("div", "field-name", html.text(html.name(name))))
    st.multiselect(
        html.widget_label(name) or "Values",
        offered,
        list(chosen),
        key=key,
        format_func=lambda value: "no label" if value == UNLABELLED else html.name(value),
        placeholder="Any",
        label_visibility="collapsed",
        help="Documents with one of these pass.",
        on_change=_of(version, lambda: on_choice(tuple(st.session_state[key]))),
    )


def _typed(key: str) -> str:
    typed: str = st.session_state[key]
    if len(typed) > _LONGEST:
        state.notify(f"The first {_LONGEST:,} characters were taken as words; what comes behind them was left out.")
        st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
    return typed[:_LONGEST]


def _listed(values: Sequence[str]) -> str:
    names = [html.name(value) if value != UNLABELLED else "none" for value in values]
    return " or ".join(names) if len(names) < 4 else f"one of {len(names)}"


def _change(**conditions: Any) -> None:
    session = state.current()
    if session is not None:
        filters = replace(session.filters, **conditions)
        st.session_state[_SHOWN] = filters
        if filters != session.filters:
            state.change(FiltersSet(filters))


def _change_field(name: str, values: tuple[str, ...]) -> None:
    session = state.current()
    if session is not None:
        others = tuple((field, chosen) for field, chosen in session.filters.fields if field != name)
        _change(fields=(*others, (name, values)) if values else others)
