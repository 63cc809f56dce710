"""What is done in the lists draws only these anew, unless the page around them shows something else then.

This runs a real server: without one, Streamlit runs the whole page each time.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.servers import serving
from tests.support.streamlit_client.visitor import Visitor, address

pytestmark = pytest.mark.slow

GONE = "Some of what you did belongs to a session or a corpus that was removed meanwhile; it was not saved."
CHANGED = "The text of a row has changed meanwhile, so that its mark or note was not saved."


@pytest.fixture
def visitor(home: Path) -> Iterator[Visitor]:
    build_corpus(source_of(ANIMALS), FakeEncoder())
    with serving(home) as server, Visitor(server.url) as visitor:
        visitor.open(address(like="3"))
        yield visitor


def test_a_mark_draws_only_the_lists(visitor: Visitor) -> None:
    runs = visitor.n_runs
    visitor.mark("5", "positive")
    visitor.finish()
    assert visitor.n_runs == runs, "of the page"
    assert visitor.n_marks() == {"positive": 1, "negative": 0, "unsure": 0}
    visitor.act("fold", on=False)
    visitor.act("ranker", side=1, ranker="svm")
    visitor.act("undo")
    visitor.finish()
    assert visitor.n_runs == runs
    assert visitor.rows("svm")


def test_more_like_a_row_draws_the_page_with_the_new_query(visitor: Visitor) -> None:
    visitor.act("like", **{key: visitor.lists.shown_row("5")[key] for key in ("id", "hash")})
    visitor.finish()
    assert visitor.query_params["like"] == "5"
    assert "More like  5" in visitor.text()
    assert "5" not in visitor.rows()
    assert visitor.problems() == []


def test_a_session_that_was_deleted_elsewhere_goes_on_at_the_next_mark(visitor: Visitor, home: Path) -> None:
    store, old = SessionStore(home / "sessions.sqlite"), visitor.session_id
    visitor.mark("5", "positive")
    store.delete(old)
    visitor.mark("6", "negative")
    visitor.finish()
    assert visitor.session_id != old
    assert visitor.lists.data["session"] == visitor.session_id
    assert visitor.messages("warning") == [
        "This session was deleted elsewhere. What is on this page goes on as a new one."
    ]
    assert store.load(visitor.session_id).feedback == Feedback(("5",), ("6",))


def test_what_becomes_of_a_mark_that_cannot_be_made_is_told_at_once(visitor: Visitor) -> None:
    rows = [visitor.lists.shown_row(doc_id) for doc_id in ("5", "6")]
    build_corpus(source_of([*ANIMALS[:5], "stocks rose", *ANIMALS[6:]]), FakeEncoder())
    visitor.act("mark", verdict="positive", rows=rows)
    visitor.finish()
    assert visitor.messages("warning") == [CHANGED]
    assert visitor.marks() == Feedback(("6",))
    visitor.act("mark", verdict="positive", rows=rows[:1])
    visitor.finish()
    assert visitor.messages("warning") == [GONE]


def test_a_query_of_another_tab_draws_the_page_at_the_next_mark(visitor: Visitor) -> None:
    with Visitor(visitor.url) as other:
        other.open(address(session=visitor.session_id))
        other.act("like", **{key: other.lists.shown_row("8")[key] for key in ("id", "hash")})
        other.finish()
    visitor.mark("5", "positive")
    visitor.finish()
    assert visitor.query_params["like"] == "8"
    assert "8" not in visitor.rows()
    assert visitor.marks() == Feedback(("5",))


def test_marks_that_do_not_wait_for_a_page_that_is_being_drawn_are_kept(visitor: Visitor, home: Path) -> None:
    old = visitor.session_id
    visitor.mark("5", "positive", wait=False)
    visitor.click("new_session", wait=False)
    visitor.mark("6", "positive", wait=False)
    visitor.finish()
    visitor.open(address(like="3"))
    visitor.say()
    assert visitor.lists.pending == []
    assert visitor.session_id != old
    assert SessionStore(home / "sessions.sqlite").load(old).feedback == Feedback(("5", "6"))
    assert visitor.problems() == []
