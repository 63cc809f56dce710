"""The chart of the own loop: relevant documents against documents read, a line for every ranker.

Lines differ in shape as well as in colour.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exemplar.retrieval.evaluation.protocols import PAGE_SIZE, RELEVANT_FOUND, TITLES
from exemplar.retrieval.evaluation.result import SetResult
from exemplar.retrieval.rankers import DEFAULT_RANKER

if TYPE_CHECKING:
    import altair

_COLOURS = {
    "anchored": ("#c8102e", "#ff6b7f"),  # on white, on black
    "svm": ("#e08214", "#ffab4a"),
    "knn": ("#1f77b4", "#6cb6ff"),
    "rocchio": ("#1a7f37", "#4cc76f"),
    "mean": ("#7a9a01", "#c0d84a"),
    "logistic": ("#8250c4", "#c3a0f5"),
    "centred": ("#0097a7", "#3fd0dd"),
    "words": ("#777777", "#a3a9a9"),
    "bm25": ("#777777", "#a3a9a9"),
    "hybrid": ("#795548", "#c8a08c"),
    "rrf": ("#b5838d", "#e0b3bb"),
    "rocchio-words": ("#0b5d1e", "#8fe3a4"),
    "anchored-vectors": ("#d4779a", "#ffb0cb"),
}


def chart(sets: Sequence[SetResult]) -> "altair.FacetChart":
    """Return the chart of all sets, with a panel for every set, on white, for a file."""
    import altair

    points = _points(sets)
    names = list(dict.fromkeys(point["set"] for point in points))
    drawn: altair.FacetChart = (
        _lines(points, legend_columns=4)
        .encode(facet=altair.Facet("set:N", columns=min(4, len(names)), title=None, sort=names))
        .properties(background="white")
        .configure(aria=False, view=altair.ViewConfig(continuousWidth=190, continuousHeight=160))
        .resolve_scale(y="independent")
    )
    return drawn


def set_chart(result: SetResult, *, dark: bool = False) -> "altair.Chart":
    """Return the chart of one set, for a light or dark page that sets its width."""
    import altair

    tooltip = [
        altair.Tooltip("ranker:N", title="ranker"),
        altair.Tooltip("read:Q", title="documents read"),
        altair.Tooltip("found:Q", title="relevant found", format=".1f"),
    ]
    lines = _lines(_points([result]), legend_columns=2, dark=dark, zero=False)
    drawn: altair.Chart = lines.encode(tooltip=tooltip)
    return drawn.properties(height=480)


def queries_in_words(n_queries: int) -> str:
    """Return a number of queries in words."""
    return "1 query" if n_queries == 1 else f"{n_queries:,} queries"


def _points(sets: Sequence[SetResult]) -> list[dict[str, Any]]:
    return [
        {
            "set": f"{result.name} ({queries_in_words(ranker.n_queries)})",
            "ranker": TITLES[ranker.ranker],
            "read": PAGE_SIZE * ranker.round,
            "found": ranker.metrics[RELEVANT_FOUND].mean,
            "default": ranker.ranker == DEFAULT_RANKER,
        }
        for result in sets
        for ranker in result.results
        if ranker.protocol == "own loop"
    ]


def _lines(
    points: Sequence[dict[str, Any]], *, legend_columns: int, dark: bool = False, zero: bool = True
) -> "altair.Chart":
    import altair

    shown = [ranker for ranker in _COLOURS if TITLES[ranker] in {point["ranker"] for point in points}]
    titles = [TITLES[ranker] for ranker in shown]
    legend = altair.Legend(orient="bottom", columns=legend_columns, symbolSize=90)
    colours = altair.Scale(domain=titles, range=[_COLOURS[ranker][dark] for ranker in shown])
    thickness = altair.Scale(domain=[False, True], range=[1.2, 3])
    read = sorted({point["read"] for point in points})
    drawn: altair.Chart = (
        altair.Chart(altair.InlineData(points))
        .mark_line(point=altair.OverlayMarkDef(size=36))
        .encode(
            x=altair.X("read:Q", title="documents read", axis=altair.Axis(values=read)),
            y=altair.Y("found:Q", title="relevant found", scale=altair.Scale(zero=zero)),
            color=altair.Color("ranker:N", scale=colours, title=None, legend=legend),
            shape=altair.Shape("ranker:N", scale=altair.Scale(domain=titles), title=None, legend=legend),
            strokeWidth=altair.StrokeWidth("default:N", scale=thickness, legend=None),
        )
    )
    return drawn
