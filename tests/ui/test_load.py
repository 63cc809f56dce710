import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import load
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import DocumentQueried, Event, Marked, Redone, Undone
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search.lists.payload import BATCH
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.streamlit_client.browser import serving
from tests.support.streamlit_client.visitor import Disconnected, NotShown, Visitor, address
from tests.support.streamlit_client.visits import COLUMNS, Plan, Visit, as_clicked

N_SESSIONS = 4
N_CLICKS = 8


@pytest.fixture
def sentences() -> Corpus:
    """Eighty documents of one sentence each: to show which sentence carried them takes no model."""
    endings = ("", " by night", " in spring", " at home", " as ever", " again", " at last", " in town")
    texts = [text + ending for ending in endings for text in ANIMALS]
    return build_corpus(source_of(texts, name="sentences"), FakeEncoder())


@pytest.fixture
def engine(sentences: Corpus) -> SearchEngine:
    return SearchEngine(sentences)


@pytest.mark.e2e
def test_sessions_at_once_get_what_they_clicked(home: Path, engine: SearchEngine) -> None:
    documents = tuple(str(7 * number) for number in range(N_SESSIONS))
    plan = Plan("sentences", ((),) * N_SESSIONS, 0, least_clicks=N_CLICKS, first_documents=documents, think=0.4)

    measured = load.measure(home, plan, engine)

    assert measured["errors"] == []
    assert measured["lost_or_mixed"] == []
    assert (measured["sessions"], measured["clicks"]) == (N_SESSIONS, N_SESSIONS * N_CLICKS)


@pytest.mark.e2e
def test_clicks_that_do_not_wait_for_the_page_are_all_kept(home: Path, engine: SearchEngine) -> None:
    environment = {**os.environ, "EXEMPLAR_HOME": str(home)}
    with serving(environment, home / "log") as (url, server), Visitor(url) as visitor:
        visitor.open(address(corpus="sentences", like="0"))
        assert visitor.marks() == Feedback()
        events: list[Event] = [DocumentQueried("0")]
        for number, doc_id in enumerate(visitor.rows()[:10]):
            mark = "positive" if number % 3 else "negative"
            visitor.mark(doc_id, mark, wait=False)
            events.append(Marked(doc_id, mark, *engine.corpus.text_hashes([engine.corpus.row(doc_id)])))
        for _ in range(3):
            visitor.act("undo", wait=False)
            events.append(Undone())
        expected = Session(visitor.session_id, "sentences").after(*events)
        visitor.wait_for(lambda: visitor.is_finished and not visitor.lists.pending)

        store = SessionStore(home / "sessions.sqlite")
        assert [as_clicked(each.event) for each in store.history(visitor.session_id)] == events
        kept = expected.feedback
        assert len(kept) == 7
        assert visitor.marks() == kept
        assert set(kept.marked).isdisjoint(visitor.rows())
        assert visitor.n_marks() == {"positive": len(kept.positives), "negative": len(kept.negatives), "unsure": 0}
        visitor.act("fold", on=False)
        marked = {doc_id: kept.mark_of(doc_id) for doc_id in visitor.rows() if kept.mark_of(doc_id)}
        assert marked
        assert {doc_id: visitor.lists.marks().get(doc_id) for doc_id in marked} == marked
        assert visitor.problems() == []
        with pytest.raises(NotShown, match="there is no button 'nowhere' that can be pressed"):
            visitor.click("nowhere")
        with pytest.raises(KeyError, match="the lists have never shown 'nowhere'"):
            visitor.mark("nowhere", "positive")
        server.kill()
        with pytest.raises(Disconnected, match="the app closed the connection"):
            visitor.act("undo")


CLICKED: list[Event] = [
    DocumentQueried("3"),
    Marked("13", "positive"),
    Marked("5", "negative"),
    Marked("23", "positive"),
    Undone(),
]
KEPT = Feedback(("13",), ("5",))


def visit(engine: SearchEngine) -> Visit:
    """Return a visit in which all went well."""
    query, without = DocumentQuery("3"), KEPT.marked
    rows = {
        ranker: list(engine.search(query, KEPT, ranker=ranker, k=0, depth=BATCH, without=without).doc_ids)
        for ranker in COLUMNS
    }
    return Visit("s1", list(CLICKED), [("mark", 80.0)], marks=KEPT, rows=rows)


def logged(home: Path, events: list[Event], corpus_id: str) -> SessionStore:
    store = SessionStore(home / "sessions.sqlite")
    for number, event in enumerate(events):
        store.record(Session("s1", "sentences"), event, corpus_id=corpus_id)
        store.record(Session("s2", "sentences"), Marked(str(number), "positive"), corpus_id=corpus_id)
    return store


def found(home: Path, visit: Visit, events: list[Event], engine: SearchEngine) -> list[str]:
    """Return which differences are found between a visit and a log."""
    store = logged(home, Visit("s1", events).events(engine.corpus), engine.corpus.manifest.corpus_id)
    differences = load.differences(visit, "sentences", store, engine)
    return [each.partition(": ")[2].partition(" should be ")[0] for each in differences]


def test_a_session_that_has_what_was_clicked_is_not_told_of(home: Path, engine: SearchEngine) -> None:
    assert found(home, visit(engine), CLICKED, engine) == []


@pytest.mark.parametrize(
    ("events", "differing"),
    [
        (CLICKED[:1] + CLICKED[2:], ["the log", "the session from the log"]),
        (CLICKED[:-1], ["the log", "the session from the log"]),
        ([*CLICKED, Marked("7", "positive")], ["the log", "the session from the log"]),
        ([CLICKED[0], CLICKED[2], CLICKED[1], *CLICKED[3:]], ["the log", "the session from the log"]),
        ([*CLICKED[:4], Redone(), *CLICKED[4:]], ["the log"]),
        ([], ["the log", "the session from the log"]),
    ],
    ids=["a mark lost", "an undo lost", "a mark of another", "in another order", "what changes nothing", "all lost"],
)
def test_a_log_that_is_not_what_was_clicked_is_told_of(
    home: Path, engine: SearchEngine, events: list[Event], differing: list[str]
) -> None:
    assert found(home, visit(engine), events, engine) == differing


def test_a_page_that_is_not_what_was_clicked_is_told_of(home: Path, engine: SearchEngine) -> None:
    shown = visit(engine)
    other_marks = replace(shown, marks=Feedback(("13",)))
    another_ranking = replace(shown, rows=shown.rows | {"anchored": shown.rows["anchored"][::-1]})
    assert found(home, other_marks, CLICKED, engine) == ["the marks on the page"]
    (home / "sessions.sqlite").unlink()
    assert found(home, another_ranking, CLICKED, engine) == ["the list of anchored"]


def test_what_goes_wrong_on_a_page_or_in_the_app_is_an_error() -> None:
    log = "Exemplar is open\nTraceback (most recent call last):\n  File x\n    y\nKeyError: 'z'\nmore\n"
    assert load.errors([Visit("s1", errors=["a message"]), Visit("s2")], log) == [
        "session s1: a message",
        "Traceback (most recent call last):\n  File x\n    y\nKeyError: 'z'",
    ]


def test_times_and_memory_are_summed_up() -> None:
    assert load.times([100, 500, 200, 400, 300]) == {"n": 5, "p50_ms": 300.0, "p95_ms": 480.0, "slowest_ms": 500.0}
    assert load.times([]) == {"n": 0}
    assert load.memory([100, 900, 910, 2000, 920, 930, *[950] * 5], 5) == {"at_half": 920, "at_end": 950, "growth": 30}
    assert load.memory([], 5) == {}
