import json
import sqlite3
from pathlib import Path

import pytest

from retrieval.feedback import Feedback
from retrieval.search import DocumentQuery
from retrieval.sessions import Session, SessionStore

EVENTS = [
    {"query": "cats"},
    {"mark": "positive", "doc_id": "a"},
    {"mark": "negative", "doc_id": "b"},
    {"query_document": "a"},
    {"mark": None, "doc_id": "b"},
    {"mark": "positive", "doc_id": "ü 'quoted' \N{CAT FACE}"},
]


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def play(session: Session, store: SessionStore, events: list) -> Session:
    for event in events:
        store.record(session, event)
        session = session.after(event)
    return session


def test_a_session_is_restored_as_it_was_left(store: SessionStore) -> None:
    session = play(Session("s1", "animals"), store, EVENTS)
    assert session.query == DocumentQuery("a")
    assert session.feedback == Feedback(("a", "ü 'quoted' \N{CAT FACE}"))
    assert store.load("s1") == session


def test_every_event_is_on_the_disk_when_record_returns(store: SessionStore, home: Path) -> None:
    session = Session("s1", "animals")
    for n, event in enumerate(EVENTS, start=1):
        store.record(session, event)
        session = session.after(event)
        assert SessionStore(home / "sessions.sqlite").load("s1") == session, n


def test_sessions_do_not_see_each_other(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    other = play(Session("s2", "docs"), store, [{"mark": "positive", "doc_id": "x"}])
    assert store.load("s2") == other == Session("s2", "docs", feedback=Feedback(("x",)))


def test_clearing_the_marks_keeps_the_query_and_the_log(store: SessionStore, home: Path) -> None:
    session = play(Session("s1", "animals"), store, [*EVENTS, {"clear_marks": True}])
    assert session.feedback == Feedback()
    assert session.query == DocumentQuery("a")
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (len(EVENTS) + 1,)


def test_an_unknown_session_is_none(store: SessionStore) -> None:
    assert store.load("never") is None
    play(Session("s1", "animals"), store, EVENTS)
    assert store.load("never") is None


@pytest.mark.parametrize("event", [{}, {"mark": "maybe", "doc_id": "a"}, {"query": 3}, {"mark": "positive"}])
def test_an_unknown_event_is_refused(event: dict) -> None:
    with pytest.raises(ValueError, match="unknown session event"):
        Session("s1", "animals").after(event)


def test_a_session_keeps_a_state_for_each_corpus(store: SessionStore) -> None:
    animals = play(Session("s1", "animals"), store, EVENTS)
    docs = play(Session("s1", "docs"), store, [{"open": True}, {"mark": "negative", "doc_id": "x"}])
    assert store.load("s1") == docs == Session("s1", "docs", feedback=Feedback((), ("x",)))
    assert store.load("s1", "animals") == animals
    assert store.load("s1", "never") is None
    play(animals, store, [{"open": True}])
    assert store.load("s1") == animals


def test_a_session_of_thousands_of_marks_is_restored(store: SessionStore, home: Path) -> None:
    session = Session("s1", "animals")
    store.record(session, {"open": True})
    rows = [("s1", "animals", "now", json.dumps({"mark": "positive", "doc_id": str(n)})) for n in range(3000)]
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)
    assert store.load("s1").feedback == Feedback(tuple(map(str, range(3000))))
