"""Two sessions compared and joined on the page Sessions, without a browser."""

import csv
import io
import json
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.screening.readers import BLINDNESS
from exemplar.retrieval.sessions.events import Named, Noted, Queried
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import comparison
from tests.support.corpora import ANIMALS
from tests.support.pages import SESSIONS_PAGE, bodies, captions, labelled, messages, opened_page, press, press_key, ran
from tests.support.readers import marked, saved_sessions

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model", "open_popovers")]

HOSTILE = "**b** <script>alert(1)</script> [x](http://y)"


@pytest.fixture
def open_popovers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the popover stand open."""

    def popover(label: str, **_: object) -> DeltaGenerator:
        container = st.container()
        container.open = True
        return container

    monkeypatch.setattr("exemplar.ui.comparison.st.popover", popover)


@pytest.fixture
def store(animals: Corpus) -> SessionStore:
    """The sessions of ann and of one with a hostile name, who differ on document 1; ann's changed last."""
    return saved_sessions(
        animals,
        other=[
            Queried("a cat"),
            marked(animals, "0", "positive", HOSTILE),
            marked(animals, "1", "negative", HOSTILE),
            Noted("1", HOSTILE, reason="wrong outcome"),
        ],
        anns=[
            Queried("a cat"),
            *(marked(animals, doc_id, "positive", "ann") for doc_id in ("0", "1", "3")),
            Named("mine"),
        ],
    )


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What the buttons for downloads write, by their labels."""
    found: dict[str, Callable[[], bytes]] = {}
    button = comparison.st.download_button

    def download(label: str, write: Callable[[], bytes], **rest: object) -> bool:
        found[label] = write
        return button(label, write, **rest)

    monkeypatch.setattr(comparison.st, "download_button", download)
    return found


def opened() -> AppTest:
    app = opened_page(SESSIONS_PAGE)
    ran(labelled(app, "selectbox", "Session").set_value("anns").run())
    return app


def test_nothing_is_compared_until_it_is_asked_for(store: SessionStore) -> None:
    app = opened()
    assert BLINDNESS in captions(app)
    assert len(app.dataframe) == 1
    assert "Agreement" not in bodies(app)


def test_two_sessions_are_compared(store: SessionStore, files: dict[str, Callable[[], bytes]]) -> None:
    app = opened()
    press(app, "Compare the marks")
    assert "Agreement 50.0%. Cohen&#x27;s kappa 0.00 over relevant, not relevant and unsure; 0.00 over" in bodies(app)
    assert "Marked by both: 2; by ann alone: 1; by" in bodies(app)
    assert "<script>" not in bodies(app)
    _, counts, conflicts = (table.value for table in app.dataframe)
    assert counts.to_numpy().tolist() == [["relevant", 1, 1, 0], ["not relevant", 0, 0, 0], ["unsure", 0, 0, 0]]
    assert conflicts.columns.tolist() == ["Document", "Title", "ann", HOSTILE]
    assert conflicts.to_numpy().tolist() == [["1", ANIMALS[1], "relevant", f"not relevant · wrong outcome · {HOSTILE}"]]
    [row] = csv.DictReader(io.StringIO(files["Conflicts (CSV)"]().decode("utf-8-sig")))
    assert (row["doc_id"], row["first_reader"], row["second_reason"]) == ("1", "ann", "wrong outcome")
    assert json.loads(files["All of it (JSON)"]())["agreement"] == 0.5
    press(app, "Close")
    assert len(app.dataframe) == 1


def test_the_comparison_is_that_of_the_chosen_session(store: SessionStore) -> None:
    app = opened()
    press(app, "Compare the marks")
    ran(labelled(app, "selectbox", "Session").set_value("other").run())
    assert len(app.dataframe) == 1


def test_two_sessions_are_joined_and_the_new_one_is_chosen(store: SessionStore) -> None:
    before = [store.history(session_id) for session_id in ("anns", "other")]
    app = opened()
    press_key(app, "join")
    joined = store.saved()[0].session_id
    assert labelled(app, "selectbox", "Session").value == joined
    session = store.load(joined)
    assert session is not None
    assert (session.feedback, session.conflicts) == (Feedback(("0", "3"), (), ("1",)), ("1",))
    assert messages(app, "warning") == ["Joined into a new session: 1 conflict waits under Marks."]
    assert [store.history(session_id) for session_id in ("anns", "other")] == before


def test_what_can_not_be_joined_or_compared_is_told(store: SessionStore) -> None:
    app = opened()
    store.delete("other")
    press_key(app, "join")
    assert messages(app, "warning") == [
        "The sessions could not be joined: one of them was deleted meanwhile. Nothing was changed; try again."
    ]
    assert [each.session_id for each in store.saved()] == ["anns"]
    assert [button.key for button in app.button if button.key in ("join", "compare_marks")] == []


def test_sessions_whose_corpus_is_gone_are_compared_by_the_texts_of_their_marks(store: SessionStore) -> None:
    remove_corpus("animals")
    app = opened()
    press(app, "Compare the marks")
    assert "Agreement 50.0%" in bodies(app)
