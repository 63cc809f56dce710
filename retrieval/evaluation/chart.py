"""Charts of the own loop and of reading to the end, with a line for every ranker.

Lines differ in shape as well as in colour.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from exemplar.retrieval.evaluation.protocols import PAGE_SIZE, RELEVANT_FOUND, TITLES
from exemplar.retrieval.evaluation.result import SetResult
from exemplar.retrieval.evaluation.to_the_end import Start
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
    "elas": ("#111111", "#f0f0f0"),
    "anchored-vectors": ("#d4779a", "#ffb0cb"),
}

_STARTS: dict[Start, str] = {"query": "the query alone", "two": "two known"}  # short, over narrow panels
_DASHES = ([1, 0], [6, 2], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4], [1, 3])


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


def end_chart(sets: Sequence[SetResult]) -> "altair.FacetChart":
    """Return the chart of reading to the end, with a panel for every set and start, on white, for a file."""
    import altair

    points = _end_points(sets, {result.start for of_set in sets for result in of_set.to_the_end})
    panels = list(dict.fromkeys(point["panel"] for point in points))
    drawn: altair.FacetChart = (
        _end_lines(points, legend_columns=4)
        .encode(facet=altair.Facet("panel:N", columns=min(4, len(panels)), title=None, sort=panels))
        .properties(background="white")
        .configure(aria=False, view=altair.ViewConfig(continuousWidth=190, continuousHeight=160))
    )
    return drawn


def end_set_chart(result: SetResult, start: Start, *, dark: bool = False) -> "altair.Chart":
    """Return the chart of reading one set to the end, for a light or dark page that sets its width."""
    import altair

    tooltip = [
        altair.Tooltip("ranker:N", title="ranker"),
        altair.Tooltip("read:Q", title="share read", format=".0%"),
        altair.Tooltip("recall:Q", title="recall", format=".1%"),
    ]
    drawn: altair.Chart = _end_lines(_end_points([result], {start}), legend_columns=2, dark=dark)
    return drawn.encode(tooltip=tooltip).properties(height=480)


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


def _end_points(sets: Sequence[SetResult], starts: Collection[Start]) -> list[dict[str, Any]]:
    return [
        {
            "panel": f"{of_set.name}, {_STARTS[result.start]}",
            "ranker": TITLES[result.ranker],
            "read": percent / 100,
            "recall": recall,
            "default": result.ranker == DEFAULT_RANKER,
        }
        for of_set in sets
        for result in of_set.to_the_end
        if result.start in starts
        for percent, recall in enumerate(result.curve)
    ]


def _end_lines(points: Sequence[dict[str, Any]], *, legend_columns: int, dark: bool = False) -> "altair.Chart":
    """Return lines of recall with dashes, since the shapes of 101 points would run into one another."""
    import altair

    titles, colours = _titles_and_colours(points, dark)
    dashes = [_DASHES[position % len(_DASHES)] for position in range(len(titles))]
    legend = altair.Legend(orient="bottom", columns=legend_columns, symbolSize=400, symbolType="stroke")
    percent = altair.Axis(format=".0%")
    drawn: altair.Chart = (
        altair.Chart(altair.InlineData(points))
        .mark_line()
        .encode(
            x=altair.X("read:Q", title="share of the collection read", axis=percent),
            y=altair.Y("recall:Q", title="recall", axis=percent, scale=altair.Scale(domain=[0, 1])),
            color=altair.Color("ranker:N", scale=altair.Scale(domain=titles, range=colours), title=None, legend=legend),
            strokeDash=altair.StrokeDash(
                "ranker:N", scale=altair.Scale(domain=titles, range=dashes), title=None, legend=legend
            ),
            strokeWidth=altair.StrokeWidth("default:N", scale=_thickness(), legend=None),
        )
    )
    return drawn


def _titles_and_colours(points: Sequence[dict[str, Any]], dark: bool) -> tuple[list[str], list[str]]:
    """Return the titles of the rankers that points have, and their colours."""
    shown = [ranker for ranker in _COLOURS if TITLES[ranker] in {point["ranker"] for point in points}]
    return [TITLES[ranker] for ranker in shown], [_COLOURS[ranker][dark] for ranker in shown]


def _thickness() -> "altair.Scale":
    import altair

    return altair.Scale(domain=[False, True], range=[1.2, 3])


def _lines(
    points: Sequence[dict[str, Any]], *, legend_columns: int, dark: bool = False, zero: bool = True
) -> "altair.Chart":
    import altair

    titles, colours = _titles_and_colours(points, dark)
    legend = altair.Legend(orient="bottom", columns=legend_columns, symbolSize=90)
    read = sorted({point["read"] for point in points})
    drawn: altair.Chart = (
        altair.Chart(altair.InlineData(points))
        .mark_line(point=altair.OverlayMarkDef(size=36))
        .encode(
            x=altair.X("read:Q", title="documents read", axis=altair.Axis(values=read)),
            y=altair.Y("found:Q", title="relevant found", scale=altair.Scale(zero=zero)),
            color=altair.Color("ranker:N", scale=altair.Scale(domain=titles, range=colours), title=None, legend=legend),
            shape=altair.Shape("ranker:N", scale=altair.Scale(domain=titles), title=None, legend=legend),
            strokeWidth=altair.StrokeWidth("default:N", scale=_thickness(), legend=None),
        )
    )
    return drawn
