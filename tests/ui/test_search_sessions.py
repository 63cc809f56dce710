"""Sessions, addresses and tabs of the search page, without a browser; the model is a fake one."""

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Queried
from exemplar.retrieval.sessions.schema import MIGRATIONS
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import APP, messages
from tests.support.search_page import (
    column,
    listed_mark,
    listed_marks,
    opened,
    part,
    search,
    searched,
    session_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_what_another_tab_has_marked_is_there_at_the_next_step(animals: Corpus) -> None:
    first = searched("the dog")
    second = opened(session_of(first))
    Lists(second).mark("5")
    lists = Lists(first).mark("3", "negative")
    assert lists.counts() == {"positive": 1, "negative": 1, "unsure": 0}
    assert set(lists.listed()) == set("01246789")
    for each in (first, second):
        assert listed_marks(each) == ["remove 3", "remove 5"]


def test_a_session_that_was_deleted_elsewhere_goes_on_as_a_new_one(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    old = session_of(app)
    SessionStore(home / "sessions.sqlite").delete(old)
    app.run()
    [warning] = messages(app, "warning")
    assert warning == "This session was deleted elsewhere. What is on this page goes on as a new one."
    assert session_of(app) != old
    again = opened(session_of(app))
    assert listed_marks(again) == ["remove 5"]
    assert again.text_input(key="query_text").value == "the dog"


def test_a_document_that_is_the_query_is_never_another_text_unnoticed(encoder: FakeEncoder) -> None:
    def build(*texts: str) -> None:
        documents = [Document(doc_id, text) for doc_id, text in zip("abc", texts, strict=False) if text]
        build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(documents)), encoder)

    build("the dog barks", "a cat sleeps", "rain falls")
    app = searched("the dog")
    Lists(app).like("a")
    ranked = column(app, "knn")
    assert messages(app, "warning") == []
    build("stocks fell", "a cat sleeps", "rain falls")
    for each in (app.run(), opened(session_of(app))):
        assert messages(each, "warning") == [
            "The text of the document 'a' has changed since it became the query: search by what it is now, or type "
            "another query."
        ]
        assert column(each, "knn") == []
        assert "stocks fell" in part(each, "query-document")
    app.button(key="renew query").click().run()
    assert messages(app, "warning") == []
    assert sorted(column(app, "knn")) == sorted(ranked)
    build("", "a cat sleeps", "rain falls")
    for each in (app.run(), opened(session_of(app))):
        assert messages(each) == [
            "There is no document 'a' in the corpus 'weekly', and it is the query: type another one, or paste a text."
        ]
    search(app, "rain")
    assert messages(app) == []
    assert len(column(app, "knn")) == 2


def test_a_link_names_corpus_and_query(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = AppTest.from_file(APP, default_timeout=30)
    app.query_params["corpus"] = "other"
    app.query_params["q"] = "stocks fell"
    app.run()
    assert app.selectbox(key="corpus").value == "other"
    assert app.text_input(key="query_text").value == "stocks fell"
    assert column(app, "knn")[0] == "0"
    Lists(app).like("1")
    assert app.query_params["like"] == "1"
    assert "q" not in app.query_params
    link = AppTest.from_file(APP, default_timeout=30)
    link.query_params["corpus"], link.query_params["like"] = "other", "1"
    link.run()
    assert column(link, "knn") == column(app, "knn")
    lost = AppTest.from_file(APP, default_timeout=30)
    lost.query_params["corpus"] = "<b>gone</b>"
    lost.run()
    assert messages(lost, "warning") == ["There is no corpus '<b>gone</b>' here."]


def test_a_reload_brings_query_and_marks_back(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    Lists(app).mark("0", "negative")
    again = opened(session_of(app))
    assert again.text_input(key="query_text").value == "the dog"
    assert column(again, "anchored") == column(app, "anchored")
    assert listed_marks(again) == ["remove 0", "remove 5"]


def test_a_run_that_is_stopped_wherever_it_writes_its_state_is_made_good_by_the_next(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    write = SafeSessionState.__setitem__
    for place in itertools.count():
        n_written = itertools.count()

        def write_or_stop(
            held: SafeSessionState, key: str, value: object, place: int = place, n_written: Iterator[int] = n_written
        ) -> None:
            if next(n_written) == place:
                st.rerun()  # as a click that comes then
            write(held, key, value)

        with monkeypatch.context() as patch:
            patch.setattr(SafeSessionState, "__setitem__", write_or_stop)
            again = opened(session_of(app))
        if next(n_written) <= place:  # it came to its end
            break
        assert not again.exception
        assert messages(again) == []
        assert session_of(again) == session_of(app)
        assert again.text_input(key="query_text").value == "the dog"
        assert listed_marks(again) == ["remove 5"]
    assert place > 10


def test_each_tab_has_a_session_of_its_own(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("the dog")
    Lists(first).mark("5")
    second.run()
    assert session_of(first) != session_of(second)
    assert listed_marks(second) == []


@pytest.mark.parametrize("reload", [False, True])
def test_each_corpus_keeps_its_own_query_and_marks(animals: Corpus, encoder: FakeEncoder, reload: bool) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    Lists(app).mark("5")
    before = column(app, "anchored")
    app.selectbox(key="corpus").select("other").run()
    if reload:
        app = opened(session_of(app))
    assert app.selectbox(key="corpus").value == "other"
    assert app.text_input(key="query_text").value == ""
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert column(app, "anchored") == before
    assert app.text_input(key="query_text").value == "the dog"
    assert listed_marks(app) == ["remove 5"]


def test_the_address_decides_which_session_is_open(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("rain")
    first.query_params.update({"session": session_of(second), "q": "rain"})
    first.run()
    assert first.text_input(key="query_text").value == "rain"
    assert column(first, "knn") == column(second, "knn")


def test_an_unknown_session_in_the_address_is_a_new_one(animals: Corpus) -> None:
    for name in ("never", "<script>", "../../etc", "x" * 10_000):
        app = opened(name)
        assert session_of(app) != name
        assert not app.exception


def test_with_a_session_file_of_a_newer_version_the_page_works_and_says_that_nothing_is_saved(
    animals: Corpus, home: Path
) -> None:
    path = home / "sessions.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    app = searched("the dog")
    refused = f"a newer Exemplar wrote {path}: "
    [warning] = messages(app, "warning")
    assert warning.startswith(f"This change is on the page but could not be saved: {refused}")
    lists = Lists(app).mark("5")
    [why] = lists.failed.values()
    assert why.startswith(refused)
    assert (lists.marks(), len(lists.pending)) == ({}, 1)
    assert path.read_bytes() == before


def test_a_damaged_session_file_is_told_and_kept_beside(animals: Corpus, home: Path) -> None:
    damaged = b"this is no database at all, but it may hold something" * 100
    home.joinpath("sessions.sqlite").write_bytes(damaged)
    app = opened("some-session")
    [warning] = messages(app, "warning")
    kept = home / "sessions.sqlite.damaged"
    assert warning.startswith(f"The file of sessions was damaged. It is kept as {kept}; 0 of its events could be read")
    assert kept.read_bytes() == damaged
    search(app, "the dog")
    Lists(app).mark("5")
    assert messages(app, "warning") == []
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",))


@pytest.mark.parametrize("damage", ["all", "the last event"])
def test_what_a_damaged_file_has_lost_it_gets_from_the_page(animals: Corpus, home: Path, damage: str) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    Lists(app).mark("3", "negative")
    old = home / "sessions.sqlite"
    if damage == "all":
        old.write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(old) as connection:
            connection.execute("DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    Lists(app).mark("4")
    log = SessionStore(old).load(session_of(app))
    assert log.feedback == Feedback(("5", "4"), ("3",))
    assert log.query == "the dog"
    [warning] = messages(app, "warning") if damage == "all" else [""]
    assert ("was damaged" in warning) == (damage == "all")
    assert sorted(listed_marks(app)) == ["remove 3", "remove 4", "remove 5"]


@pytest.mark.parametrize("lost", ["the session", "an event"])
def test_a_mark_of_an_unknown_text_takes_no_text_where_the_session_is_written_again(
    animals: Corpus, home: Path, lost: str
) -> None:
    store = SessionStore(home / "sessions.sqlite")
    store.record(Session("old", "animals"), Queried("the dog"))
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        connection.execute(
            "INSERT INTO events (session_id, corpus, at, event) VALUES (?, ?, ?, ?)",
            ("old", "animals", "2000-01-01T00:00:00+00:00", '{"mark": "positive", "doc_id": "5"}'),
        )
    app = opened("old")
    assert "text unknown" in listed_mark(app, "5")
    if lost == "the session":
        store.delete("old")
    else:
        with sqlite3.connect(home / "sessions.sqlite") as connection:
            connection.execute("DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    app.run()
    assert "text unknown" in listed_mark(app, "5")
    again = opened(session_of(app))
    assert "text unknown" in listed_mark(again, "5")
    marks = store.load(session_of(app)).marks
    assert (marks.texts, marks.made) == ({}, {"5": "2000-01-01T00:00:00+00:00"})


def test_a_session_that_goes_on_as_a_new_one_keeps_the_texts_and_the_origin_of_its_marks(
    encoder: FakeEncoder, home: Path
) -> None:
    build_corpus(source_of(["the dog barks", "a cat sleeps", "rain falls"], name="weekly"), encoder)
    app, store = searched("the dog"), SessionStore(home / "sessions.sqlite")
    Lists(app).mark("1")
    Lists(app).mark("2", "negative")
    before = store.load(session_of(app))
    remove_corpus("weekly")
    build_corpus(source_of(["a horse runs", "a fish swims", "rain falls"], name="weekly"), encoder)
    [warning] = messages(app.run(), "warning")
    [lost] = {key.removeprefix("remove ") for key in listed_marks(app)} - {"2"}
    store.delete(session_of(app))
    app.run()
    assert messages(app, "warning")[0] == warning, "it began on another corpus"
    for each in (app, opened(session_of(app))):
        assert "not in this corpus, made on another corpus of this name" in listed_mark(each, lost)
        assert "a cat sleeps" in listed_mark(each, lost)
        assert "made on another corpus of this name" in listed_mark(each, "2", "negative")
    after = store.load(session_of(app))
    assert after.corpus_id == before.corpus_id
    assert set(after.marks.corpus_ids.values()) == {before.corpus_id}
    assert set(after.marks.texts.values()) == set(before.marks.texts.values())
    assert {text.text for text in store.texts(session_of(app)).values()} == {"a cat sleeps", "rain falls"}


def test_a_click_after_the_session_was_deleted_elsewhere_is_made_in_a_new_one(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    Lists(app).mark("3")
    old, store = session_of(app), SessionStore(home / "sessions.sqlite")
    store.delete(old)
    Lists(app).mark("5")
    assert listed_marks(app) == ["remove 5", "remove 3"]
    assert app.text_input(key="query_text").value == "the dog"
    assert store.load(old) is None
    assert store.load(session_of(app)).feedback == Feedback(("3", "5"))


def test_a_click_that_carries_the_address_before_the_last_leads_nowhere_back(animals: Corpus) -> None:
    app = searched("the dog")
    before = dict(app.query_params)
    search(app, "rain")
    app.query_params.update(before)
    Lists(app).mark("5")
    assert app.text_input(key="query_text").value == "rain"
    assert app.query_params["q"] == "rain"


def test_a_new_query_of_another_tab_begins_at_the_top(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    other = opened(session_of(app))
    lists = Lists(app).say(shown=[50])
    assert len(lists.listed()) == 50
    search(other, "number")
    app.run()
    assert app.text_input(key="query_text").value == "number"
    assert len(lists.look().listed()) == 25
