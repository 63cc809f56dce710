"""Marks from a column of the corpus, on the search page; the model is a fake one."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing import corpus_marks
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import bodies, captions, labelled, messages, press
from tests.support.search_page import opened_popover, page_text, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

RELEVANT, NOT_RELEVANT, UNSURE = (f"Values that mean {mark}" for mark in ("relevant", "not relevant", "unsure"))
OTHERS = "All other values mean not relevant"
TAKE_IN = "Take in these marks"


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def build(encoder: FakeEncoder, name: str, values: Sequence[str], labels: Sequence[tuple[str, ...]] = ()) -> None:
    labels = labels or [()] * len(values)
    documents = [
        Document(str(n), ANIMALS[n], labels[n], {name: value} if value else {}) for n, value in enumerate(values)
    ]
    build_corpus(Source("papers", SourceSpec("papers"), lambda: iter(documents)), encoder)


def importing() -> AppTest:
    return opened_popover(searched("the dog"), "transfer")


def choose_column(app: AppTest, name: str) -> None:
    labelled(app, "selectbox", "Column").set_value(labelled(app, "selectbox", "Column").options.index(name)).run()


def values(app: AppTest) -> list[list[str]]:
    """Return the values that are chosen for relevant, not relevant and unsure."""
    return [labelled(app, "multiselect", label).value for label in (RELEVANT, NOT_RELEVANT, UNSURE)]


def test_decisions_become_marks_by_one_click_and_one_undo_takes_them_back(
    encoder: FakeEncoder, store: SessionStore
) -> None:
    build(encoder, "decision", ["included", "excluded", "", "maybe", "excluded", "included"])
    app = searched("the dog")
    lists = Lists(app).mark("0", "negative").mark("2", "negative")
    opened_popover(app, "transfer")
    assert values(app) == [["included"], ["excluded"], ["maybe"]]
    assert labelled(app, "multiselect", NOT_RELEVANT).options == ["excluded (2)", "included (2)", "maybe (1)"]
    press(app, TAKE_IN)
    assert messages(app, "success") == [
        "Took in marks from the column decision: 2 as relevant, 2 as not relevant, 1 as unsure. "
        "Undo takes all of it back."
    ]
    assert store.load(session_of(app)).feedback == Feedback(("0", "5"), ("2", "1", "4"), ("3",))
    added = store.history(session_of(app))[-1].event
    assert isinstance(added, MarksAdded)
    assert added.found_all == {"column": "decision"}
    lists.look().do("undo")
    assert store.load(session_of(app)).feedback == Feedback((), ("0", "2"))


def test_of_classes_a_person_picks_the_relevant_ones(encoder: FakeEncoder, store: SessionStore) -> None:
    build(encoder, "topic", ["a", "b", "c", "a", "b"], [("x",), ("y",), ("x", "y"), (), ("z",)])
    app = importing()
    column = labelled(app, "selectbox", "Column")
    assert (column.value, column.options) == (None, ["label", "topic"])
    assert TAKE_IN not in [button.label for button in app.button]
    choose_column(app, "label")
    assert values(app) == [[], [], []]
    assert labelled(app, "button", TAKE_IN).disabled
    labelled(app, "multiselect", RELEVANT).set_value(["x"]).run()
    labelled(app, "multiselect", UNSURE).set_value(["x", "z"]).run()
    assert values(app) == [[], [], ["x", "z"]], "a value means one mark"
    labelled(app, "multiselect", RELEVANT).set_value(["x"]).run()
    assert values(app) == [["x"], [], ["z"]]
    labelled(app, "checkbox", OTHERS).check().run()
    press(app, TAKE_IN)
    assert store.load(session_of(app)).feedback == Feedback(("0", "2"), ("1",), ("4",))
    choose_column(app, "topic")
    assert values(app) == [[], [], []]
    labelled(app, "multiselect", NOT_RELEVANT).set_value(["a"]).run()
    press(app, TAKE_IN)
    assert store.load(session_of(app)).feedback == Feedback(("2",), ("1", "0", "3"), ("4",))


def test_names_and_values_are_shown_as_they_are(encoder: FakeEncoder) -> None:
    name, value = "**b** <script>alert(1)</script>", "$x$ :smile: [a](http://b) <i>"
    build(encoder, name, [value, value, "other"])
    app = importing()
    choose_column(app, name)
    assert f"{value} (2)" in labelled(app, "multiselect", RELEVANT).options
    labelled(app, "multiselect", RELEVANT).set_value([value]).run()
    press(app, TAKE_IN)
    assert messages(app, "success")[0].startswith(f"Took in marks from the column {name}: 2 as relevant")
    assert "<script>" not in bodies(app)
    assert "<i>" not in bodies(app)


def test_what_cannot_be_chosen_or_taken_in_is_told(
    encoder: FakeEncoder, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [
        Document(str(n), text, (), {"verdict": value, "of": kind})
        for n, (text, value, kind) in enumerate(
            [("a", "yes", "x"), ("a", "no", "y"), ("b", "yes", "z"), ("c", "no", "z")]
        )
    ]
    build_corpus(Source("papers", SourceSpec("papers"), lambda: iter(documents)), encoder)
    monkeypatch.setattr(corpus_marks, "MOST_VALUES", 2)
    monkeypatch.setattr("exemplar.ui.search.importing.column.MOST_VALUES", 2)
    app = importing()
    assert "These columns have more than 2 values, too many to choose: of." in page_text(app)
    assert labelled(app, "selectbox", "Column").options == ["verdict"]
    press(app, TAKE_IN)
    assert messages(app, "warning") == [
        "Took in marks from the column verdict: 1 as relevant, 1 as not relevant. Undo takes all of it back. "
        "1 row was left out."
    ]
    assert "the same text is marked in two ways, 0 as relevant and 1 as not relevant; mark it" in page_text(app)
    marked = store.load(session_of(app)).feedback
    monkeypatch.setattr(corpus_marks, "MOST_MARKS", 3)
    press(app, TAKE_IN)
    assert messages(app, "error") == [
        "More than 3 documents have these values; choose fewer values. Nothing was changed."
    ]
    assert store.load(session_of(app)).feedback == marked == Feedback(("2",), ("3",))


def test_a_corpus_without_such_columns_says_so(animals: object, encoder: FakeEncoder) -> None:
    build(encoder, "", [""] * 3)
    app = importing()
    app.selectbox(key="corpus").select("papers").run()
    said = "This corpus has no labels, and no other column with few values, that could become marks."
    assert said in captions(opened_popover(app, "transfer"))
