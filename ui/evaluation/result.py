"""One evaluation: a table, its reading and a chart."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from exemplar.retrieval.evaluation.chart import queries_in_words, set_chart
from exemplar.retrieval.evaluation.protocols import TITLES, EvaluationProtocol
from exemplar.retrieval.evaluation.report import PROTOCOLS, gain_lines, missing_lines, protocol_rows
from exemplar.retrieval.evaluation.result import MIN_QUERIES, EvaluationResult, SetResult
from exemplar.retrieval.evaluation.saved import SavedEvaluation
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.ui import html
from exemplar.ui.local_time import local_time

_READING = (
    "The number in brackets is how many queries a corpus has. \\* says that a ranker differs from kNN by more than "
    f"chance explains (paired t-test, p < 0.05). A mean of corpora is over those of {MIN_QUERIES} queries and more, "
    "where there are some. More is better."
)


def show_evaluation(saved: SavedEvaluation, result: EvaluationResult) -> None:
    """Draw a saved evaluation and its result."""
    result = replace(result, sets=tuple(map(_legible, result.sets)))
    models = " and ".join(sorted({f"{each.model} in {each.precision}" for each in result.sets}))
    measured = html.text(f"Measured {local_time(saved.time)} with {models}. The same in a terminal: ")
    command = html.element("span", "id", html.text(html.shortened(result.command)))
    st.html(html.element("div", "quiet", measured, command))
    st.caption(_READING)
    for protocol, what in PROTOCOLS.items():
        with st.container(key=f"evaluation-{protocol.replace(' ', '-')}"):
            st.subheader(protocol.capitalize(), anchor=False)
            st.caption(what)
            _show_protocol(html.name(saved.name), result, protocol)
    _quiet(missing_lines(result.sets))


def _legible(each: SetResult) -> SetResult:
    """Return a set with its names as they can be shown: its file may have been written by anybody."""
    name, model, precision = map(html.name, (each.name, each.model, each.precision))
    return replace(each, name=name, model=model, precision=precision)


def _show_protocol(name: str, result: EvaluationResult, protocol: EvaluationProtocol) -> None:
    header, rows = protocol_rows(result.sets, protocol)
    if not rows:
        st.caption("No query counts.")
        return
    title = TITLES[DEFAULT_RANKER]
    named = [[f"{cells[0]} (default)" if cells[0] == title else cells[0], *cells[1:]] for cells in rows]
    st.dataframe(
        {column: [cells[place] for cells in named] for place, column in enumerate(header)},
        column_config={column: st.column_config.TextColumn(pinned=place == 0) for place, column in enumerate(header)},
        hide_index=True,
        alt=f"{protocol.capitalize()}: {header[0]}, a row a ranker, a column a corpus",
    )
    _quiet(gain_lines(result.gains, protocol))
    if protocol == "own loop":
        _show_chart(name, [each for each in result.sets if each.last_round(protocol)])


def _show_chart(name: str, drawn: Sequence[SetResult]) -> None:
    place = 0
    if len(drawn) > 1:
        place = st.selectbox(
            "Chart of",
            range(len(drawn)),
            key=f"evaluation_chart_of {name}",
            format_func=lambda place: drawn[place].name if place < len(drawn) else "",
            help="The corpus that the chart below is about.",
        )
    each = drawn[place]
    queries = queries_in_words(each.last_round("own loop")[0].n_queries)
    st.altair_chart(
        set_chart(each, dark=st.context.theme.type == "dark"),
        key="evaluation_chart",
        alt=f"Relevant documents found against documents read, a line a ranker: {each.name}, {queries}. "
        "The table above has where the lines end.",
    )


def _quiet(lines: Sequence[str]) -> None:
    if lines:
        st.html(html.element("div", "quiet ex-lines", html.text("\n".join(lines))))
