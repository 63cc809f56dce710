"""A column of results: one ranking, its rows, and each row's own buttons."""

import streamlit as st

from retrieval.feedback import Feedback, Mark
from retrieval.rankers import TITLES
from retrieval.search import Ranking, Result, took
from ui import plain
from ui.state import ask_document, change

_WHAT = {
    "knn": "nearest to the query; marks leave it as it is",
    "svm": "query and marks against the whole rest",
    "anchored": "query and marks against the rest, held close to their mean",
}
_TOOK = (
    "Milliseconds to rank; how often the corpus was read in training; how many rows carry weight; and why training "
    "stopped: settled, when another step left the first results as they were, or exact, at the optimum."
)
_EXCERPT = 280  # characters


def show_ranking(ranking: Ranking, feedback: Feedback) -> None:
    """Draw a ranking as a column."""
    with st.container(key=f"column-{ranking.ranker}"):
        st.subheader(TITLES[ranking.ranker], anchor=False)
        st.caption(f"{_WHAT[ranking.ranker]}  \n{took(ranking)}", help=_TOOK if ranking.svm else None)
        for result in ranking.results:
            _show_result(result, ranking.ranker, feedback.mark_of(result.doc_id))


def _show_result(result: Result, ranker: str, mark: Mark | None) -> None:
    # Keys are made of doc_id, never of the rank: a click belongs to the row that the person saw.
    key = f"{ranker} {result.doc_id}"
    with st.container(border=True, key=f"row {key}", gap="small"):
        st.html(_as_html(result, mark))
        if len(result.text) > _EXCERPT:
            with st.expander("Whole text", key=f"whole {key}", type="compact"):
                st.html(_whole_text(result))
        with st.container(horizontal=True, gap="small"):
            _mark_button("Relevant", "positive", result.doc_id, mark, key)
            _mark_button("Not relevant", "negative", result.doc_id, mark, key)
            st.button(
                "More like this",
                key=f"more {key}",
                type="tertiary",
                help="Use this document as the query",
                on_click=ask_document,
                args=(result.doc_id,),
            )


def _mark_button(label: str, own: Mark, doc_id: str, mark: Mark | None, key: str) -> None:
    icon = {"positive": ":material/thumb_up:", "negative": ":material/thumb_down:"}[own]
    pressed = mark == own
    st.button(
        label,
        key=f"{own} {key}",
        icon=":material/check:" if pressed else icon,
        type="primary" if pressed else "secondary",
        help="Take this mark back" if pressed else None,
        on_click=change,
        args=({"mark": None if pressed else own, "doc_id": doc_id},),
    )


def _as_html(result: Result, mark: Mark | None) -> str:
    parts = [
        plain.element("span", "rank", str(result.rank)),
        plain.element("span", "score", f"{result.score:.3f}"),
        plain.element("span", "label", plain.text(result.label)) if result.label else "",
        plain.element("span", "id", plain.text(result.doc_id)),
        plain.element("span", "marked", "relevant" if mark == "positive" else "not relevant") if mark else "",
    ]
    head = plain.element("div", "head", *parts)
    before = "… " if result.start else ""
    return head + plain.element("div", "text", before, plain.text(plain.excerpt(result.passage, _EXCERPT)))


def _whole_text(result: Result) -> str:
    """Return the text with its best passage set off."""
    end = result.start + len(result.passage)
    before, after = result.text[: result.start], result.text[end:]
    if not before and not after:
        return plain.element("div", "text ex-whole", _lines(result.text))
    passage = plain.element("span", "passage", _lines(result.passage))
    return plain.element("div", "text ex-whole", _lines(before), passage, _lines(after))


def _lines(raw: str) -> str:
    return plain.text(plain.with_line_breaks(raw))
