"""Draw the lists of the page Search, and take what a person does in them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from exemplar.data.encoders.base import VectorKind
from exemplar.data.error_log import describe_fault
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.rankers import LEARNING, TITLES, Ranker
from exemplar.retrieval.ranking import Ranking
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.suggest import parted, suggest_marks
from exemplar.ui import html, resources, state
from exemplar.ui.search import filter_form
from exemplar.ui.search.lists import component, payload
from exemplar.ui.search.lists.messages import message_from
from exemplar.ui.search.lists.open_row import opened_drawn_row, opened_row
from exemplar.ui.search.lists.progress import progress_of
from exemplar.ui.search.lists.saving import save_acts
from exemplar.ui.search.rankings import HEADINGS, engine_of, plain_and_learned, rankings_of, usable
from exemplar.ui.search.screening.check import POPOVER, check_list, shown_check
from exemplar.ui.search.screening.standing import standing
from exemplar.ui.search.why import show_plane
from exemplar.ui.streamlit_internals import has_changed_around

DEPTH = payload.DEPTH
_CANDIDATES = 200  # documents of a ranking from which Mark next and Why choose
_MEMORY = "memory_of_the_lists"
_DRAWN = "drawn_with_the_page"
_REDRAW = "redraw_the_page"
_SHOW_MARKS = ("filters", "marks", "transfer", POPOVER, "left")  # tools that draw, while they are open, what marks are

_DESCRIPTIONS = {
    "knn": "nearest to the query; marks leave it as it is",
    "words": "by the query's words, rare ones first; marks leave it as it is",
    "hybrid": "nearest to the query, and by its words; marks leave it as it is",
    "svm": "query and marks against the whole rest",
    "anchored-vectors": "query and first marks against the rest, then the marks, by meaning alone",
    "anchored": "query and first marks against the rest, then the marks, by meaning and words",
}
_TOOK_HELP = (
    "Milliseconds to rank; how often the corpus was read in training; how many rows carry weight; and why training "
    "stopped: settled, when another step left the first results as they were, or exact, at the optimum."
)
_NEXT = {
    "disagreement": ("The rankings disagree most", "One ranks it high, the other low: a mark says which is right."),
    "margin": ("The learned list is least sure", "These lie at its border between relevant and the rest."),
}
_PARTED = (
    "kNN or BM25 have these first",
    "The learned list has the first of these behind its first hundred: a mark says whether it misses something.",
)
_UNTAUGHT: tuple[Ranker, ...] = ("knn", "words")
_NO_WORD = "No document here has a word of the query."
_NO_OTHER_WORD = "No other document here has a word of the query."
_VECTORS: dict[VectorKind, str] = {"none": "words alone", "quick": "quick vectors", "full": ""}


def show_lists(view: str) -> None:
    """Draw a view of the lists; what is done in them draws only them anew."""
    session = state.current()
    st.session_state[_DRAWN] = None if session is None else _around(session)
    st.session_state.pop(_REDRAW, None)
    _lists(view)


@st.fragment
def _lists(view: str) -> None:
    try:
        with resources.page():
            data = _drawn(view)
        component.feed(data, _take)
    except ExemplarError as error:
        html.show_message("error", str(error))
    except Exception as error:  # raised again, it would be told a second time, by the page around
        html.show_message("error", describe_fault(error))


def _take(said: Any) -> None:
    """Save what a person did; the drawing that follows confirms it."""
    memory = _memory()
    memory.message = message_from(said)
    outcome = save_acts(memory.message.acts)
    memory.confirmed = (*outcome.confirmed, *memory.message.unreadable)
    memory.failed = outcome.failed
    st.session_state[_REDRAW] = outcome.redraws or state.has_notice() or has_changed_around()


def _drawn(view: str) -> dict[str, Any]:
    """Rank, and return what the lists draw."""
    state.catch_up()
    session = state.current()
    if session is None or st.session_state.pop(_REDRAW, False) or _around(session) != st.session_state[_DRAWN]:
        st.rerun(scope="app")  # the query, or what else stands around the lists, has changed
    engine = engine_of(session)
    session, marks = state.marks_on(engine.corpus)
    session = usable(session, engine)
    if session.query is None:
        st.rerun(scope="app")  # it was lost
    memory = _memory()
    left = standing(session, engine.corpus)[1] if view == "screen" else None
    check = shown_check(session, left) if left else None
    payload.begin(memory, session, engine.corpus, f"{view} {check.number}" if check else view)
    fold = session.settings.hide_marked or view in ("screen", "next")
    far = _parted(session, marks, engine)
    lists, ranking = _lists_of(view, session, marks, engine, memory.shown, far, fold=fold)
    if left and check:
        lists = [check_list(check, left, engine.corpus)]
    status = _status(session, engine, ranking, far)
    progress = progress_of(left) if left else None
    opened = _opened(memory, session, marks, engine, None if check else ranking)
    folded = engine.count_passing(marks.feedback.marked, session.filters) if fold else 0
    return payload.lists_data(
        memory,
        session,
        marks,
        engine.corpus,
        lists,
        view=view,
        folded=folded,
        status=status,
        opened=opened,
        progress=progress,
    )


def _opened(
    memory: payload.Memory, session: Session, marks: PresentMarks, engine: SearchEngine, ranking: Ranking | None
) -> dict[str, Any] | None:
    """Return the text of the open row, if the browser lacks it; ``ranking`` is None while a random check is judged."""
    message = memory.message
    if not message.lacks or message.opened is None or message.place != memory.place:
        return None
    if ranking is None:
        return opened_drawn_row(message.opened, engine.corpus)
    highlighter = resources.highlighter(session.corpus, engine.corpus.manifest.vectors)
    return opened_row(message.opened, ranking, engine, highlighter, marks.feedback)


def _lists_of(
    view: str,
    session: Session,
    marks: PresentMarks,
    engine: SearchEngine,
    shown: int,
    far: Sequence[tuple[Ranking, list[str]]],
    *,
    fold: bool,
) -> tuple[list[payload.List], Ranking]:
    """Return the lists of a view, and the ranking whose scorer says why a document is where it is."""
    if view in ("next", "why"):
        pair = plain_and_learned(session, engine)
        first, second = rankings_of(session, engine, marks.feedback, pair, _CANDIDATES)
        if view == "next":
            return _next_lists(first, second, far, marks, engine), second
        return _picked(show_plane(session, marks, first, second, engine), second, engine), second
    rankers = session.settings.rankers[-1:] if view == "screen" else session.settings.rankers
    rankings = rankings_of(session, engine, marks.feedback, rankers, max(DEPTH, shown), fold=fold)
    others = rankings[::-1] if len(rankings) > 1 else [None]
    choices = [(ranker, TITLES[ranker]) for ranker in engine.rankers]
    lists = [
        payload.List(
            ranking.ranker,
            HEADINGS[ranking.ranker],
            f"{TITLES[ranking.ranker]} · {ranking.time_in_words}",
            _help(ranking),
            ranking.doc_ids[:shown],
            ranking.rows[:shown],
            ranking.n_texts,
            choices,
            [payload.share(score, ranking) for score in ranking.scores[:shown]],
            payload.ranks_there(ranking, other, shown, DEPTH),
            _empty(session, ranking, engine, is_folded=fold and bool(marks.feedback)),
            session.settings.rankers.index(ranking.ranker),
        )
        for ranking, other in zip(rankings, others, strict=True)
    ]
    return lists, rankings[-1]


def _parted(session: Session, marks: PresentMarks, engine: SearchEngine) -> list[tuple[Ranking, list[str]]]:
    """Return kNN and BM25 with what they rank first and the learned list far behind, if there is such."""
    learned = plain_and_learned(session, engine)[1]
    if learned not in LEARNING or not marks.feedback:
        return []
    others = [ranker for ranker in _UNTAUGHT if ranker in engine.rankers]
    first, *rest = rankings_of(session, engine, marks.feedback, [learned, *others], DEPTH, fold=True)
    return parted(first, rest)


def _next_lists(
    first: Ranking,
    second: Ranking,
    far: Sequence[tuple[Ranking, list[str]]],
    marks: PresentMarks,
    engine: SearchEngine,
) -> list[payload.List]:
    suggestions = suggest_marks(first, second, {*marks.by_document(), *marks.opposed_documents()})
    left_behind = list(dict.fromkeys(doc_id for _, doc_ids in far for doc_id in doc_ids))
    disputed, unsure = (
        [each.doc_id for each in suggestions if each.why == why and each.doc_id not in left_behind] for why in _NEXT
    )
    return [
        _suggested([*left_behind, *disputed], *(_PARTED if far else _NEXT["disagreement"]), second, engine),
        _suggested(unsure, *_NEXT["margin"], second, engine),
    ]


def _suggested(
    doc_ids: Sequence[str], title: str, meaning: str, ranking: Ranking, engine: SearchEngine
) -> payload.List:
    rows = engine.corpus.rows_of(doc_ids)
    shares = [payload.share(score, ranking) for score in engine.scores(ranking.scorer, doc_ids)]
    return payload.List(
        "next", title, meaning, meaning, doc_ids, [rows[doc_id] for doc_id in doc_ids], len(doc_ids), shares=shares,
        empty="Nothing here.",
    )  # fmt: skip


def _picked(doc_id: str | None, ranking: Ranking, engine: SearchEngine) -> list[payload.List]:
    """Return the document of the point that was clicked, as a list."""
    rows = engine.corpus.rows_of([doc_id] if doc_id is not None else [])
    shares = [payload.share(score, ranking) for score in engine.scores(ranking.scorer, list(rows))]
    empty = "The document of the point that you click stands here."
    return [
        payload.List(
            "why", "The clicked document", "", empty, list(rows), list(rows.values()), len(rows), shares=shares,
            empty=empty,
        )
    ]  # fmt: skip


def _help(ranking: Ranking) -> str:
    took = f" {ranking.cost_in_words}. {_TOOK_HELP}" if ranking.scorer.svm else ""
    return f"{TITLES[ranking.ranker]}: {_DESCRIPTIONS[ranking.ranker]}.{took}"


def _empty(session: Session, ranking: Ranking, engine: SearchEngine, *, is_folded: bool) -> str:
    """Return a sentence for a list that is empty; ``is_folded``: marked documents are left out of it."""
    if ranking.doc_ids:
        return ""
    if ranking.scorer.above is not None and ranking.n_candidates:
        return _NO_OTHER_WORD if is_folded else _NO_WORD
    if session.filters and not engine.n_passing(session.filters):
        return "No document passes the filters."
    if is_folded:
        passing = "that passes the filters " if session.filters else ""
        return f"Every document {passing}is marked, and marked rows are folded away."
    return "There is no other document in this corpus."


def _status(
    session: Session, engine: SearchEngine, ranking: Ranking, far: Sequence[tuple[Ranking, list[str]]] = ()
) -> str:
    """Return a line on what is ranked."""
    n_all = engine.corpus.n_documents
    parts = [f"{n_all:,} documents"]
    if session.filters:
        passing = engine.n_passing(session.filters)
        parts = [f"{passing:,} of {n_all:,} documents", f"filters: {filter_form.summary(session.filters)}"]
    if vectors := _VECTORS[ranking.vectors]:
        parts.append(vectors)
    if far:
        names, rank = " and ".join(TITLES[other.ranker] for other, _ in far), "rank" if len(far) > 1 else "ranks"
        parts.append(f"what {names} {rank} first is not among the learned first {DEPTH:,}: see Mark next")
    if session.earlier:
        n = len(session.earlier)
        parts.append("with 1 earlier query" if n == 1 else f"with {n:,} earlier queries")
    if uri := resources.index():
        parts.append(f"served by Milvus at {uri}")
    return html.shortened(" · ".join(parts), 300)


def _memory() -> payload.Memory:
    memory: payload.Memory = st.session_state.setdefault(_MEMORY, payload.Memory())
    return memory


def _around(session: Session) -> tuple[object, ...]:
    """Return what the page around the lists shows of a session."""
    settings = session.settings
    marks = session.feedback, session.notes, session.reasons
    return (
        *(session.session_id, session.corpus, session.query, session.earlier, session.filters, len(session.draws)),
        *(len(settings.rankers), settings.C, settings.comfortable, settings.recall, settings.confidence),
        *(marks if any(st.session_state.get(tool) for tool in _SHOW_MARKS) else ()),
    )
