"""Marks on the search page, without a browser: made, listed, taken back and saved; the model is a fake one."""

import csv
import io
import sqlite3
from collections.abc import Callable, Sequence
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
from exemplar.ui.search.exporting import form as export_form
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, messages, press, press_key
from tests.support.search_page import (
    column,
    listed_mark,
    listed_marks,
    opened,
    opened_popover,
    part,
    search,
    searched,
    session_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_undo_and_redo_go_through_the_changes_of_marks(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app)
    assert (lists.data["undo"], lists.data["redo"]) == (False, False)
    once = lists.mark("5").by("anchored")
    lists.mark("3", "negative")
    press(opened_popover(app, "marks"), "Clear all marks")
    lists.look().do("undo")
    assert listed_marks(app) == ["remove 3", "remove 5"]
    lists.look().do("undo")
    assert listed_marks(app) == ["remove 5"]
    assert lists.by("anchored") == once
    lists.look().do("redo")
    assert listed_marks(app) == ["remove 3", "remove 5"]
    again = opened(session_of(app))
    other = Lists(again).do("undo")
    assert listed_marks(again) == ["remove 5"]
    assert (other.look().data["undo"], other.data["redo"]) == (True, True)
    other.mark("9")
    assert (other.data["undo"], other.data["redo"]) == (True, False)


def test_what_to_mark_next_is_marked_in_place(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("5")
    app.get_by_key("view").set_value("Mark next").run()
    lists.look()
    assert [each["ranker"] for each in lists.data["lists"]] == ["next", "next"]
    [first, *_] = suggested = lists.listed(0)
    assert len(suggested) == 4
    assert "5" not in suggested
    lists.mark(first, "negative", side=0)
    assert first not in lists.listed(0)
    assert listed_marks(app) == [f"remove {first}", "remove 5"]
    *_, last = SessionStore(home / "sessions.sqlite").history(session_of(app))
    assert last.event.found == {"list": "next", "rank": 1}


def test_a_mark_after_one_that_could_not_be_saved_saves_both(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    lists = Lists(app)
    with monkeypatch.context() as patch:
        fails(patch)
        lists.mark("5")
        assert list(lists.failed.values()) == ["database or disk is full"]
    lists.mark("3", "negative")
    assert (lists.failed, lists.pending, messages(app)) == ({}, [], [])
    assert SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback == Feedback(("5",), ("3",))


def shares(lists: Lists) -> dict[str, int]:
    """Return the scores of the learned list, from 0 to 100."""
    return dict(zip(lists.listed(), lists.data["lists"][-1]["shares"], strict=True))


def test_a_mark_ranks_the_learned_list_anew_and_leaves_knn(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    lists = Lists(app).fold(on=False)
    knn, learned = lists.by("knn"), lists.by("anchored")
    lists.mark("5")
    assert lists.by("knn") == knn
    marked = lists.by("anchored")
    assert marked.index("6") < learned.index("6")
    assert marked[0] == "5"
    before = shares(lists)
    lists.mark(marked[1], "negative")
    assert lists.by("knn") == knn
    assert lists.by("anchored") != marked
    after = shares(lists)
    assert before["5"] - after["5"] < before[marked[1]] - after[marked[1]] > 0
    saved = SessionStore(home / "sessions.sqlite").load(session_of(app))
    assert saved.feedback == Feedback(("5",), (marked[1],))


def test_a_mark_is_made_changed_and_taken_back_in_either_list(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app).fold(on=False)
    lists.mark("4", side=0)
    assert lists.marks() == {"4": "positive"}
    learned = lists.by("anchored")
    lists.mark("4", "negative", side=1)
    assert lists.marks() == {"4": "negative"}
    assert lists.by("anchored") != learned
    lists.mark("4", None, side=0)
    assert lists.marks() == {}
    assert listed_marks(app) == []


def test_marks_are_listed_newest_first_and_removed_one_by_one_or_all(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app)
    unmarked = lists.by("anchored")
    for doc_id, verdict in (("7", "positive"), ("5", "negative"), ("6", "unsure")):
        lists.mark(doc_id, verdict)
    assert listed_marks(app) == ["remove 6", "remove 5", "remove 7"]
    assert "1 relevant · 1 not relevant · 1 unsure" in captions(app)
    assert [part(app, key) for key in ("mark unsure 6", "mark negative 5", "mark positive 7")] == [
        f'<div class="ex-mark" dir="auto"><b class="ex-sign ex-{mark}" dir="auto" title="{name}">{sign}</b> '
        f'<span class="ex-id" dir="auto">{doc_id}</span>  {ANIMALS[int(doc_id)]}</div>'
        for doc_id, mark, name, sign in (
            ("6", "unsure", "unsure", "?"),
            ("5", "negative", "not relevant", "\N{MINUS SIGN}"),
            ("7", "positive", "relevant", "+"),
        )
    ]
    press_key(app, "remove 5")
    assert listed_marks(app) == ["remove 6", "remove 7"]
    press(app, "Clear all marks")
    assert column(app, "anchored") == unmarked


def test_marks_stay_when_the_person_says_that_the_query_is_of_the_same_search(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    search(app, "rain")
    press(app, "The same search")
    assert column(app, "knn")[0] in "89"
    assert listed_marks(app) == ["remove 5"]


def fails(patch: pytest.MonkeyPatch) -> None:
    """Let nothing be saved."""

    def full(*arguments: object, **named: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    patch.setattr(SessionStore, "record", full)


def test_a_change_of_the_page_that_cannot_be_saved_is_made_and_told(
    animals: Corpus, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    with monkeypatch.context() as patch:
        fails(patch)
        opened_popover(app, "settings").select_slider(key="C").set_value(0.5).run()
        assert messages(app) == [
            "This change is on the page but could not be saved: database or disk is full. It lasts as long as this "
            "page."
        ]
        assert opened_popover(app, "settings").select_slider(key="C").value == 0.5
    Lists(app).mark("5")
    saved = SessionStore(home / "sessions.sqlite").load(session_of(app))
    assert (saved.settings.C, saved.feedback) == (0.5, Feedback(("5",)))


def test_undo_after_a_save_that_failed_is_the_same_on_the_page_and_in_the_log(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("3")
    with monkeypatch.context() as patch:
        fails(patch)
        lists.mark("4")
    lists.mark("5").do("undo")
    assert listed_marks(app) == listed_marks(opened(session_of(app))) == ["remove 4", "remove 3"]


def test_a_save_that_failed_takes_nothing_from_another_tab(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")
    first, other = Lists(app), opened(session_of(app))
    with monkeypatch.context() as patch:
        fails(patch)
        first.mark("4")
    Lists(other).mark("3", "negative")
    first.mark("5")
    assert listed_marks(app) == listed_marks(other) == ["remove 5", "remove 4", "remove 3"]


def test_a_mark_that_was_not_saved_is_saved_from_another_corpus(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app)
    with monkeypatch.context() as patch:
        fails(patch)
        lists.mark("4")
    app.selectbox(key="corpus").select("other").run()
    search(app, "rain")
    assert lists.look().data["corpus_name"] == "other"
    lists.say()
    assert lists.pending == []
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert listed_marks(app) == ["remove 4"]


def test_notes_are_exported_with_the_scores_of_their_documents(
    animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Callable[[], bytes]] = []
    monkeypatch.setattr(
        export_form.st,
        "download_button",
        lambda label, write, **_: written.extend([write] if label == "Download" else []),
    )
    build_corpus(source_of([f"dog number {n}" for n in range(40)], name="dogs"), encoder)
    app = searched("dog")
    app.selectbox(key="corpus").select("dogs").run()
    search(app, "dog number 0")
    lists = Lists(app).say(shown=[50])
    last = next(doc_id for doc_id in reversed(lists.by("knn")) if doc_id in lists.by("anchored")[20:])
    lists.note(last, 'see "table 2"\nand 3').mark("0").note("0", "good")
    opened_popover(app, "transfer")
    rows = list(csv.DictReader(io.StringIO(written[-1]().decode("utf-8-sig"), newline="")))
    assert {row["doc_id"]: row["note"] for row in rows if row["note"]} == {last: 'see "table 2"\nand 3', "0": "good"}
    [noted] = [row for row in rows if row["doc_id"] == last]
    assert (noted["mark"], noted["knn_rank"] != "") == ("", True)
    assert len(rows) == 40
    assert noted["knn_score"]
    assert noted["anchored_score"]
    opened_popover(app, "transfer").selectbox(key="export_which").set_value("marked").run()
    rows = list(csv.DictReader(io.StringIO(written[-1]().decode("utf-8-sig"), newline="")))
    assert [(row["doc_id"], row["mark"], row["note"]) for row in rows] == [
        ("0", "relevant", "good"),
        (last, "", 'see "table 2"\nand 3'),
    ]


def weekly(encoder: FakeEncoder, *texts: str) -> None:
    found = [Document(str(n), text, numbered=True) for n, text in enumerate(texts)]
    build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(found)), encoder)


def test_a_mark_never_stands_on_a_text_that_it_was_not_made_on(encoder: FakeEncoder) -> None:
    weekly(encoder, "the dog barks", "a cat sleeps", "rain falls")
    app = searched("the dog")
    lists = Lists(app).fold(on=False).mark("1")
    assert lists.marks() == {"1": "positive"}

    weekly(encoder, "the dog barks", "a fish swims", "rain falls")
    app.run()
    assert lists.look().marks() == {}
    assert sorted(lists.by("anchored")) == ["0", "1.2", "2"]
    assert "not in this corpus" in listed_mark(app, "1")
    assert "a cat sleeps" in listed_mark(app, "1")

    weekly(encoder, "x", "y", "z")
    app.run()
    assert lists.look().marks() == {}
    assert "not in this corpus" in listed_mark(app, "1")

    weekly(encoder, "x", "a cat sleeps")
    app.run()
    assert lists.look().marks() == {"1": "positive"}
    assert "no longer" not in listed_mark(app, "1")
    assert not app.exception


def test_the_list_of_marks_shows_titles_whole_and_apart_from_texts(encoder: FakeEncoder) -> None:
    title = "A title of many words, " * 12
    document = Document("7", "cats sleep", title=title.strip())
    build_corpus(Source("titled", SourceSpec("titled"), lambda: iter([document])), encoder)
    app = searched("cats")
    Lists(app).mark("7")
    assert f'<div class="ex-title" dir="auto">{title.strip()}</div>cats sleep</div>' in listed_mark(app, "7")


def test_a_mark_on_a_text_that_changed_under_its_id_can_be_renewed(encoder: FakeEncoder) -> None:
    def build(*documents: Document) -> None:
        build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(documents)), encoder)

    build(Document("a", "a cat sleeps"), Document("b", "the dog barks"))
    app = searched("the dog")
    lists = Lists(app).fold(on=False).mark("a")
    build(Document("a", "a cat sleeps, revised"), Document("b", "the dog barks"))
    assert "its text has changed since" in listed_mark(app, "a")
    assert lists.look().marks() == {}
    app.button(key="renew a").click().run()
    assert "its text has changed" not in listed_mark(app, "a")
    assert lists.look().marks() == {"a": "positive"}
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
    lists = Lists(app).fold(on=False).mark("1").mark("2", "negative")
    weekly(encoder, "the dog barks", "a cat sleeps", "rain falls", "a fish swims")
    assert messages(app.run()) == [], "it was only built again"

    remove_corpus("weekly")
    weekly(encoder, "a horse runs", "a fish swims", "rain falls")
    app.run()
    assert messages(app) == [notice]
    assert lists.look().marks() == {"2": "negative"}
    assert "made on another corpus of this name" in listed_mark(app, "2", "negative")
    assert "no longer" not in listed_mark(app, "2", "negative")
    [lost] = [key.removeprefix("remove ") for key in listed_marks(app) if key != "remove 2"]
    assert lost != "1"
    assert "not in this corpus, made on another corpus of this name" in listed_mark(app, lost)
    assert "a cat sleeps" in listed_mark(app, lost)

    lists.look().mark("1")
    marked = ["remove 1", "remove 2", f"remove {lost}"]
    assert listed_marks(app) == marked, "both marks on what was 1 stay"
    assert "ex-lost" not in listed_mark(app, "1")
    again = opened(session_of(app))
    assert messages(again) == [notice]
    assert listed_marks(again) == marked
    assert messages(opened()) == [], "a new session is not concerned"


def test_a_session_on_two_corpora_began_on_both(encoder: FakeEncoder) -> None:
    weekly(encoder, "the dog barks", "a cat sleeps")
    build_corpus(source_of(ANIMALS), encoder)
    app = searched("the dog")
    app.selectbox(key="corpus").select("weekly").run()
    assert messages(app, "warning") == []
    search(app, "a cat")
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
    lists = Lists(app).fold(on=False).mark("1")
    remove_corpus("weekly")
    weekly(encoder, "a cat sleeps", "the dog barks")
    app.run()
    assert listed_marks(app) == ["remove 0"]
    assert lists.look().marks() == {"0": "positive"}
    lists.mark("0", None)
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
    lists = Lists(app).mark("5")
    app.get_by_key("view").set_value("Mark next").run()
    [suggested, *_] = lists.look().listed(0)
    lists.mark(suggested, "negative", side=0)
    assert "ex-lost" not in listed_mark(app, "5") + listed_mark(app, suggested, "negative")
    [text_hash] = animals.text_hashes([5])
    assert store.texts(session_of(app))[text_hash].text == ANIMALS[5][:-1]


def test_what_other_rankings_have_first_is_offered_where_the_learned_list_has_it_far_behind(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the cat")
    lists = Lists(app).mark("5")
    assert "see Mark next" not in lists.data["status"]
    monkeypatch.setattr("exemplar.retrieval.suggest._FAR", 0)
    lists = Lists(app).mark("7", "negative")
    assert "what kNN and BM25 rank first is not among the learned first 100: see Mark next" in lists.data["status"]
    first = lists.listed(0)
    app.get_by_key("view").set_value("Mark next").run()
    lists.look()
    assert lists.data["lists"][0]["title"] == "kNN or BM25 have these first"
    assert lists.listed(0)[0] == next(doc_id for doc_id in first if doc_id not in ("5", "7"))
    assert set(lists.listed(0)).isdisjoint(lists.listed(1))
