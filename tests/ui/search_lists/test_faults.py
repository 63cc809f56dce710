"""What goes wrong while the lists are drawn or a message is taken, and what is stopped halfway."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.error_log import log_path
from exemplar.data.errors import ExemplarError
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import state
from tests.support.lists import Lists
from tests.support.pages import bodies, messages
from tests.support.search_page import column, listed_marks, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(SearchEngine, "search", fails)


def test_an_error_that_a_person_can_mend_is_told_in_place_of_the_lists(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    with monkeypatch.context() as patch:
        fail(patch, ExemplarError("the model has changed: build the corpus again"))
        app.run()
        assert messages(app) == ["The model has changed: build the corpus again"]
        assert not app.exception
        assert column(app, "knn") == []
        assert app.text_input(key="query_text").value == "the dog", "the rest of the page is there"
    app.run()
    assert messages(app) == []
    assert len(column(app, "knn")) == 10


def test_a_fault_of_the_program_is_logged_and_told_once(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")
    with monkeypatch.context() as patch:
        fail(patch, ZeroDivisionError("it is <b>zero</b>"))
        app.run()
        assert not app.exception
        [told] = messages(app, "error")
        assert str(log_path()) in told
        assert "<b>zero" not in bodies(app)
    assert "ZeroDivisionError: it is <b>zero</b>" in log_path().read_text()
    app.run()
    assert messages(app) == []


def test_a_mark_is_saved_though_the_lists_cannot_be_drawn(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    lists = Lists(app)
    lists.act("mark", verdict="positive", rows=[lists.shown_row("5")])
    with monkeypatch.context() as patch:
        fail(patch, ExemplarError("the model has changed"))
        lists.say()
        assert messages(app) == ["The model has changed"]
        assert len(lists.pending) == 1, "nothing was drawn that confirms it"
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",))
    app.run()
    assert lists.look().pending == []
    assert listed_marks(app) == ["remove 5"]


def test_a_save_that_is_stopped_halfway_is_on_the_page_all_the_same(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click elsewhere stops a run of the lists at its next access to the session's state."""
    app = searched("the dog")
    lists = Lists(app)
    put_after = state._put_after

    def stopped(*arguments: Any) -> None:
        monkeypatch.setattr(state, "_put_after", put_after)
        raise RerunException(RerunData())

    monkeypatch.setattr(state, "_put_after", stopped)
    lists.mark("5")
    assert lists.counts() == {"positive": 1, "negative": 0, "unsure": 0}
    assert "5" not in lists.listed()
    lists.mark("6")
    assert lists.pending == []
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5", "6"))
    assert listed_marks(app) == ["remove 6", "remove 5"]
