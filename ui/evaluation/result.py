"""Draw the result of an evaluation: its tables, how to read them, and a chart."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from exemplar.retrieval.evaluation.chart import end_set_chart, queries_in_words, set_chart
from exemplar.retrieval.evaluation.protocols import TITLES, EvaluationProtocol
from exemplar.retrieval.evaluation.report import (
    PROTOCOLS,
    TO_THE_END,
    end_loss_rows,
    end_rows,
    gain_lines,
    missing_lines,
    page_of,
    protocol_rows,
)
from exemplar.retrieval.evaluation.result import MIN_QUERIES, EvaluationResult, SetResult
from exemplar.retrieval.evaluation.saved import SavedEvaluation
from exemplar.retrieval.evaluation.to_the_end import STARTS, Start
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.ui import html
from exemplar.ui.local_time import local_time

_READING = (
    "The number in brackets is how many queries a corpus has. \\* says that a ranker differs from kNN by more than "
    f"chance explains (paired t-test, p < 0.05). A mean of corpora is over those of {MIN_QUERIES} queries and more, "
    "where there are some. More is better, except of loss."
)


def show_evaluation(saved: SavedEvaluation, result: EvaluationResult) -> None:
    """Draw a saved evaluation and its result."""
    result = replace(result, sets=tuple(map(_legible, result.sets)))
    models = " and ".join(sorted({f"{measured.model} in {measured.precision}" for measured in result.sets}))
    origin = html.text(f"Measured {local_time(saved.time)} with {models}. The same in a terminal: ")
    command = html.element("span", "id", html.text(html.shortened(result.command)))
    st.html(html.element("div", "quiet", origin, command))
    st.caption(_READING)
    for protocol, description in PROTOCOLS.items():
        with st.container(key=f"evaluation-{protocol.replace(' ', '-')}"):
            st.subheader(protocol.capitalize(), anchor=False)
            st.caption(description)
            _show_protocol(html.name(saved.name), result, protocol)
    if page := page_of(result.sets):
        with st.container(key="evaluation-to-the-end"):
            st.subheader("To the end", anchor=False)
            st.caption(TO_THE_END.format(page=page))
            for start in STARTS:
                _show_readings(html.name(saved.name), result.sets, start)
    _quiet(missing_lines(result.sets))


def _legible(result: SetResult) -> SetResult:
    """Return the result of a set with names that are safe to show, since anybody may have written its file."""
    name, model, precision = map(html.name, (result.name, result.model, result.precision))
    return replace(result, name=name, model=model, precision=precision)


def _show_protocol(name: str, result: EvaluationResult, protocol: EvaluationProtocol) -> None:
    header, rows = protocol_rows(result.sets, protocol)
    if not rows:
        st.caption("No query counts.")
        return
    _show_table(header, rows, f"{protocol.capitalize()}: {header[0]}, a row a ranker, a column a corpus")
    _quiet(gain_lines(result.gains, protocol))
    if protocol == "own loop":
        _show_chart(name, [measured for measured in result.sets if measured.last_round(protocol)])


def _show_readings(name: str, sets: Sequence[SetResult], start: Start) -> None:
    """Draw the tables and the chart of reading to the end from a start, if it was done."""
    header, rows = end_rows(sets, start)
    if not rows:
        return
    title = f"{STARTS[start][0].upper()}{STARTS[start][1:]}"
    st.markdown(f"**{title}**")
    _show_table(header, rows, f"To the end, {STARTS[start]}: a row a ranker, a column a measure")
    header, rows = end_loss_rows(sets, start)
    if rows:
        _show_table(header, rows, f"To the end, {STARTS[start]}: {header[0]}, a row a ranker, a column a corpus")
    drawn = _choose_set([of_set for of_set in sets if of_set.read_from(start)], f"evaluation_{start}_chart_of {name}")
    st.altair_chart(
        end_set_chart(drawn, start, dark=st.context.theme.type == "dark"),
        key=f"evaluation_chart_{start}",
        alt=f"Recall against the share of the documents that are read, a line a ranker: {drawn.name}, {STARTS[start]}.",
    )


def _show_table(header: Sequence[str], rows: Sequence[Sequence[str]], alt: str) -> None:
    title = TITLES[DEFAULT_RANKER]
    labelled = [[f"{cells[0]} (default)" if cells[0] == title else cells[0], *cells[1:]] for cells in rows]
    st.dataframe(
        {column: [cells[position] for cells in labelled] for position, column in enumerate(header)},
        column_config={column: st.column_config.TextColumn(pinned=n == 0) for n, column in enumerate(header)},
        hide_index=True,
        alt=alt,
    )


def _choose_set(sets: Sequence[SetResult], key: str) -> SetResult:
    """Draw the picker of the corpus that a chart is about, if there are several; return it."""
    if len(sets) == 1:
        return sets[0]
    position = st.selectbox(
        "Chart of",
        range(len(sets)),
        key=key,
        format_func=lambda position: sets[position].name if position < len(sets) else "",
        help="The corpus that the chart below is about.",
    )
    return sets[position]


def _show_chart(name: str, sets: Sequence[SetResult]) -> None:
    drawn = _choose_set(sets, f"evaluation_chart_of {name}")
    queries = queries_in_words(drawn.last_round("own loop")[0].n_queries)
    st.altair_chart(
        set_chart(drawn, dark=st.context.theme.type == "dark"),
        key="evaluation_chart",
        alt=f"Relevant documents found against documents read, a line a ranker: {drawn.name}, {queries}. "
        "The table above has where the lines end.",
    )


def _quiet(lines: Sequence[str]) -> None:
    if lines:
        st.html(html.element("div", "quiet ex-lines", html.text("\n".join(lines))))
