"""Compare the sessions of two readers, and join them into a new one."""

import json
from collections.abc import Callable, Mapping

import streamlit as st

from exemplar.data.corpus.corpus import empty_corpus
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import CorpusNotFound, ExemplarError
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.screening.joining import joined
from exemplar.retrieval.screening.readers import (
    BLINDNESS,
    Comparison,
    Judgement,
    Reading,
    compare,
    conflicts_csv,
    reading_of,
)
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import html, resources, state

_OTHER = "session_to_compare_with"
_COMPARED = "compared_sessions"  # the ids of the two
_MOST_CONFLICTS = 500  # rows of the table; the file has all


def show_compare(session_id: str, others: Mapping[str, str], on_joined: Callable[[str], None]) -> None:
    """Draw what chooses the other session; the comparison is drawn by ``show_comparison``.

    Parameters
    ----------
    others
        The labels of the other sessions, by their ids.
    on_joined
        Takes the id of the new session.
    """
    place = st.popover(
        "Compare",
        key="compare",
        icon=":material/compare_arrows:",
        help="Compare this session's marks with another reader's, or join both into a new session",
        disabled=not others,
        on_change="rerun",
    )
    if not others or not place.open:
        return
    with place:
        st.selectbox("With", list(others), key=_OTHER, format_func=lambda other: others.get(other, other))
        st.caption(BLINDNESS)
        with st.container(horizontal=True, gap="small"):
            st.button("Compare the marks", key="compare_marks", on_click=_compare, args=(session_id,))
            st.button(
                "Join",
                key="join",
                help="Makes a new session: what both agree on, and what one alone marked; conflicts wait for you under "
                "Marks. The two sessions stay as they are.",
                on_click=_join,
                args=(session_id, on_joined),
            )


def show_comparison(session_id: str) -> None:
    """Draw the comparison that was asked for, while one of its sessions is the chosen one."""
    ids = st.session_state.get(_COMPARED, ())
    if session_id not in ids[:1]:
        return
    with st.container(key="comparison"):
        try:
            _show(compare(*map(_reading, ids)))
        except FAILURES as error:
            html.show_message("error", f"the sessions can't be compared: {error}")
        st.button("Close", key="close_comparison", on_click=lambda: st.session_state.pop(_COMPARED, None))


def _show(found: Comparison) -> None:
    first, second = (html.shortened(name, 100) for name in found.names)
    st.html(html.element("h3", "title", html.text(f"{first} and {second}")))
    alone = f"by {first} alone: {len(found.only_first):,}; by {second} alone: {len(found.only_second):,}"
    st.html(html.quiet_line(f"Marked by both: {len(found.both):,}; {alone}."))
    for name, n in zip((first, second), found.unknown, strict=True):
        if n:
            st.html(html.quiet_line(f"{n:,} marks of {name} are left out: no one knows their texts."))
    if found.agreement is None:
        return
    st.html(
        html.element(
            "div",
            "text",
            html.text(
                f"Agreement {found.agreement:.1%}. Cohen's kappa {_figure(found.kappa)} over relevant, not relevant "
                f"and unsure; {_figure(found.kappa_of_two)} over the records that neither is unsure about."
            ),
        )
    )
    names = list(MARK_NAMES.values())
    counts = {name: [row[mark] for row in found.table.values()] for mark, name in MARK_NAMES.items()}
    heads = {f"{first} down, {second} across": names}
    st.dataframe({**heads, **counts}, hide_index=True, key="agreement", alt="Marks of both readers")
    _show_conflicts(found, (first, second))
    _show_downloads(found)


def _show_conflicts(found: Comparison, names: tuple[str, str]) -> None:
    conflicts = found.conflicts
    if not conflicts:
        st.caption("They agree on every record that both marked.")
        return
    st.caption("1 conflict" if len(conflicts) == 1 else f"{len(conflicts):,} conflicts")
    shown = conflicts[:_MOST_CONFLICTS]
    said = {name: [_said(pair[side]) for pair in shown] for side, name in enumerate(names)}
    about = {
        "Document": [html.name(one.doc_id) for one, _ in shown],
        "Title": [html.excerpt(one.title, 200) for one, _ in shown],
    }
    st.dataframe({**about, **said}, hide_index=True, key="conflicts", alt="Records that the two marked differently")
    if more := len(conflicts) - len(shown):
        st.caption(f"… and {more:,} more, which the file has.")


def _show_downloads(found: Comparison) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, name, mime, write in (
            ("Conflicts (CSV)", "conflicts.csv", "text/csv", lambda: conflicts_csv(found)),
            ("All of it (JSON)", "comparison.json", "application/json", lambda: _as_json(found)),
        ):
            st.download_button(
                label,
                write,
                file_name=name,
                mime=mime,
                key=f"download {name}",
                icon=":material/download:",
                on_click="ignore",
            )


def _as_json(found: Comparison) -> bytes:
    return json.dumps(found.to_json(), indent=2).encode()


def _said(judgement: Judgement) -> str:
    mark = MARK_NAMES[judgement.mark] if judgement.mark else ""
    reason, note = html.excerpt(judgement.reason, 100), html.excerpt(judgement.note, 300)
    return " · ".join(filter(None, [mark, reason, note]))


def _figure(value: float | None) -> str:
    return "is not defined" if value is None else f"{value:.2f}"


def _compare(session_id: str) -> None:
    st.session_state[_COMPARED] = (session_id, st.session_state[_OTHER])


def _join(session_id: str, on_joined: Callable[[str], None]) -> None:
    try:
        readings = _reading(session_id), _reading(st.session_state[_OTHER])
        corpus = _corpus_of(readings[0].session)
        join = joined(*readings, corpus)
        on_joined(state.store().begin(corpus.manifest.name, join.events, corpus.manifest.corpus_id))
    except FAILURES as error:
        state.notify(f"The sessions could not be joined: {error}. Nothing was changed; try again.")
        return
    n = join.n_conflicts
    conflicts = "no conflict" if not n else "1 conflict waits" if n == 1 else f"{n:,} conflicts wait"
    left_out = f" Left out: {'; '.join(join.left_out)}." if join.left_out else ""
    state.notify(f"Joined into a new session: {conflicts}{' under Marks' if n else ''}.{left_out}")


def _reading(session_id: str) -> Reading:
    session = state.store().load(session_id)
    if session is None:
        raise ExemplarError("one of them was deleted meanwhile")
    title = state.title_of(session_id) or "unnamed"
    return reading_of(title, session, _corpus_of(session), lambda: state.store().texts(session_id))


def _corpus_of(session: Session) -> DocumentStore:
    """Return the corpus of a session; one without documents if it was removed, since marks keep their texts."""
    try:
        return resources.engine(session.corpus).corpus
    except CorpusNotFound:
        return empty_corpus(session.corpus)
