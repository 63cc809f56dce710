"""Draw the plane of the view Why: documents by kNN's similarity and the SVM's margin."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import streamlit as st

from exemplar.retrieval.rankers import TITLES
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.score_plane import Point, score_plane
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html
from exemplar.ui.state import PICKED

if TYPE_CHECKING:
    import altair

_BACKGROUND, _BOTH, _RELEVANT, _NOT_RELEVANT = "the rest, a sample", "first in both", "relevant", "not relevant"
_N_BACKGROUND = 500
_N_FIRST = 10  # of each ranking
_SEED = 0
_CHART = "plane"
_SHAPES = ("circle", "circle", "square", "diamond", "triangle-up", "triangle-down")
_COLOURS = {
    "light": ("#8a8f8f", "#1d2526", "#0060a8", "#8a4fb5", "#00734f", "#b8410a"),
    "dark": ("#7d8686", "#e8ebea", "#6cb6ff", "#c9a0ec", "#3ecf9b", "#ff9a5c"),
}


def show_plane(
    session: Session, marks: PresentMarks, plain: Ranking, learned: Ranking, engine: SearchEngine
) -> str | None:
    """Draw the plane; return the document of the point that was clicked."""
    shown = [ranking.doc_ids[:_N_FIRST] for ranking in (plain, learned)]
    groups = (
        (_BACKGROUND, engine.sample(_N_BACKGROUND, _SEED, session.filters)),
        (_alone(plain), shown[0]),
        (_alone(learned), shown[1]),
        (_BOTH, [doc_id for doc_id in shown[0] if doc_id in shown[1]]),
        (_RELEVANT, marks.feedback.positives),
        (_NOT_RELEVANT, marks.feedback.negatives),
    )
    points = score_plane(engine, plain.scorer, learned.scorer, groups)
    with st.container(key="why-chart"):
        st.altair_chart(
            _chart(points, plain, learned),
            key=_CHART,
            on_select=lambda: _pick({html.name(point.doc_id): point.doc_id for point in points}),
            selection_mode="picked",
            alt="Score plane",
        )
        st.caption(
            "To the right: nearer to the query. Above: more like what you marked. Where the rankings agree the points "
            "lie along a line; those off it are ranked otherwise. The lines are the SVM's margins, 1 and -1, and "
            "between them 0, its border. Click a point to see its document."
        )
    picked: str | None = st.session_state.get(PICKED)
    return picked


def _alone(ranking: Ranking) -> str:
    return f"first in {TITLES[ranking.ranker]} alone"


def _pick(doc_ids: dict[str, str]) -> None:
    """Keep the document of the clicked point; ``doc_ids`` maps shown names to ids."""
    picked = st.session_state[_CHART]["selection"].get("picked", [])
    st.session_state[PICKED] = doc_ids.get(picked[0].get("doc_id")) if picked else None


def _chart(points: list[Point], knn: Ranking, svm: Ranking) -> "altair.LayerChart":
    """Return the chart of the plane; kinds of points differ in shape as well as in colour."""
    import altair

    kinds = [_BACKGROUND, _BOTH, _alone(knn), _alone(svm), _RELEVANT, _NOT_RELEVANT]
    colours = _COLOURS[st.context.theme.type or "light"]
    values = [asdict(point) | {"doc_id": html.name(point.doc_id)} for point in points]
    drawn = (
        altair.Chart(altair.Data(values=values))  # type: ignore[no-untyped-call]  # InlineData sends values apart
        .mark_point(filled=True)
        .encode(
            x=altair.X(
                "x:Q",
                title=f"{TITLES[knn.ranker]} {'similarity' if knn.ranker == 'knn' else 'score'}",
                scale=altair.Scale(zero=False),
            ),
            y=altair.Y("y:Q", title=f"{TITLES[svm.ranker]} margin", scale=altair.Scale(zero=False)),
            color=altair.Color("kind:N", scale=altair.Scale(domain=kinds, range=list(colours)), title=None),
            shape=altair.Shape("kind:N", scale=altair.Scale(domain=kinds, range=list(_SHAPES)), title=None),
            size=altair.condition(f"datum.kind == '{_BACKGROUND}'", altair.value(18), altair.value(110)),
            opacity=altair.condition(f"datum.kind == '{_BACKGROUND}'", altair.value(0.45), altair.value(0.95)),
            tooltip=[
                altair.Tooltip("doc_id:N", title="document"),
                altair.Tooltip("x:Q", title="similarity", format=".3f"),
                altair.Tooltip("y:Q", title="margin", format=".3f"),
                altair.Tooltip("kind:N", title="is"),
            ],
        )
        .add_params(altair.selection_point(name="picked", fields=["doc_id"], toggle=False))
    )
    lines = (
        altair.Chart(altair.Data(values=[{"y": y} for y in (-1, 0, 1)]))  # type: ignore[no-untyped-call]
        .mark_rule(color=colours[0])
        .encode(y="y:Q", strokeDash=altair.condition("datum.y == 0", altair.value([1, 0]), altair.value([5, 4])))
    )
    plane: altair.LayerChart = altair.layer(lines, drawn, height=460).configure_legend(orient="bottom", columns=3)
    return plane
