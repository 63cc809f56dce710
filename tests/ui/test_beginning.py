"""The search page before the first query, and the menu of its session; the model is a fake one."""

import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sample_queries import sample_queries
from exemplar.retrieval.sessions.events import FiltersSet, Named, Queried, SettingsSet
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, messages, press
from tests.support.search_page import column, listed_marks, opened, opened_popover, search, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def offered(app: AppTest) -> dict[str, str]:
    """Return the sessions that are offered to go on with, in order: the labels by id."""
    buttons = [button for button in app.button if button.key and button.key.startswith("go on ")]
    return {button.key.removeprefix("go on "): button.label for button in buttons}


def samples(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.key and button.key.startswith("sample ")]


def name(app: AppTest, typed: str) -> None:
    opened_popover(app, "session_menu").text_input(key="session_name_box").input(typed).run()
    assert not app.exception


def menu_label(app: AppTest) -> str:
    return str(app.get_by_key("session_menu").proto.popover.label)


def test_a_new_session_says_what_to_do_and_offers_queries_of_the_corpus(animals: Corpus) -> None:
    app = opened()
    assert len(app.get_by_key("beginning").get("html")[0].body.split("</p>")) == 4
    assert samples(app) == sample_queries(animals)
    assert len(samples(app)) == 3
    first = samples(app)[0]
    press(app, first)
    assert (app.text_input(key="query_text").value, app.query_params["q"]) == (first, first)
    assert samples(app) == []
    assert len(column(app, "knn")) == 10


def test_a_corpus_without_plain_words_offers_no_query(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["1234", "5678"], name="numbers"), encoder)
    app = opened()
    assert samples(app) == []
    assert "Try one of these" not in captions(app)


def test_the_last_sessions_are_offered_by_name_or_first_query(animals: Corpus, store: SessionStore) -> None:
    for number in range(7):
        store.record(Session(f"s{number}", "animals"), Queried(f"query {number}"))
    store.record(Session("s3", "animals"), Named("my **papers**"))
    store.record(Session("s6", "animals"), Queried("another query"))
    app = opened()
    assert list(offered(app)) == ["s6", "s3", "s5", "s4", "s2"]
    assert offered(app)["s6"] == "query 6 · animals"
    assert offered(app)["s3"] == "my papers · animals"
    press(app, "my papers · animals")
    assert session_of(app) == "s3"
    assert app.text_input(key="query_text").value == "query 3"


def test_a_log_that_cannot_be_read_offers_no_session(
    animals: Corpus, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.record(Session("s", "animals"), Queried("the dog"))

    def locked(_: SessionStore) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "saved", locked)
        assert offered(opened()) == {}
    assert offered(opened()) == {"s": "the dog · animals"}


def test_a_session_is_named_by_its_first_query_until_it_has_a_name(animals: Corpus, store: SessionStore) -> None:
    app = opened()
    assert menu_label(app) == "New session"
    search(app, "the dog and *all* the other animals of this world")
    assert menu_label(app) == "the dog and all the other animal…"
    search(app, "rain")
    assert menu_label(app) == "the dog and all the other animal…", "that of the first query"
    name(app, "  Cats & dogs  ")
    assert [each.event for each in store.history(session_of(app))][-1] == Named("Cats & dogs")
    assert menu_label(app) == "Cats dogs"
    again = opened(session_of(app))
    assert opened_popover(again, "session_menu").text_input(key="session_name_box").value == "Cats & dogs"
    name(again, "")
    assert menu_label(again) == "the dog and all the other animal…"


def test_the_menu_offers_the_other_sessions(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("rain")
    opened_popover(second, "session_menu")
    assert offered(second) == {session_of(first): "the dog · animals"}
    press(second, "the dog · animals")
    assert session_of(second) == session_of(first)
    assert second.text_input(key="query_text").value == "the dog"


def test_new_begins_a_session_with_the_settings_and_nothing_else(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    Lists(app).fold(on=False).mark("3")
    opened_popover(app, "settings").select_slider(key="C").set_value(0.5).run()
    old = session_of(app)
    store.record(Session(old, "animals"), FiltersSet(Filters(words="dog")))
    app.run()
    press(app, "New")
    assert session_of(app) != old
    assert (app.query_params.get("q"), app.text_input(key="query_text").value) == (None, "")
    assert samples(app)
    assert store.load(session_of(app)) == Session(
        session_of(app), "animals", settings=Settings(hide_marked=False, C=0.5), corpus_id=animals.manifest.corpus_id
    )
    assert [each.event for each in store.history(session_of(app))] == [SettingsSet(Settings(hide_marked=False, C=0.5))]
    search(app, "the dog")
    assert len(column(app, "knn")) == 10
    assert listed_marks(app) == []
    assert store.load(old).feedback == Feedback(("3",))


def test_new_on_a_new_session_writes_nothing(animals: Corpus, store: SessionStore) -> None:
    app = opened()
    first = session_of(app)
    press(app, "New")
    assert session_of(app) != first
    assert store.saved() == []


def test_the_corpus_is_chosen_by_its_name_and_size(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = opened()
    assert app.selectbox(key="corpus").options == ["animals · 10", "other · 5"]
    app.selectbox(key="corpus").select("other").run()
    assert samples(app) == sample_queries(build_corpus(source_of(ANIMALS[5:], name="again"), encoder))
    assert messages(app) == []
