"""Draw how much is left: what may be claimed, the target, and the relevant records found against those read."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.screening.bounds import Target
from exemplar.retrieval.screening.chart import chart_points
from exemplar.retrieval.screening.left import Left
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
_COLOURS = {"light": ("#00734f", "#5a6365"), "dark": ("#3ecf9b", "#a8b2b2")}


def show_left(session: Session, corpus: DocumentStore) -> None:
    """Draw the panel."""
    record, left = standing(session, corpus)
    progress = progress_of(left)
    st.markdown(f"{progress.sentence} {progress.needs}")
    _choose_target(session)
    if record.reads:
        st.altair_chart(_chart(record, target_of(session.settings)), key="curve", alt=_in_words(left))
        st.caption(
            "The line: relevant records found. The band above it reaches to the most that there may be in all, as far "
            "as it was known at that time; where it ends on the line, nothing is left."
        )
    else:
        st.caption("A curve of what is found stands here once something is read.")


def _choose_target(session: Session) -> None:
    """Draw what the screening is to claim; a choice becomes an event of the session."""
    for name, label in (("recall", "Share of the relevant ones to find"), ("confidence", "Confidence")):
        value = getattr(session.settings, name)
        st.select_slider(
            label,
            sorted({*_SHARES, value}),
            put(f"target_{name}", value),
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


def _chart(record: Record, target: Target) -> "altair.LayerChart":
    """Return the curve of what is found, below a band up to what may be relevant in all."""
    import altair

    line, band = _COLOURS["dark" if st.context.theme.type == "dark" else "light"]
    points = chart_points(record, target)
    found, most = points[-1]["found"], points[-1]["most"]
    top = max(10, 2 * found, min(most, 3 * found + 10))  # early bounds, which are wide, would flatten the curve
    scale = altair.Scale(domain=[0, top], clamp=True)
    base = altair.Chart(altair.InlineData(points)).encode(x=_axis("read", "records read"))
    y = altair.Y("found:Q", title="relevant", scale=scale)
    layers = [
        base.mark_area(color=band, opacity=0.3, interpolate="step-after").encode(y=y, y2="most:Q"),
        base.mark_line(color=line, strokeWidth=3, interpolate="step-after").encode(y=y),
    ]
    return altair.LayerChart(layer=layers, height=220)


def _axis(name: str, title: str) -> "altair.X":
    import altair

    return altair.X(f"{name}:Q", title=title, axis=altair.Axis(format="d", tickMinStep=1))
