"""Marking all documents that pass the filters, on the search page; the model is a fake one."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search import mark_all
from tests.support.corpora import ANIMALS
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, press
from tests.support.search_page import opened_popover, page_text, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def filtered(app: AppTest, *labels: str) -> AppTest:
    """Return a page with a filter by labels, with its filters open."""
    opened_popover(app, "filters").multiselect(key="filter_labels").set_value(list(labels)).run()
    return opened_popover(app, "filters")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_all_that_pass_are_marked_after_a_question_and_by_one_undo_not_any_more(
    animals: Corpus, store: SessionStore
) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("6", "negative")
    filtered(app, "market", "weather")
    press(app, "Mark all 4 that pass …")
    question = "Mark all 4 documents that pass the filters (label market or weather)?"
    assert question in page_text(app)
    asked = labels(app)
    assert asked.index("Mark none") < asked.index("As relevant") < asked.index("As not relevant")
    assert store.load(session_of(app)).feedback == Feedback((), ("6",)), "not before the answer"
    press(app, "As relevant")
    assert question not in page_text(app)
    assert store.load(session_of(app)).feedback == Feedback(("5", "7", "8", "9"), ("6",))
    added = store.history(session_of(app))[-1].event
    assert isinstance(added, MarksAdded)
    assert added.text_hashes == dict(zip("5789", animals.text_hashes([5, 7, 8, 9]), strict=True))
    assert {text.text for text in store.texts(session_of(app)).values()} == set(ANIMALS[5:])
    lists.look().do("undo")
    assert store.load(session_of(app)).feedback == Feedback((), ("6",))


def test_mark_none_closes_the_question_and_marks_none(animals: Corpus, store: SessionStore) -> None:
    app = filtered(searched("the dog"), "market")
    press(app, "Mark all 3 that pass …")
    press(app, "Mark none")
    assert "Mark all 3 documents" not in page_text(app)
    assert store.load(session_of(app)).feedback == Feedback()


@pytest.mark.parametrize(
    ("label", "kept"), [("As not relevant", Feedback((), ("8", "9"))), ("As unsure", Feedback((), (), ("8", "9")))]
)
def test_all_can_be_not_relevant_or_unsure(animals: Corpus, store: SessionStore, label: str, kept: Feedback) -> None:
    app = filtered(searched("the dog"), "weather")
    press(app, "Mark all 2 that pass …")
    press(app, label)
    assert store.load(session_of(app)).feedback == kept


def test_without_filters_or_with_nothing_to_mark_there_is_no_such_button(animals: Corpus) -> None:
    app = opened_popover(searched("the dog"), "filters")
    assert not [label for label in labels(app) if label.startswith("Mark all")]
    Lists(app).mark("8").mark("9")
    filtered(app, "weather")
    assert not [label for label in labels(app) if label.startswith("Mark all")]


def test_a_copy_of_a_marked_text_is_not_marked_in_another_way(encoder: FakeEncoder, store: SessionStore) -> None:
    documents = [Document(str(n), text, ("x" if n < 3 else "y",)) for n, text in enumerate(["a", "b", "a", "c"])]
    build_corpus(Source("docs", SourceSpec("docs"), lambda: iter(documents)), encoder)
    app = searched("a")
    Lists(app).mark("0")
    filtered(app, "x")
    press(app, "Mark all 1 that pass …")
    assert "Mark 1 document that pass" in page_text(app)
    press(app, "As not relevant")
    assert store.load(session_of(app)).feedback == Feedback(("0",), ("1",))


def test_too_many_are_not_marked_at_once(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mark_all, "MOST", 2)
    app = filtered(searched("the dog"), "market")
    assert "3 unmarked documents pass: too many to mark at once, which can be done for 2." in captions(app)
    assert not [label for label in labels(app) if label.startswith("Mark all")]
