"""Draw how much is left: what may be claimed, the target, and the relevant records found against those read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.left import Left, how_much_is_left
from exemplar.retrieval.screening.record import Record
from exemplar.retrieval.sessions.events import SettingsSet
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import state
from exemplar.ui.search.lists.progress import progress_of
from exemplar.ui.search.screening.standing import standing, target_of
from exemplar.ui.state import put

if TYPE_CHECKING:
    import altair

_SHARES = (0.8, 0.9, 0.95, 0.98, 0.99)
_MOST_POINTS = 25  # of the bound, which takes some milliseconds each
_COLOURS = {"light": ("#00734f", "#5a6365"), "dark": ("#3ecf9b", "#a8b2b2")}
_FOUND, _BOUND = "found", "found and at most left"


def show_left(session: Session, corpus: DocumentStore) -> None:
    """Draw the panel."""
    record, left = standing(session, corpus)
    progress = progress_of(left)
    st.markdown(f"{progress.sentence} {progress.needs}")
    _choose_target(session)
    if record.reads:
        st.altair_chart(_chart(record, left, target_of(session.settings)), key="curve", alt=_in_words(left))
        st.caption(
            "Relevant records found against records read. Above, what may be relevant in all by the bound that "
            "holds at that point: where the two meet, nothing is left."
        )
    else:
        st.caption("A curve of what is found stands here once something is read.")


def _choose_target(session: Session) -> None:
    """Draw what the screening is to claim; a choice becomes an event of the session."""
    for name, label in (("recall", "Share of the relevant ones to find"), ("confidence", "Confidence")):
        value = getattr(session.settings, name)
        put(f"target_{name}", value)
        st.select_slider(
            label,
            sorted({*_SHARES, value}),
            key=f"target_{name}",
            format_func=lambda share: f"{100 * share:.4g}%",
            on_change=_change_target,
            args=(name,),
        )


def _change_target(name: str) -> None:
    session = state.current()
    if session is not None:
        state.change(SettingsSet(replace(session.settings, **{name: st.session_state[f"target_{name}"]})))


def _in_words(left: Left) -> str:
    return f"{left.n_relevant:,} relevant records found among {left.n_read:,} read; at most {left.high:,} are left."


def _points(record: Record, left: Left, target: Target) -> list[Mapping[str, Any]]:
    """Return the curve of what is found, with the bound at some of its points and in the end."""
    points: list[Mapping[str, Any]] = [{"read": 0, "relevant": 0, "kind": _FOUND}]
    n_found, every = 0, -(-len(record.reads) // _MOST_POINTS)
    for n_read, read in enumerate(record.reads, start=1):
        n_found += read.mark == "positive"
        points.append({"read": n_read, "relevant": n_found, "kind": _FOUND})
        if n_read == len(record.reads) or n_read % every == 0:
            high = left.high if n_read == len(record.reads) else _after(record, n_read, target).high
            points.append({"read": n_read, "relevant": n_found + high, "kind": _BOUND})
    return points


def _after(record: Record, n_read: int, target: Target) -> Left:
    """Return what was left after some of the records were read, by the checks that were drawn before."""
    draws = tuple(draw for draw in record.draws if draw.n_read < n_read)
    return how_much_is_left(Record(record.reads[:n_read], draws, record.n_records), target)


def _chart(record: Record, left: Left, target: Target) -> "altair.Chart":
    import altair

    colours = _COLOURS["dark" if st.context.theme.type == "dark" else "light"]
    most = max(1, left.n_relevant + left.high, 2 * left.n_relevant)  # early bounds would hide the curve
    kinds = altair.Scale(domain=[_FOUND, _BOUND], range=list(colours))
    chart: altair.Chart = (
        altair.Chart(altair.Data(values=_points(record, left, target)), height=240)  # type: ignore[no-untyped-call]
        .mark_line(interpolate="step-after", clip=True)
        .encode(
            x=altair.X("read:Q", title="read"),
            y=altair.Y("relevant:Q", title="relevant", scale=altair.Scale(domain=[0, most])),
            color=altair.Color("kind:N", scale=kinds, title=None),
            strokeDash=altair.StrokeDash("kind:N", scale=altair.Scale(domain=[_FOUND, _BOUND], range=[[1, 0], [5, 4]])),
        )
        .configure_legend(orient="bottom")
    )
    return chart
