import json
import math
import multiprocessing
import re
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import DocumentQuery
from exemplar.retrieval.sessions.session import MOST_UNDO, Session, SessionStore, Settings, new_id

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
    assert store.load("s2") == other == Session("s2", "docs", feedback=Feedback(("x",)), past=(Feedback(),))


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
    assert store.load("s1") == docs == Session("s1", "docs", feedback=Feedback((), ("x",)), past=(Feedback(),))
    assert store.load("s1", "animals") == animals
    assert store.load("s1", "never") is None
    play(animals, store, [{"open": True}])
    assert store.load("s1") == animals


@pytest.mark.slow
def test_a_session_of_thousands_of_marks_is_restored(store: SessionStore, home: Path) -> None:
    session = Session("s1", "animals")
    store.record(session, {"open": True})
    rows = [("s1", "animals", "now", json.dumps({"mark": "positive", "doc_id": str(n)})) for n in range(3000)]
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)
    assert store.load("s1").feedback == Feedback(tuple(map(str, range(3000))))


def marked(*doc_ids: str) -> list[dict]:
    return [{"mark": "positive", "doc_id": doc_id} for doc_id in doc_ids]


def after(*events: dict) -> Session:
    return reduce(Session.after, events, Session("s1", "animals"))


UNDO, REDO = {"undo": True}, {"redo": True}


def test_undo_and_redo_walk_through_the_marks() -> None:
    seen = [
        after(*marked("a", "b"), *steps).feedback.positives
        for steps in ([], [UNDO], [UNDO] * 2, [UNDO] * 3, [UNDO, UNDO, REDO], [UNDO, REDO], [UNDO, REDO, REDO])
    ]
    assert seen == [("a", "b"), ("a",), (), (), ("a",), ("a", "b"), ("a", "b")]


def test_a_new_mark_forgets_what_was_undone() -> None:
    session = after(*marked("a", "b"), UNDO, *marked("c"))
    assert session.future == ()
    assert session.after(REDO) == session
    assert session.after(UNDO).feedback == Feedback(("a",))


def test_a_mark_that_changes_nothing_is_no_step() -> None:
    session = after(*marked("a", "b"), UNDO)
    for event in (*marked("a"), {"mark": None, "doc_id": "z"}, {"marks": {"positive": ["a"], "negative": []}}):
        assert session.after(event) == session


def test_undo_takes_back_clearing_and_a_whole_import() -> None:
    marks = {"marks": {"positive": ["b", "x"], "negative": ["a", "y"]}}
    session = after(*marked("a", "b"), marks)
    assert session.feedback == Feedback(("b", "x"), ("a", "y"))
    assert session.after(UNDO).feedback == Feedback(("a", "b"))
    cleared = session.after({"clear_marks": True})
    assert cleared.feedback == Feedback()
    assert cleared.after(UNDO).feedback == session.feedback
    assert cleared.after(UNDO).after(REDO).feedback == Feedback()


def test_undo_leaves_query_filters_and_settings() -> None:
    filters, chosen = Filters(labels=("x",)), Settings(("svm",), 25, 0.5, hide_marked=True)
    others = [{"query": "cats"}, {"filters": filters.as_json()}, {"settings": chosen.as_json()}]
    session = after(*marked("a"), *others, UNDO)
    assert session == Session("s1", "animals", "cats", Feedback(), filters, chosen, (), (Feedback(("a",)),))


def test_undo_goes_a_hundred_steps_back_and_forth() -> None:
    session = after(*marked(*map(str, range(MOST_UNDO + 50))))
    back = reduce(Session.after, [UNDO] * (MOST_UNDO + 50), session)
    assert back.feedback == Feedback(tuple(map(str, range(50))))
    assert len(session.past) == len(back.future) == MOST_UNDO
    assert reduce(Session.after, [REDO] * (MOST_UNDO + 50), back) == session


@pytest.mark.parametrize(
    "event",
    [
        {"filters": {}},
        {"filters": {"labels": 1, "fields": {}, "words": "", "without": ""}},
        {"settings": {}},
        {"settings": {"rankers": 3, "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": None, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["best"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn", "knn"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn", "svm", "anchored"], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": [], "k": 10, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 0, "C": None, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": "much", "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": -1, "hide_marked": False}},
        {"settings": {"rankers": ["knn"], "k": 10, "C": float("nan"), "hide_marked": False}},
        {"marks": {"positive": ["a"], "negative": ["a"]}},
        {"marks": {"positive": [1], "negative": []}},
        {"marks": {"positive": ["a"]}},
        "no event",
        ["undo"],
    ],
)
def test_an_event_that_makes_no_session_is_a_value_error(event: dict) -> None:
    with pytest.raises(
        ValueError, match="no settings|no filters|different rankers|unknown session event|more than once"
    ):
        Session("s1", "animals").after(event)


MARK_EVENTS = st.one_of(
    st.builds(
        lambda mark, doc_id: {"mark": mark, "doc_id": doc_id},
        st.sampled_from(["positive", "negative", None]),
        st.sampled_from("abc"),
    ),
    st.sampled_from([UNDO, REDO, {"clear_marks": True}, {"marks": {"positive": ["a"], "negative": ["c"]}}]),
)


@settings(deadline=None)
@given(st.lists(MARK_EVENTS, max_size=30))
def test_undo_and_redo_are_each_others_opposite(events: list[dict]) -> None:
    session = after(*events)
    if session.past:
        assert session.after(UNDO).after(REDO) == session
    if session.future:
        assert session.after(REDO).after(UNDO) == session
    assert reduce(Session.after, [UNDO] * len(events), session).past == ()


def test_the_history_tells_all_events_in_order(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS[:2])
    play(Session("s2", "animals"), store, EVENTS[:1])
    play(Session("s1", "docs"), store, [{"name": "a name"}])
    history = store.history("s1")
    assert [(each.corpus, each.event) for each in history] == [
        ("animals", EVENTS[0]),
        ("animals", EVENTS[1]),
        ("docs", {"name": "a name"}),
    ]
    times = [datetime.fromisoformat(each.at) for each in history]
    assert times == sorted(times)
    assert times[0].utcoffset() == timedelta(0)
    assert [store.count(each) for each in ("s1", "s2", "never")] == [3, 1, 0]
    assert store.history("never") == []


def test_saved_sessions_are_listed_the_last_changed_first(store: SessionStore) -> None:
    assert store.saved() == []
    play(Session("only looked", "animals"), store, [{"open": True}, {"open": True}])
    play(Session("s1", "animals"), store, EVENTS)
    play(Session("s2", "animals"), store, [{"open": True}, {"query": "dogs"}])
    play(Session("s1", "docs"), store, [{"name": "old"}, {"name": "new 'name'"}, {"query": "x"}])
    play(Session("s3", "docs"), store, [{"name": "first"}, {"name": ""}])
    saved = store.saved()
    assert [(each.session_id, each.name, each.corpus, each.n_events) for each in saved] == [
        ("s3", "", "docs", 2),
        ("s1", "new 'name'", "docs", len(EVENTS) + 3),
        ("s2", "", "animals", 2),
    ]
    for each in saved:
        history = store.history(each.session_id)
        assert (each.began, each.changed) == (history[0].at, history[-1].at)


def test_a_clock_that_goes_backwards_changes_no_order(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backwards(datetime):
        times = iter(datetime(2026, 1, 9 - day, tzinfo=UTC) for day in range(6))

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return next(cls.times)

    monkeypatch.setattr("exemplar.retrieval.sessions.session.datetime", Backwards)
    first = play(Session("s1", "animals"), store, [{"query": "dogs"}, *marked("a", "b"), UNDO])
    play(Session("s2", "animals"), store, marked("c", "d"))
    assert store.load("s1") == first
    assert [(each.session_id, each.began[:10], each.changed[:10]) for each in store.saved()] == [
        ("s2", "2026-01-05", "2026-01-04"),
        ("s1", "2026-01-09", "2026-01-06"),
    ]


def test_a_duplicate_has_the_whole_history_and_goes_its_own_way(store: SessionStore) -> None:
    animals = play(Session("s1", "animals"), store, [*EVENTS, UNDO])
    docs = play(Session("s1", "docs"), store, [{"query": "x"}])
    copy = store.duplicate("s1", "s1, copy")
    assert store.load(copy) == replace(docs, session_id=copy)
    assert store.load(copy, "animals") == replace(animals, session_id=copy)
    assert {each.session_id: each.name for each in store.saved()} == {"s1": "", copy: "s1, copy"}
    play(store.load(copy), store, [{"clear_marks": True}, {"query": "y"}])
    assert store.load("s1") == docs
    assert store.count("s1") == len(EVENTS) + 2


def test_what_is_gone_cannot_be_duplicated(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    with pytest.raises(ValueError, match="there is no session 'never'; it may have been deleted"):
        store.duplicate("never", "copy")
    assert [each.session_id for each in store.saved()] == ["s1"]


@pytest.mark.slow
def test_what_is_deleted_is_gone_from_the_disk(store: SessionStore, home: Path) -> None:
    secrets = [f"secret-{n}-{'long ' * (n % 9) ** 4}" for n in range(60)]
    sessions = [Session("keep", "animals"), Session("delete", "animals"), Session("keep too", "animals")]
    for secret in secrets:
        for session in sessions:
            text = secret if session.session_id == "delete" else secret.replace("secret", "public")
            store.record(session, {"query": text})
            store.record(session, {"mark": "positive", "doc_id": text[:12]})
    kept = store.load("keep")
    store.delete("delete")
    assert store.load("delete") is None
    assert store.count("delete") == 0
    assert store.load("keep") == kept
    assert [each.session_id for each in store.saved()] == ["keep too", "keep"]
    on_disk = b"".join(path.read_bytes() for path in home.iterdir())
    assert b"public-5" in on_disk
    assert b"secret-" not in on_disk
    assert b"delete" not in on_disk
    store.delete("never")


@pytest.mark.slow
def test_what_is_deleted_while_another_reads_goes_with_the_next_event(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, [{"query": "the secret"}])
    play(Session("s2", "animals"), store, EVENTS)
    with closing(sqlite3.connect(home / "sessions.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        store.delete("s1")
        assert store.load("s1") is None
        reader.rollback()
    play(Session("s2", "animals"), store, EVENTS)
    assert b"the secret" not in b"".join(path.read_bytes() for path in home.iterdir())


def test_what_is_deleted_is_gone_though_another_looks_on(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, [{"query": "the secret"}])
    with closing(sqlite3.connect(home / "sessions.sqlite")) as onlooker:
        onlooker.execute("SELECT count(*) FROM events").fetchone()
        store.delete("s1")
        assert b"the secret" not in b"".join(path.read_bytes() for path in home.iterdir())


def test_a_log_of_an_older_version_is_read(store: SessionStore, home: Path) -> None:
    home.mkdir()
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.executescript(
            "CREATE TABLE events (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, corpus TEXT NOT NULL, "
            "at TEXT NOT NULL, event TEXT NOT NULL);"
        )
        events = [{"open": True}, *EVENTS, {"clear_marks": True}, {"mark": "negative", "doc_id": "b"}]
        rows = [("s1", "animals", "2025-01-02T03:04:05.678901+00:00", json.dumps(event)) for event in events]
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)
    session = store.load("s1")
    assert (session.query, session.feedback) == (DocumentQuery("a"), Feedback((), ("b",)))
    assert session.after(UNDO).after(UNDO).feedback == Feedback(("a", "ü 'quoted' \N{CAT FACE}"))
    assert [(each.name, each.n_events) for each in store.saved()] == [("", len(events))]


def write_many(home: str, session_id: str) -> None:
    store = SessionStore(Path(home) / "sessions.sqlite")
    for n in range(40):
        store.record(Session(session_id, "animals"), {"mark": "positive", "doc_id": f"{session_id} {n}"})


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(store: SessionStore, home: Path) -> None:
    names = ["one", "two", "three", "one"]
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(write_many, str(home), name) for name in names]:
            done.result()
    assert [store.count(name) for name in ("one", "two", "three")] == [80, 40, 40]
    assert store.load("two").feedback == Feedback(tuple(f"two {n}" for n in range(40)))


def test_threads_that_begin_the_log_at_once_lose_nothing(store: SessionStore, home: Path) -> None:
    for attempt in range(5):
        new = SessionStore(home / f"{attempt}.sqlite")
        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(new.record, Session("s1", "animals"), EVENTS[0]) for _ in range(8)]:
                done.result()
        assert new.count("s1") == 8


def test_ids_are_fit_for_an_address_and_differ() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[\w-]{12}", each) for each in ids)


def test_a_damaged_event_does_not_hide_the_other_sessions(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    play(Session("s2", "animals"), store, EVENTS)
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.execute("UPDATE events SET event = '{\"query\": ' WHERE id = 2")
    assert [each.session_id for each in store.saved()] == ["s2", "s1"]


def test_settings_beyond_all_numbers_are_refused() -> None:
    settings = {"rankers": ["knn"], "k": math.inf, "C": None, "hide_marked": False}
    with pytest.raises(ValueError, match="no settings of a search"):
        Session("s1", "animals").after({"settings": settings})
