"""Marks on the search page, without a browser: made, listed, taken back and saved; the model is a fake one."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import messages, press
from tests.support.search_page import column, listed_marks, opened, opened_popover, part, searched, session_of, turn

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_undo_and_redo_go_through_the_changes_of_marks(animals: Corpus) -> None:
    app = searched("the dog")
    assert app.button(key="undo").disabled
    assert app.button(key="redo").disabled
    app.button(key="positive anchored 5").click().run()
    once = column(app, "anchored")
    app.button(key="negative anchored 3").click().run()
    press(app, "Clear all marks")
    app.button(key="undo").click().run()
    assert listed_marks(app) == ["remove 5", "remove 3"]
    app.button(key="undo").click().run()
    assert listed_marks(app) == ["remove 5"]
    assert column(app, "anchored") == once
    app.button(key="redo").click().run()
    assert listed_marks(app) == ["remove 5", "remove 3"]
    again = opened(session_of(app))
    again.button(key="undo").click().run()
    assert listed_marks(again) == ["remove 5"]
    again.button(key="positive anchored 9").click().run()
    assert again.button(key="redo").disabled


def test_a_mark_leads_to_its_row(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    turn(app, 4)
    far = column(app, "knn")[3]
    app.button(key=f"negative knn {far}").click().run()
    turn(app, 1)
    app.button(key=f"jump {far}").click().run()
    assert far in column(app, "anchored")
    opened_popover(app, "filters").text_input(key="filter_words").input("aardvark").run()
    app.button(key=f"jump {far}").click().run()
    assert messages(app, "warning") == ["It is not among the first 1,000 here, or the filters leave it out."]


def test_what_to_mark_next_is_marked_in_place(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Mark next").run()
    suggested = re.findall(r'ex-id" dir="auto">(.*?)<', part(app, "next-disagreement"))
    assert len(suggested) == 4
    assert "5" not in suggested
    app.button(key=f"negative next {suggested[0]}").click().run()
    assert listed_marks(app) == ["remove 5", f"remove {suggested[0]}"]
    assert not app.exception


def test_a_change_after_one_that_could_not_be_saved_saves_both(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    app = searched("the dog")
    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "record", full)
        app.button(key="positive anchored 5").click().run()
    app.button(key="negative anchored 3").click().run()
    assert messages(app, "warning") == []
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",), ("3",))


def test_a_mark_ranks_the_svm_anew_and_leaves_knn(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    knn, svm = column(app, "knn"), column(app, "anchored")
    app.button(key="positive anchored 5").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored") != svm
    marked = column(app, "anchored")
    assert marked.index("6") < svm.index("6")
    app.button(key="negative knn 3").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored").index("3") > marked.index("3")
    saved = SessionStore(home / "sessions.sqlite").load(session_of(app))
    assert saved.feedback == Feedback(("5",), ("3",))


def test_marks_are_shown_in_both_columns_and_taken_back_by_either(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive knn 4").click().run()
    for ranker in ("knn", "anchored"):
        assert app.button(key=f"positive {ranker} 4").icon == ":material/check:"
        assert app.button(key=f"negative {ranker} 4").icon == ":material/thumb_down:"
    svm = column(app, "anchored")
    app.button(key="negative anchored 4").click().run()
    assert app.button(key="positive knn 4").icon == ":material/thumb_up:"
    assert column(app, "anchored") != svm
    app.button(key="negative knn 4").click().run()
    assert listed_marks(app) == []


def test_marks_are_listed_and_removed_one_by_one_or_all(animals: Corpus) -> None:
    app = searched("the dog")
    unmarked = column(app, "anchored")
    for doc_id in ("7", "5", "6"):
        app.button(key=f"positive anchored {doc_id}").click().run()
    listed = [part.body for part in app.sidebar.get("html")]
    assert [ANIMALS[int(doc_id)] in body for doc_id, body in zip("756", listed, strict=True)] == [True] * 3
    app.button(key="remove 5").click().run()
    assert listed_marks(app) == ["remove 7", "remove 6"]
    press(app, "Clear all marks")
    assert column(app, "anchored") == unmarked


def test_marks_stay_when_the_query_changes(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.text_input(key="query_text").input("rain")
    press(app, "Search")
    assert column(app, "knn")[0] in "89"
    assert app.button(key="remove 5")


def test_a_mark_that_cannot_be_saved_is_made_and_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")

    def full(*arguments: object, **named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SessionStore, "record", full)
    app.button(key="positive anchored 5").click().run()
    [warning] = messages(app, "warning")
    assert warning.endswith("could not be saved: database or disk is full. It lasts as long as this page.")
    assert app.button(key="positive anchored 5").icon == ":material/check:"


def fails(patch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    patch.setattr(SessionStore, "record", full)


def test_undo_after_a_save_that_failed_is_the_same_on_the_page_and_in_the_log(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 3").click().run()
    with monkeypatch.context() as patch:
        fails(patch)
        app.button(key="positive anchored 4").click().run()
    app.button(key="positive anchored 5").click().run()
    app.button(key="undo").click().run()
    assert listed_marks(app) == listed_marks(opened(session_of(app))) == ["remove 3", "remove 4"]


def test_a_save_that_failed_takes_nothing_from_another_tab(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    first = searched("the dog")
    second = opened(session_of(first))
    with monkeypatch.context() as patch:
        fails(patch)
        first.button(key="positive anchored 4").click().run()
    second.button(key="negative anchored 3").click().run()
    first.button(key="positive anchored 5").click().run()
    assert sorted(listed_marks(first)) == sorted(listed_marks(second.run())) == ["remove 3", "remove 4", "remove 5"]


def test_unsaved_marks_are_there_on_the_way_back_from_another_corpus(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    fails(monkeypatch)
    app.button(key="positive anchored 4").click().run()
    app.selectbox(key="corpus").select("other").run()
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert listed_marks(app) == ["remove 4"]


def test_a_mark_leads_from_the_other_views_to_the_results(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Why").run()
    app.button(key="jump 5").click().run()
    assert app.get_by_key("view").value == "Results"
    assert "5" in column(app, "anchored")


def weekly(encoder: FakeEncoder, *texts: str) -> None:
    found = [Document(str(n), text, numbered=True) for n, text in enumerate(texts)]
    build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(found)), encoder)


def test_a_mark_never_stands_on_a_text_that_it_was_not_made_on(encoder: FakeEncoder) -> None:
    weekly(encoder, "the dog barks", "a cat sleeps", "rain falls")
    app = searched("the dog")
    app.button(key="positive anchored 1").click().run()
    assert "ex-marked ex-positive" in part(app, "column-anchored")

    weekly(encoder, "the dog barks", "a fish swims", "rain falls")
    app.run()
    assert "ex-marked" not in part(app, "column-anchored") + part(app, "column-knn")
    assert sorted(column(app, "anchored")) == ["0", "1.2", "2"]
    assert "no longer in this corpus" in part(app, "mark 1")
    assert "a cat sleeps" in part(app, "mark 1")
    assert app.button(key="jump 1").disabled

    weekly(encoder, "x", "y", "z")
    app.run()
    assert "ex-marked" not in part(app, "column-anchored") + part(app, "column-knn")
    assert "no longer in this corpus" in part(app, "mark 1")

    weekly(encoder, "x", "a cat sleeps")
    app.run()
    assert "ex-marked ex-positive" in part(app, "column-anchored")
    assert "no longer" not in part(app, "mark 1")
    assert not app.exception


def test_the_list_of_marks_shows_titles_whole_and_apart_from_texts(encoder: FakeEncoder) -> None:
    title = "A title of many words, " * 12
    document = Document("7", "cats sleep", title=title.strip())
    build_corpus(Source("titled", SourceSpec("titled"), lambda: iter([document])), encoder)
    app = searched("cats")
    app.button(key="positive knn 7").click().run()
    listed = "".join(each.body for each in app.sidebar.get("html"))
    assert f'<div class="ex-title" dir="auto">{title.strip()}</div>cats sleep</div>' in listed


def test_a_mark_on_a_text_that_changed_under_its_id_can_be_renewed(encoder: FakeEncoder) -> None:
    def build(*documents: Document) -> None:
        build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(documents)), encoder)

    build(Document("a", "a cat sleeps"), Document("b", "the dog barks"))
    app = searched("the dog")
    app.button(key="positive anchored a").click().run()
    build(Document("a", "a cat sleeps, revised"), Document("b", "the dog barks"))
    app.run()
    assert "its text has changed since" in part(app, "mark a")
    assert "ex-marked" not in part(app, "column-anchored")
    app.button(key="renew a").click().run()
    assert "its text has changed" not in part(app, "mark a")
    assert "ex-marked ex-positive" in part(app, "column-anchored")
    app.button(key="remove a").click().run()
    assert listed_marks(app) == []
    assert not app.exception


def test_a_session_says_that_its_corpus_is_another_one_now(encoder: FakeEncoder, home: Path) -> None:
    notice = (
        "This session began on another corpus named weekly, which was removed or replaced since. Marks follow their "
        "texts; those whose texts this corpus does not have go on training by their own texts."
    )
    weekly(encoder, "the dog barks", "a cat sleeps", "rain falls")
    app = searched("the dog")
    app.button(key="positive anchored 1").click().run()
    app.button(key="negative anchored 2").click().run()
    weekly(encoder, "the dog barks", "a cat sleeps", "rain falls", "a fish swims")
    assert messages(app.run(), "warning") == [], "it was only built again"

    remove_corpus("weekly")
    weekly(encoder, "a horse runs", "a fish swims", "rain falls")
    app.run()
    assert messages(app, "warning") == [notice]
    assert "ex-marked ex-positive" not in part(app, "column-anchored") + part(app, "column-knn")
    assert "made on another corpus of this name" in part(app, "mark 2")
    assert "no longer" not in part(app, "mark 2")
    [lost] = [key for key in listed_marks(app) if key != "remove 2"]
    lost = lost.removeprefix("remove ")
    assert lost != "1"
    assert "no longer in this corpus, made on another corpus of this name" in part(app, f"mark {lost}")
    assert "a cat sleeps" in part(app, f"mark {lost}")

    app.button(key="positive anchored 1").click().run()
    assert sorted(listed_marks(app)) == ["remove 1", f"remove {lost}", "remove 2"], "both marks on what was 1 stay"
    assert part(app, "mark 1").count("ex-lost") == 0
    again = opened(session_of(app))
    assert messages(again, "warning") == [notice]
    assert sorted(listed_marks(again)) == ["remove 1", f"remove {lost}", "remove 2"]
    assert messages(opened(), "warning") == [], "a new session is not concerned"


def test_a_session_on_two_corpora_began_on_both(encoder: FakeEncoder) -> None:
    weekly(encoder, "the dog barks", "a cat sleeps")
    build_corpus(source_of(ANIMALS), encoder)
    app = searched("the dog")
    app.selectbox(key="corpus").select("weekly").run()
    assert messages(app, "warning") == []
    app.text_input(key="query_text").input("a cat")
    press(app, "Search")
    app.selectbox(key="corpus").select("animals").run()
    assert messages(app, "warning") == []
    remove_corpus("animals")
    build_corpus(source_of(ANIMALS[::-1]), encoder)
    assert len(messages(app.run(), "warning")) == 1
    app.selectbox(key="corpus").select("weekly").run()
    assert messages(app, "warning") == []


def test_a_mark_follows_its_text_to_the_id_that_it_has_now(encoder: FakeEncoder, home: Path) -> None:
    weekly(encoder, "the dog barks", "a cat sleeps")
    app = searched("the dog")
    app.button(key="positive anchored 1").click().run()
    remove_corpus("weekly")
    weekly(encoder, "a cat sleeps", "the dog barks")
    app.run()
    assert listed_marks(app) == ["remove 0"]
    assert app.button(key="positive anchored 0").icon == ":material/check:"
    app.button(key="positive anchored 0").click().run()
    assert listed_marks(app) == []
    assert not app.exception


def test_a_mark_on_a_text_that_the_database_shortened_stands_on_its_document(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents_at = Corpus.documents_at

    def shortened(corpus: Corpus, rows: Sequence[int]) -> list[Document]:
        return [replace(document, text=document.text[:-1]) for document in documents_at(corpus, rows)]

    monkeypatch.setattr(Corpus, "documents_at", shortened)
    app, store = searched("the dog"), SessionStore(home / "sessions.sqlite")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Mark next").run()
    [suggested, *_] = re.findall(r'ex-id" dir="auto">(.*?)<', part(app, "next-disagreement"))
    app.button(key=f"negative next {suggested}").click().run()
    assert part(app, "mark 5").count("ex-lost") == part(app, f"mark {suggested}").count("ex-lost") == 0
    [text_hash] = animals.text_hashes([5])
    assert store.texts(session_of(app))[text_hash].text == ANIMALS[5][:-1]
