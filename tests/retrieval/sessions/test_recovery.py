"""A file of sessions that is damaged: nothing of it is thrown away, and the work goes on."""

import json
import os
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Event, Marked, MarksAdded
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.recovery import set_aside
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore

PAGE = 4096  # bytes of the file
MARKS = [Marked(f"document {n} {'of a long name ' * 9}", "positive") for n in range(400)]
LATER = Marked("later", "negative")
S1 = Session("s1", "animals")


class Told(list[str]):
    """What was told of damage, and a store that tells it."""

    def store(self, path: Path) -> SessionStore:
        return SessionStore(path, self.append)


@pytest.fixture
def path(home: Path) -> Path:
    """A log of 400 events, on some fifty pages of the file."""
    home.mkdir()
    path = home / "sessions.sqlite"
    fill(path)
    return path


def fill(path: Path) -> None:
    store = SessionStore(path)
    store.record(S1, MARKS[0])
    rows = [("s1", "animals", "2026-01-01T00:00:00+00:00", json.dumps(mark.to_json())) for mark in MARKS[1:]]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)", rows)


def events(store: SessionStore, session_id: str = "s1") -> list[Event]:
    return [each.event for each in store.history(session_id)]


def overwrite(path: Path, at: int, content: bytes) -> bytes:
    """Damage a file; return what is in it then."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)
    return path.read_bytes()


def pages_of(path: Path, table: str) -> list[int]:
    """Return the places of a table's or an index's pages without its root."""
    with closing(sqlite3.connect(path)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    content = path.read_bytes()
    kind = {"events": 13, "events_of_session": 10, "texts": 10}[table]  # of a leaf
    row = b"text number" if table == "texts" else b"s1animals"
    leaves = [
        n
        for n in range(1, len(content) // PAGE)
        if content[n * PAGE] == kind and n + 1 != root and row in content[n * PAGE : (n + 1) * PAGE]
    ]
    assert len(leaves) > 1
    return [n * PAGE for n in leaves]


def test_a_file_that_is_no_database_is_kept_and_a_new_one_begun(path: Path) -> None:
    damaged, told = overwrite(path, 0, b"x" * PAGE), Told()
    store = told.store(path)
    assert store.history("s1") == []
    store.record(S1, LATER)
    assert events(store) == [LATER]
    kept = path.with_name("sessions.sqlite.damaged")
    assert kept.read_bytes() == damaged
    assert told == [
        f"The file of sessions was damaged. It is kept as {kept}; 0 of its events could be read and are in the new "
        "one. Look over your marks: some may be missing."
    ]


def test_what_stands_before_and_behind_the_damage_is_in_the_new_file(path: Path) -> None:
    leaves = pages_of(path, "events")
    damaged, told = overwrite(path, leaves[len(leaves) // 2], b"\xff" * PAGE), Told()
    store = told.store(path)
    found = events(store)
    assert [MARKS[0], MARKS[-1]] == [found[0], found[-1]]
    assert [mark for mark in MARKS if mark in found] == found
    assert len(MARKS) // 2 < len(found) < len(MARKS)
    assert path.with_name("sessions.sqlite.damaged").read_bytes() == damaged
    assert f"{len(found):,} of its events could be read" in told[0]
    store.record(S1, LATER)
    assert events(store) == [*found, LATER]


def test_damage_to_the_index_alone_loses_nothing(path: Path) -> None:
    overwrite(path, pages_of(path, "events_of_session")[1], b"\xff" * PAGE)
    told = Told()
    store = told.store(path)
    assert events(store) == MARKS
    assert f"{len(MARKS):,} of its events could be read" in told[0]
    assert store.load("s1").feedback.positives == tuple(mark.doc_id for mark in MARKS)


def test_a_second_damaged_file_is_kept_beside_the_first(path: Path) -> None:
    for n, name in enumerate(("sessions.sqlite.damaged", "sessions.sqlite.damaged-2"), 1):
        damaged = overwrite(path, 0, bytes([n]) * PAGE)
        SessionStore(path).record(S1, LATER)
        assert path.with_name(name).read_bytes() == damaged
    assert sorted(each.name for each in path.parent.glob("*.damaged*")) == [
        "sessions.sqlite.damaged",
        "sessions.sqlite.damaged-2",
    ]


def test_what_was_written_last_is_in_the_new_file_and_kept(path: Path) -> None:
    leaves = pages_of(path, "events")
    with closing(sqlite3.connect(path)) as onlooker:
        onlooker.execute("SELECT count(*) FROM events").fetchone()  # keeps the last writes in a file of their own
        SessionStore(path).record(S1, LATER)
        written_last = Path(f"{path}-wal").read_bytes()
        assert b"later" in written_last
        overwrite(path, leaves[1], b"\xff" * PAGE)
        *found, last = events(SessionStore(path))
    assert last == LATER
    assert [mark for mark in MARKS if mark in found] == found
    assert Path(f"{path}.damaged-wal").read_bytes() == written_last


def test_many_who_find_it_damaged_at_once_set_it_aside_once_and_lose_nothing(path: Path) -> None:
    overwrite(path, 0, b"x" * PAGE)
    told = Told()
    with ThreadPoolExecutor(8) as pool:
        for n in range(8):
            pool.submit(told.store(path).record, Session(f"s{n}", "animals"), LATER)
    assert len(told) == 1
    assert [events(SessionStore(path), f"s{n}") for n in range(8)] == [[LATER]] * 8
    assert len(list(path.parent.glob("*.damaged*"))) == 1


def test_nobody_has_to_switch_the_new_file_to_a_write_ahead_log(path: Path) -> None:
    overwrite(path, pages_of(path, "events")[1], b"\xff" * PAGE)
    assert set_aside(path)
    assert not list(path.parent.glob("*.new*"))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM events").fetchone()[0] > len(MARKS) // 2


def test_a_file_that_is_whole_stays_where_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert set_aside(path) is None
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="the rights of files don't bind this user")
def test_without_room_for_another_nothing_is_changed(path: Path) -> None:
    damaged = overwrite(path, 0, b"x" * PAGE)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(OSError, match="Permission denied"):
            SessionStore(path).record(S1, LATER)
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == damaged


@pytest.mark.slow
@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), n_bytes=st.integers(1, 3 * PAGE), cut=st.booleans())
@example(seed=4200, n_bytes=1, cut=True)  # the event is given the number of the first
@example(seed=14275, n_bytes=2195, cut=False)  # the event goes to a page that turns out to be damaged when it is read
def test_whatever_is_damaged_the_next_event_is_saved_or_it_is_told(
    path: Path, seed: int, n_bytes: int, cut: bool
) -> None:
    for each in path.parent.iterdir():
        each.unlink()
    fill(path)
    rng = random.Random(seed)
    size = path.stat().st_size
    if cut:
        os.truncate(path, rng.randrange(size))
    damaged, told = overwrite(path, rng.randrange(path.stat().st_size + 1), rng.randbytes(n_bytes)), Told()
    store = told.store(path)
    try:
        store.record(S1, LATER)
        n_told, saved, found = len(told), store.saved(), events(store)
        assert found[-1] == LATER or len(told) > n_told
        assert saved[0].session_id == "s1"
    except (sqlite3.Error, ValueError):  # an event is no JSON any more, for one: the others are there all the same
        pass
    kept = [each.read_bytes() for each in path.parent.glob("*.damaged")]
    assert len(kept) == bool(told)
    for content in kept:  # the event itself may have been written to it before it was found
        starts = range(0, len(damaged), PAGE)
        assert sum(content[n : n + PAGE] != damaged[n : n + PAGE] for n in starts) <= 8


def test_keys_identities_and_texts_are_kept(path: Path) -> None:
    text = MarkedText("A title", "a text")
    store = Told().store(path)
    store.record(S1, Marked("a", "positive", text.text_hash, text), key="k1", corpus_id="c1")
    overwrite(path, pages_of(path, "events")[1], b"\xff" * PAGE)
    store.record(S1, LATER, key="k2", corpus_id="c1")
    assert store.texts("s1") == {text.text_hash: text}
    assert [each.corpus_id for each in store.history("s1")[-2:]] == ["c1", "c1"]
    n_events = store.count("s1")
    for key in ("k1", "k2"):
        store.record(S1, LATER, key=key)
    assert store.count("s1") == n_events, "an event that is written again is not doubled"


def test_the_texts_before_and_behind_the_damage_are_kept(path: Path) -> None:
    texts = [MarkedText(None, f"text number {n} {'and so on ' * 9}") for n in range(400)]
    added = MarksAdded(Feedback(tuple(map(str, range(400)))), texts=tuple(texts))
    SessionStore(path).record(S1, added)
    known = {text.text_hash: text for text in texts}
    leaves = pages_of(path, "texts")
    overwrite(path, leaves[len(leaves) // 2], b"\xff" * PAGE)
    assert set_aside(path)
    found = SessionStore(path).texts("s1")
    assert found == {text_hash: known[text_hash] for text_hash in found}
    assert {min(known), max(known)} <= found.keys()
    assert len(texts) // 2 < len(found) < len(texts)


def test_a_key_that_a_damaged_file_repeats_costs_no_event(path: Path) -> None:
    told = Told()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP INDEX keys_of_events")
        connection.execute("UPDATE events SET key = 'same'")
    overwrite(path, pages_of(path, "events_of_session")[1], b"\xff" * PAGE)
    assert events(told.store(path)) == MARKS
