"""A server that is killed, runs out of disk, or is not alone: every mark that its page has confirmed is kept."""

import contextlib
import itertools
import os
import random
import resource
import sys
from pathlib import Path
from threading import Timer

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.retrieval.sessions.events import Marked
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import wait_for
from tests.support.servers import serving
from tests.support.streamlit_client.visitor import Disconnected, Visitor, address

pytestmark = pytest.mark.e2e


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
    n_kills = max(15, int(os.environ.get("EXEMPLAR_KILLS", "15")))  # benchmarks/kills.py asks for more
    moments = random.Random(3)
    confirmed: list[tuple[str, str | None]] = []
    session_id, n_in_flight = "", 0
    for kind in itertools.islice(itertools.cycle(["any", "confirmed", "logged"]), n_kills):
        with serving(home) as server, Visitor(server.url) as visitor:
            visitor.open(address(session=session_id) if session_id else address(like="0"))
            session_id = visitor.session_id
            visitor.list_all()
            assert visitor.marks() == feedback_of(confirmed)
            asked = a_mark(visitor, moments)
            if kind == "logged":
                click(visitor, *asked)
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
    there = visitor.marked_rows().get(doc_id)
    return doc_id, moments.choice([mark for mark in MARKS if mark != there])


def wait_for_log(home: Path, session_id: str, n: int) -> None:
    """Wait until the log holds as many marks."""
    wait_for(lambda: len(marks_of(home, session_id)) == n)


def click(visitor: Visitor, doc_id: str, mark: Mark | None) -> None:
    """Mark a row, and read nothing of what the page answers."""
    there = visitor.marked_rows().get(doc_id)
    visitor.click(f"{mark or there} {DEFAULT_RANKER} {doc_id}", wait=False)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux to limit another process")
def test_marks_that_a_full_disk_refuses_stay_on_the_page_and_are_saved_when_there_is_room(home: Path) -> None:
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(like="0"))
        a, b, c, d = visitor.rows()[:4]
        visitor.mark(a, "positive")
        session_id, pid = visitor.session_id, server.process.pid
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        visitor.mark(b, "negative")
        [warning] = visitor.messages("warning")
        assert "This change is on the page but could not be saved" in warning
        visitor.click(f"positive knn {c}")
        assert visitor.marks() == Feedback((a, c), (b,))
        assert marks_of(home, session_id) == [(a, "positive")]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        visitor.click(f"positive knn {d}")
        assert visitor.messages("warning") == []
    saved = [(a, "positive"), (b, "negative"), (c, "positive"), (d, "positive")]
    assert marks_of(home, session_id) == saved
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(session=session_id))
        assert visitor.marks() == feedback_of(saved)


def test_two_servers_on_one_home_share_its_sessions(home: Path) -> None:
    with serving(home) as one, serving(home) as other, Visitor(one.url) as first, Visitor(other.url) as second:
        first.open(address(like="0"))
        first_row, *rows = first.rows("knn")
        first.click(f"positive knn {first_row}")
        second.open(address(session=first.session_id))
        assert second.marks() == Feedback((first_row,))
        made: list[tuple[str, str | None]] = [(first_row, "positive")]
        for n, doc_id in enumerate(rows):
            visitor, mark = (second, first)[n % 2], ("positive", "negative")[n % 3 == 1]
            visitor.click(f"{mark} knn {doc_id}")
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
        visitor.click(f"negative anchored {b}")  # its row stands there still
        assert visitor.rows() == []
        build_corpus(source_of(TEXTS), FakeEncoder())
        visitor.open(address(session=visitor.session_id))
        assert visitor.marks() == Feedback((a,), (b,))
        build_corpus(source_of(TEXTS[:20]), FakeEncoder(), replace=True)  # other documents under the same name
        c = next(row for row in visitor.rows() if row not in (a, b) and int(row) < 20)
        visitor.click(f"positive knn {c}")
        assert set(map(int, visitor.rows("knn"))) <= set(range(20))
        assert visitor.problems() == []
        assert marks_of(home, visitor.session_id) == [(a, "positive"), (b, "negative"), (c, "positive")]
    assert "Traceback" not in server.log.read_text()
