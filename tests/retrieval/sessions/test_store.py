import json
import multiprocessing
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    Noted,
    NotesAdded,
    Opened,
    Queried,
    SettingsSet,
    Undone,
)
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import LoggedEvent, SessionStore

EVENTS: list[Event] = [
    Queried("cats"),
    Marked("a", "positive"),
    Marked("b", "negative"),
    DocumentQueried("a"),
    Marked("b", None),
    Marked("ü 'quoted' \N{CAT FACE}", "positive"),
]
NEW: list[Event] = [
    DocumentQueried("b", "01", added=True),
    Queried("dogs", added=True),
    Noted("a", "see table 2", "01"),
    NotesAdded({"b": "no", "c": "why?"}),
    MarksAdded(Feedback(("c",)), {"c": "02"}, taken_back=("a",)),
    Noted("b", ""),
]


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def play(session: Session, store: SessionStore, events: list[Event]) -> Session:
    for event in events:
        store.record(session, event)
        session = session.after(event)
    return session


def marked(*doc_ids: str) -> list[Event]:
    return [Marked(doc_id, "positive") for doc_id in doc_ids]


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


def test_added_queries_notes_and_marks_taken_back_are_restored(store: SessionStore) -> None:
    session = play(Session("s1", "animals"), store, [*EVENTS, *NEW])
    assert store.load("s1") == session
    assert (session.query, session.earlier) == ("dogs", (DocumentQuery("a"), DocumentQuery("b")))
    assert session.notes == {"a": "see table 2", "c": "why?"}
    assert session.feedback == Feedback(("ü 'quoted' \N{CAT FACE}", "c"))


def test_sessions_do_not_see_each_other(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    other = play(Session("s2", "docs"), store, [Marked("x", "positive")])
    assert store.load("s2") == other
    assert other.feedback == Feedback(("x",))


def test_clearing_the_marks_keeps_the_query_and_the_log(store: SessionStore, home: Path) -> None:
    session = play(Session("s1", "animals"), store, [*EVENTS, MarksCleared()])
    assert session.feedback == Feedback()
    assert session.query == DocumentQuery("a")
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (len(EVENTS) + 1,)


def test_an_unknown_session_is_none(store: SessionStore) -> None:
    assert store.load("never") is None
    play(Session("s1", "animals"), store, EVENTS)
    assert store.load("never") is None


def test_a_session_keeps_a_state_for_each_corpus(store: SessionStore) -> None:
    animals = play(Session("s1", "animals"), store, EVENTS)
    docs = play(Session("s1", "docs"), store, [Opened(), Marked("x", "negative")])
    assert store.load("s1") == docs
    assert docs.feedback == Feedback((), ("x",))
    assert store.load("s1", "animals") == animals
    assert store.load("s1", "never") is None
    play(animals, store, [Opened()])
    assert store.load("s1") == animals


def test_a_session_knows_the_corpus_on_which_it_began(store: SessionStore) -> None:
    for corpus, corpus_id in (("docs", "d"), ("animals", ""), ("animals", "a1"), ("animals", "a2")):
        store.record(Session("s1", corpus), Marked("x", "positive"), corpus_id=corpus_id)
    [saved] = store.saved()
    assert (saved.corpus, saved.corpus_id) == ("animals", "a1")
    assert store.load("s1").corpus_id == "a1"
    assert store.load("s1").marks.corpus_ids == {"x": "a2"}
    assert store.load("s1", "docs").corpus_id == "d"
    assert store.load(store.duplicate("s1", "copy")).corpus_id == "a1"


@pytest.mark.slow
def test_a_session_of_thousands_of_marks_is_restored(store: SessionStore, home: Path) -> None:
    session = Session("s1", "animals")
    store.record(session, Opened())
    rows = [("s1", "animals", "now", json.dumps({"mark": "positive", "doc_id": str(n)})) for n in range(3000)]
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)
    assert store.load("s1").feedback == Feedback(tuple(map(str, range(3000))))


def test_the_history_tells_all_events_in_order(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS[:2])
    play(Session("s2", "animals"), store, EVENTS[:1])
    play(Session("s1", "docs"), store, [Named("a name")])
    history = store.history("s1")
    assert [(each.corpus, each.event) for each in history] == [
        ("animals", EVENTS[0]),
        ("animals", EVENTS[1]),
        ("docs", Named("a name")),
    ]
    times = [datetime.fromisoformat(each.at) for each in history]
    assert times == sorted(times)
    assert times[0].utcoffset() == timedelta(0)
    assert [store.count(each) for each in ("s1", "s2", "never")] == [3, 1, 0]
    assert store.history("never") == []


def test_saved_sessions_are_listed_the_last_changed_first(store: SessionStore) -> None:
    assert store.saved() == []
    play(Session("only looked", "animals"), store, [Opened(), Opened()])
    play(Session("s1", "animals"), store, EVENTS)
    play(Session("s2", "animals"), store, [Opened(), Queried("dogs")])
    play(Session("s1", "docs"), store, [Named("old"), Named("new 'name'"), Queried("x")])
    play(Session("s3", "docs"), store, [Named("first"), Named("")])
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

    monkeypatch.setattr("exemplar.retrieval.sessions.store.datetime", Backwards)
    first = play(Session("s1", "animals"), store, [Queried("dogs"), *marked("a", "b"), Undone()])
    play(Session("s2", "animals"), store, marked("c", "d"))
    assert store.load("s1") == first
    assert [(each.session_id, each.began[:10], each.changed[:10]) for each in store.saved()] == [
        ("s2", "2026-01-05", "2026-01-04"),
        ("s1", "2026-01-09", "2026-01-06"),
    ]


def test_a_duplicate_has_the_whole_history_and_goes_its_own_way(store: SessionStore) -> None:
    animals = play(Session("s1", "animals"), store, [*EVENTS, Undone()])
    docs = play(Session("s1", "docs"), store, [Queried("x")])
    copy = store.duplicate("s1", "s1, copy")
    assert store.load(copy) == replace(docs, session_id=copy)
    assert store.load(copy, "animals") == replace(animals, session_id=copy)
    assert {each.session_id: each.name for each in store.saved()} == {"s1": "", copy: "s1, copy"}
    play(store.load(copy), store, [MarksCleared(), Queried("y")])
    assert store.load("s1") == docs
    assert store.count("s1") == len(EVENTS) + 2


def test_what_is_gone_cannot_be_duplicated(store: SessionStore) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    with pytest.raises(ExemplarError, match="there is no session 'never'; it may have been deleted"):
        store.duplicate("never", "copy")
    assert [each.session_id for each in store.saved()] == ["s1"]


@pytest.mark.slow
def test_what_is_deleted_is_gone_from_the_disk(store: SessionStore, home: Path) -> None:
    secrets = [f"secret-{n}-{'long ' * (n % 9) ** 4}" for n in range(60)]
    sessions = [Session("keep", "animals"), Session("delete", "animals"), Session("keep too", "animals")]
    for secret in secrets:
        for session in sessions:
            text = secret if session.session_id == "delete" else secret.replace("secret", "public")
            store.record(session, Queried(text))
            store.record(session, Marked(text[:12], "positive"))
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
    play(Session("s1", "animals"), store, [Queried("the secret")])
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
    play(Session("s1", "animals"), store, [Queried("the secret")])
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
        events = [
            {"open": True},
            {"query": "cats"},
            {"mark": "positive", "doc_id": "a"},
            {"mark": "negative", "doc_id": "b"},
            {"query_document": "a"},
            {"mark": None, "doc_id": "b"},
            {"mark": "positive", "doc_id": "ü 'quoted' \N{CAT FACE}"},
            {"clear_marks": True},
            {"mark": "negative", "doc_id": "b"},
        ]
        rows = [("s1", "animals", "2025-01-02T03:04:05.678901+00:00", json.dumps(event)) for event in events]
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)
    session = store.load("s1")
    assert (session.query, session.feedback) == (DocumentQuery("a"), Feedback((), ("b",)))
    assert session.after(Undone()).after(Undone()).feedback == Feedback(("a", "ü 'quoted' \N{CAT FACE}"))
    assert [(each.name, each.n_events) for each in store.saved()] == [("", len(events))]


def write_many(home: str, session_id: str) -> None:
    store = SessionStore(Path(home) / "sessions.sqlite")
    for n in range(40):
        store.record(Session(session_id, "animals"), Marked(f"{session_id} {n}", "positive"))


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


def test_a_log_that_another_process_begins_at_this_moment_is_waited_for(
    store: SessionStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir(exist_ok=True)
    with closing(sqlite3.connect(home / "sessions.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE its_own (a)")
        monkeypatch.setattr("exemplar.retrieval.sessions.store.time.sleep", lambda _: other.execute("COMMIT"))
        store.record(Session("s1", "animals"), EVENTS[0])
    assert store.count("s1") == 1


def test_a_damaged_event_does_not_hide_the_other_sessions(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    play(Session("s2", "animals"), store, EVENTS)
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.execute("UPDATE events SET event = '{\"query\": ' WHERE id = 2")
    assert [each.session_id for each in store.saved()] == ["s2", "s1"]


def test_an_event_of_a_later_version_stays_in_the_history_and_keeps_its_session_from_loading(
    store: SessionStore, home: Path
) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    play(Session("s1", "docs"), store, [Queried("x")])
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET event = '{\"dance\": true}' WHERE id = 2")
    unknown = store.history("s1")[1]
    assert unknown == LoggedEvent(unknown.at, "animals", {"dance": True})
    assert unknown.describe() == "did what this version does not know"
    with pytest.raises(ExemplarError, match="unknown session event: {'dance': True}"):
        store.load("s1", "animals")
    assert store.load("s1") == Session("s1", "docs", "x")


@pytest.mark.parametrize("content", ['{"query": ', "[" * 100_000])
def test_an_event_that_is_no_json_is_an_error(store: SessionStore, home: Path, content: str) -> None:
    play(Session("s1", "animals"), store, EVENTS)
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET event = ? WHERE id = 2", (content,))
    with pytest.raises(ExemplarError, match="an event of this session is not JSON that can be read"):
        store.load("s1")


TEXTS = [MarkedText("Cats", "sleep"), MarkedText(None, "a text"), MarkedText("a title alone", "")]


def test_marks_keep_the_texts_they_were_made_on(store: SessionStore) -> None:
    session = Session("s1", "animals")
    first, *others = TEXTS
    store.record(session, Marked("a", "positive", first.text_hash, first))
    hashes = {doc_id: text.text_hash for doc_id, text in zip("bc", others, strict=True)}
    store.record(session, MarksAdded(Feedback(("b",), ("c",)), hashes, tuple(others)))
    assert store.texts("s1") == {text.text_hash: text for text in TEXTS}
    assert store.load("s1").marks.texts == {"a": first.text_hash, **hashes}
    copy = store.duplicate("s1", "copy")
    store.delete("s1")
    assert store.texts("s1") == {}
    assert store.texts(copy) == {text.text_hash: text for text in TEXTS}
    assert len({text.text_hash for text in [*TEXTS, MarkedText("Cats\n\nsleep", ""), MarkedText(None, "Cats")]}) == 4


def test_a_shortened_text_is_kept_under_the_hash_of_the_whole(store: SessionStore) -> None:
    whole = MarkedText(None, "a long text")
    text = MarkedText(None, "a long").with_hash(whole.text_hash)
    store.record(Session("s1", "animals"), Marked("a", "positive", whole.text_hash, text))
    assert store.texts("s1") == {whole.text_hash: text}
    assert MarkedText(None, "a long").with_hash(MarkedText(None, "a long").text_hash) == MarkedText(None, "a long")


def test_an_event_is_written_once_by_its_key(store: SessionStore) -> None:
    session = Session("s1", "animals")
    written = [store.record(session, Marked("a", "positive"), key="tab 1", corpus_id="c1") for _ in range(3)]
    written += [store.record(session, Marked("b", "positive"), key="tab 2")]
    assert written == [True, False, False, True]
    assert [(each.event.doc_id, each.corpus_id) for each in store.history("s1")] == [("a", "c1"), ("b", "")]


def test_an_event_is_written_with_its_texts_or_not_at_all(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, EVENTS[:1])
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON texts BEGIN SELECT RAISE(ABORT, 'no room'); END")
    first = TEXTS[0]
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        store.record(Session("s1", "animals"), Marked("a", "positive", first.text_hash, first))
    assert [each.event for each in store.history("s1")] == EVENTS[:1]
    assert store.texts("s1") == {}


@pytest.mark.parametrize(
    ("events", "title"),
    [
        ([Opened()], ""),
        ([Opened(), Marked("a", "positive")], ""),
        ([Opened(), Queried("  cats\n and dogs "), Queried("birds")], "cats and dogs"),
        ([DocumentQueried("n7"), Queried("birds")], "more like n7"),
        ([Queried("birds"), Named("my birds")], "my birds"),
        ([Queried("birds"), Named("old"), Named("new")], "new"),
        ([Queried("birds"), Named("old"), Named("")], "birds"),
        ([Queried("x" * 60)], "x" * 60),
        ([Queried("x" * 61)], "x" * 59 + "…"),
        ([DocumentQueried("x" * 1000)], "more like " + "x" * 49 + "…"),
        ([Queried("lone \ud800 surrogate")], "lone \ud800 surrogate"),
    ],
    ids=str,
)
def test_the_title_is_the_name_or_the_first_query(store: SessionStore, events: list[Event], title: str) -> None:
    play(Session("s0", "animals"), store, [Queried("another session"), Named("another")])
    play(Session("s1", "animals"), store, events)
    assert store.title("s1") == title
    assert {each.session_id: each.title for each in store.saved()}.get("s1", "") == title


def test_a_session_that_is_not_there_has_no_title(store: SessionStore) -> None:
    assert store.title("never") == ""
    play(Session("s1", "animals"), store, EVENTS)
    assert store.title("never") == ""


def test_a_damaged_event_does_not_hide_the_title(store: SessionStore, home: Path) -> None:
    play(Session("s1", "animals"), store, [Queried("cats"), Queried("dogs"), Queried("birds")])
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET event = '{\"query\": ' WHERE id = 1")
        connection.execute("UPDATE events SET event = '{\"query\": 3}' WHERE id = 2")
    assert (store.title("s1"), store.saved()[0].title) == ("birds", "birds")


def test_a_new_session_begins_with_all_of_its_events(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "new" / "sessions.sqlite")
    text = MarkedText("A", "b")
    events = [Queried("a cat"), Marked("1", "positive", text.text_hash, text), Named("mine")]
    session_id = store.begin("animals", events, "c1")
    session = store.load(session_id)
    assert session is not None
    assert (session.query, session.feedback, session.corpus_id) == ("a cat", Feedback(("1",)), "c1")
    assert store.texts(session_id) == {text.text_hash: text}
    assert [each.title for each in store.saved()] == ["mine"]
    assert store.begin("animals", events) != session_id


def choose(store: SessionStore, session_id: str, reader: str, corpus: str = "animals") -> None:
    store.record(Session(session_id, corpus), SettingsSet(Settings(reader=reader)))


def test_the_last_reader_is_that_of_the_settings_chosen_last(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions.sqlite")
    assert store.last_reader() == ""
    choose(store, "a", "ann")
    choose(store, "b", "bob")
    store.record(Session("b", "animals"), Queried('"settings"'))
    assert store.last_reader() == "bob"
    choose(store, "a", "ann")
    assert store.last_reader() == "ann"


def test_a_reader_who_was_cleared_is_not_the_last_reader(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "sessions.sqlite")
    choose(store, "a", "ann")
    choose(store, "b", "bob")
    for session_id, corpus in (("c", "animals"), ("c", "animals"), ("b", "stocks")):
        choose(store, session_id, "", corpus)
        assert store.last_reader() == "bob", "settings that never had a name clear none"
    choose(store, "a", "")
    assert store.last_reader() == ""
    choose(store, "a", "")
    assert store.last_reader() == "", "other settings are chosen after the name was cleared"
    choose(store, "c", "cleo")
    assert store.last_reader() == "cleo"


def test_damaged_settings_name_no_reader(store: SessionStore, home: Path) -> None:
    for reader in ("ann", "bob", "cleo"):
        choose(store, "a", reader)
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET event = '{\"settings\": ' WHERE id = 2")
        connection.execute("UPDATE events SET event = '{\"settings\": 3}' WHERE id = 3")
    assert store.last_reader() == "ann"
