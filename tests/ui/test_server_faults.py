"""A server that is killed, runs out of disk, or is not alone: a mark that the page shows as saved is on the disk."""

import contextlib
import itertools
import json
import os
import random
import resource
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.sessions.events import Marked
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import wait_for
from tests.support.servers import serving
from tests.support.streamlit_client.visitor import Disconnected, NotShown, Visitor, address

pytestmark = pytest.mark.e2e

N_KILLS = int(os.environ.get("EXEMPLAR_KILLS", "0"))  # benchmarks/kills.py asks for many

MARKS: tuple[Mark | None, ...] = ("positive", "negative", None)
TEXTS = [f"{text}, {other}" for text in ANIMALS for other in ANIMALS[:3]]


@pytest.fixture(autouse=True)
def corpus(home: Path) -> None:
    build_corpus(source_of(TEXTS), FakeEncoder())


def marks_of(home: Path, session_id: str) -> list[tuple[str, str | None]]:
    """Return the marks that the log holds, in the order in which they were made."""
    events = (each.event for each in SessionStore(home / "sessions.sqlite").history(session_id))
    return [(event.doc_id, event.mark) for event in events if isinstance(event, Marked)]


def feedback_of(marks: list[tuple[str, str | None]]) -> Feedback:
    return Session("", "").after(*(Marked(doc_id, mark) for doc_id, mark in marks)).feedback


def test_marks_outlive_kills_of_the_server(home: Path) -> None:
    """By turns it is killed at any moment, soon after a mark is confirmed, and between the log and the page."""
    n_kills = max(15, N_KILLS)
    moments = random.Random(3)
    confirmed: list[tuple[str, str | None]] = []
    session_id, n_in_flight = "", 0
    for kind in itertools.islice(itertools.cycle(["any", "confirmed", "logged"]), n_kills):
        with serving(home) as server, Visitor(server.url) as visitor:
            visitor.open(address(session=session_id) if session_id else address(like="0"))
            session_id = visitor.session_id
            visitor.act("fold", on=False)
            assert visitor.marks() == feedback_of(confirmed)
            asked = a_mark(visitor, moments)
            if kind == "logged":
                visitor.mark(*asked, wait=False)  # and read nothing of what the page answers
                wait_for_log(home, session_id, len(confirmed) + 1)
                server.stop()
            else:
                if kind == "confirmed":
                    visitor.mark(*asked)
                    confirmed.append(asked)
                    asked = a_mark(visitor, moments)
                killer = Timer(moments.uniform(0, 0.4), server.kill)
                killer.start()
                with contextlib.suppress(Disconnected):
                    while True:
                        visitor.mark(*asked)
                        confirmed.append(asked)
                        asked = a_mark(visitor, moments)
                server.process.join()
        log = marks_of(home, session_id)
        assert log in (confirmed, [*confirmed, asked])  # what the page had not shown yet may be there too
        n_in_flight += log != confirmed
        confirmed = log
    assert n_in_flight >= n_kills // 3  # all that were killed between the two


def a_mark(visitor: Visitor, moments: random.Random) -> tuple[str, Mark | None]:
    """Return a row of the page and another mark than it has."""
    doc_id = moments.choice(visitor.rows())
    there = visitor.lists.marks().get(doc_id)
    return doc_id, moments.choice([mark for mark in MARKS if mark != there])


def wait_for_log(home: Path, session_id: str, n: int) -> None:
    """Wait until the log holds as many marks."""
    wait_for(lambda: len(marks_of(home, session_id)) == n)


def test_marks_that_nobody_waited_for_are_saved_once_by_the_tabs_that_made_them(home: Path) -> None:
    """Two tabs mark without an end while the server is killed again and again; each keeps what is not confirmed."""
    n_kills, n_marks = max(10, N_KILLS), 5  # of each tab between two kills
    moments = random.Random(5)
    tabs = Visitor(""), Visitor("")
    made: dict[str, tuple[str, str | None]] = {}  # by the keys of the acts
    session_id, n_cut_off = "", 0
    for _ in range(n_kills):
        with serving(home) as server:
            session_id = open_all(tabs, server.url, session_id)
            killer = Timer(moments.uniform(0.05, 0.6), server.kill)
            killer.start()
            for _ in range(n_marks):
                for tab in tabs:
                    mark = a_mark(tab, moments)
                    with contextlib.suppress(Disconnected, NotShown):
                        tab.mark(*mark, wait=False)
                    made[tab.lists.pending[-1]["key"]] = mark
                    with contextlib.suppress(Disconnected):
                        tab.rest(moments.uniform(0, 0.03))
            killer.join()
            server.process.join()
            for tab in tabs:
                tab.close()
            n_cut_off += any(tab.lists.pending for tab in tabs)
    assert n_cut_off, "each kill came too late"
    with serving(home) as server:
        open_all(tabs, server.url, session_id)
        for tab in tabs:
            tab.say(wait=False)
            tab.wait_for(lambda tab=tab: tab.is_drawn and not tab.lists.pending)
        log = acts_in_log(home)
        assert len(made) == len(tabs) * n_kills * n_marks
        assert sorted(key for key, *_ in log) == sorted(made), "none is lost, and none is doubled"
        assert {key: mark for key, *mark in log} == {key: [*mark] for key, mark in made.items()}
        for tab in tabs:
            own = [key for key, *_ in log if key.startswith(tab.lists.tab)]
            assert own == [key for key in made if key.startswith(tab.lists.tab)], "in the order in which they were made"
            tab.say()
            assert tab.marks() == feedback_of([(doc_id, mark) for _, doc_id, mark in log])
            assert tab.problems() == []
            tab.close()


def open_all(tabs: Sequence[Visitor], url: str, session_id: str) -> str:
    """Open a session in all tabs, in which marked rows stay; return its id."""
    for tab in tabs:
        tab.url = url
        tab.open(address(session=session_id) if session_id else address(like="0"))
        if not session_id:
            tab.act("fold", on=False)
        session_id = tab.session_id
    return session_id


def acts_in_log(home: Path) -> list[tuple[str, str, str | None]]:
    """Return the marks in the log, each with its key."""
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection:
        rows = connection.execute("SELECT key, event FROM events ORDER BY id").fetchall()
    events = [(key, json.loads(event)) for key, event in rows]
    return [(key, event["doc_id"], event["mark"]) for key, event in events if "mark" in event]


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to limit another process")
def test_marks_that_a_full_disk_refuses_stay_on_the_page_and_are_saved_when_there_is_room(home: Path) -> None:
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(like="0"))
        a, b, c, d = visitor.rows()[:4]
        visitor.mark(a, "positive")
        session_id, pid = visitor.session_id, server.process.pid
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        with pytest.raises(NotShown, match="it was not saved"):
            visitor.mark(b, "negative")
        with pytest.raises(NotShown, match="it was not saved"):
            visitor.mark(c, "positive", "knn")
        assert [act["rows"][0]["id"] for act in visitor.lists.pending] == [b, c]
        assert len(visitor.lists.failed) == 2
        assert visitor.marks() == Feedback((a,))
        assert marks_of(home, session_id) == [(a, "positive")]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        visitor.mark(d, "positive", "knn")
        assert (visitor.lists.pending, visitor.lists.failed) == ([], {})
    saved = [(a, "positive"), (b, "negative"), (c, "positive"), (d, "positive")]
    assert marks_of(home, session_id) == saved
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(session=session_id))
        assert visitor.marks() == feedback_of(saved)


def test_two_servers_on_one_home_share_its_sessions(home: Path) -> None:
    with serving(home) as one, serving(home) as other, Visitor(one.url) as first, Visitor(other.url) as second:
        first.open(address(like="0"))
        first_row, *rows = first.rows("knn")
        first.mark(first_row, "positive", "knn")
        second.open(address(session=first.session_id))
        assert second.marks() == Feedback((first_row,))
        made: list[tuple[str, str | None]] = [(first_row, "positive")]
        for n, doc_id in enumerate(rows):
            visitor, mark = (second, first)[n % 2], ("positive", "negative")[n % 3 == 1]
            visitor.mark(doc_id, mark, "knn")
            made.append((doc_id, mark))
            assert visitor.marks() == feedback_of(made)
        assert marks_of(home, first.session_id) == made
        assert first.problems() == second.problems() == []


def test_a_corpus_that_goes_and_comes_back_while_its_page_is_open_keeps_its_marks(home: Path) -> None:
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(like="0"))
        a, b = visitor.rows()[:2]
        visitor.mark(a, "positive")
        remove_corpus("animals")
        visitor.mark(b, "negative", wait=False)  # its row stands there still
        visitor.finish()
        assert visitor.rows() == []
        assert len(visitor.lists.pending) == 1
        build_corpus(source_of(TEXTS), FakeEncoder())
        visitor.open(address(session=visitor.session_id))
        visitor.say()
        assert visitor.marks() == Feedback((a,), (b,))
        build_corpus(source_of(TEXTS[:20]), FakeEncoder(), replace=True)  # other documents under the same name
        c = next(row for row in visitor.rows() if row not in (a, b) and int(row) < 20)
        visitor.mark(c, "positive", "knn")
        assert set(map(int, visitor.rows("knn"))) <= set(range(20))
        assert visitor.problems() == []
        assert marks_of(home, visitor.session_id) == [(a, "positive"), (b, "negative"), (c, "positive")]
    assert "Traceback" not in server.log.read_text()
