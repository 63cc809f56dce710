"""What is done in the lists of the search page, as it reaches the log: in order, and each act once."""

import copy
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import DocumentQueried, Event, Marked, MarksAdded, Noted, Queried, Undone
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search.lists.messages import MOST_ACTS
from exemplar.ui.search.lists.saving import with_ranker
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import messages
from tests.support.search_page import (
    column,
    listed_mark,
    listed_marks,
    opened,
    page_text,
    search,
    searched,
    session_of,
    status,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

GONE = "Some of what you did belongs to a session or a corpus that was removed meanwhile; it was not saved."
CHANGED = "The text of a row has changed meanwhile, so that its mark or note was not saved."


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def weekly(encoder: FakeEncoder, **texts: str) -> Corpus:
    documents = [Document(doc_id, text) for doc_id, text in texts.items()]
    return build_corpus(Source("weekly", SourceSpec("weekly"), lambda: iter(documents)), encoder)


def marked(store: SessionStore, app: AppTest) -> list[tuple[str, str | None]]:
    """Return the marks of a session in the order of the log."""
    events = (each.event for each in store.history(session_of(app)))
    return [(event.doc_id, event.mark) for event in events if isinstance(event, Marked)]


def events(store: SessionStore, app: AppTest) -> list[Event]:
    return [each.event for each in store.history(session_of(app))]


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch, after: int = 0, times: int | None = None) -> Iterator[None]:
    """Let the log refuse all events after some, or as many as ``times`` says."""
    record, n_tried = SessionStore.record, itertools.count()

    def refuse(*arguments: object, **named: object) -> bool:
        number = next(n_tried)
        if number >= after and (times is None or number < after + times):
            raise sqlite3.OperationalError("database or disk is full")
        return record(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "record", refuse)
        yield


def act_mark(lists: Lists, doc_id: str, verdict: str | None = "positive") -> str:
    """Mark a row without a message, and return the key of the act."""
    return str(lists.act("mark", verdict=verdict, rows=[lists.shown_row(doc_id)])["key"])


def test_the_acts_of_a_message_are_saved_in_order_and_confirmed(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    keys = [act_mark(lists, "5"), act_mark(lists, "3", "negative"), act_mark(lists, "5", "unsure")]
    keys.append(lists.act("undo")["key"])
    lists.say()
    assert lists.data["confirmed"] == keys
    assert (lists.data["tab"], lists.data["answered"], lists.data["failed"]) == (lists.tab, 1, {})
    assert lists.pending == []
    assert [type(event) for event in events(store, app)] == [Queried, Marked, Marked, Marked, Undone]
    assert marked(store, app) == [("5", "positive"), ("3", "negative"), ("5", "unsure")]
    assert store.load(session_of(app)).feedback == Feedback(("5",), ("3",))


def test_a_mark_keeps_its_text_the_list_and_the_rank(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    third = lists.by("anchored")[2]
    lists.mark(third)
    [text_hash] = animals.text_hashes([int(third)])
    [mark] = [event for event in events(store, app) if isinstance(event, Marked)]
    assert mark == Marked(third, "positive", text_hash, found={"list": "anchored", "rank": 3})
    assert store.texts(session_of(app))[text_hash].text == ANIMALS[int(third)]
    assert store.history(session_of(app))[-1].corpus_id == animals.manifest.corpus_id


def test_the_same_message_twice_changes_nothing(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "5")
    lists.act("undo")
    act_mark(lists, "3")
    sent = copy.deepcopy(lists.pending)
    lists.say()
    lists.pending = sent
    lists.say()
    assert lists.data["confirmed"] == [act["key"] for act in sent]
    assert marked(store, app) == [("5", "positive"), ("3", "positive")]
    assert store.load(session_of(app)).feedback == Feedback(("3",))
    assert lists.counts() == {"positive": 1, "negative": 0, "unsure": 0}
    assert listed_marks(app) == ["remove 3"]


def test_an_act_that_was_saved_already_takes_nothing_back_that_another_tab_did_since(
    animals: Corpus, store: SessionStore
) -> None:
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "5")
    sent = copy.deepcopy(lists.pending)
    lists.say()
    other = opened(session_of(app))
    Lists(other).fold(on=False).mark("5", "negative")
    act_mark(lists, "3")
    lists.pending = [*sent, *lists.pending]
    lists.say()
    assert lists.pending == []
    assert marked(store, app) == [("5", "positive"), ("5", "negative"), ("3", "positive")]
    assert store.load(session_of(app)).feedback == Feedback(("3",), ("5",))
    assert lists.marks() == {"5": "negative", "3": "positive"}


def test_two_tabs_on_one_session_lose_nothing(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    first, second = Lists(app), Lists(opened(session_of(app)))
    for tab, doc_ids in ((first, "01"), (second, "56"), (first, "2"), (second, "7")):
        for doc_id in doc_ids:
            act_mark(tab, doc_id, "positive" if tab is first else "negative")
        tab.say()
    assert marked(store, app) == [
        ("0", "positive"), ("1", "positive"), ("5", "negative"),
        ("6", "negative"), ("2", "positive"), ("7", "negative"),
    ]  # fmt: skip
    assert second.counts() == first.say().counts() == {"positive": 3, "negative": 3, "unsure": 0}


def test_a_message_of_another_tab_of_the_browser_confirms_nothing_here(animals: Corpus) -> None:
    """A page that is loaded again keeps its acts, and what the page before it said is answered to that one."""
    app = searched("the dog")
    before, after = Lists(app), Lists(app)
    act_mark(after, "5")
    act_mark(before, "3")
    before.say()
    after.look()
    assert len(after.pending) == 1
    assert after.say().pending == []


def test_an_act_of_another_session_is_saved_there(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    old = session_of(app)
    act_mark(lists, "5")
    app.button(key="new_session").click().run()
    search(app, "rain")
    assert lists.look().data["session"] == session_of(app) != old
    lists.say()
    assert (lists.pending, lists.counts()["positive"], messages(app)) == ([], 0, [])
    assert store.load(old).feedback == Feedback(("5",))
    assert store.load(session_of(app)).feedback == Feedback()


def test_an_undo_of_another_session_is_made_there_once(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("5").mark("3")
    old = session_of(app)
    lists.act("undo")
    sent = copy.deepcopy(lists.pending)
    app.button(key="new_session").click().run()
    search(app, "rain")
    lists.look().say()
    lists.pending = sent
    lists.say()
    assert store.load(old).feedback == Feedback(("5",))


def test_an_act_on_another_corpus_of_the_session_is_saved_there(
    animals: Corpus, encoder: FakeEncoder, store: SessionStore
) -> None:
    other = build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "4")
    app.selectbox(key="corpus").select("other").run()
    search(app, "rain")
    lists.look()
    act_mark(lists, "4", "negative")
    lists.say()
    assert lists.pending == []
    assert store.load(session_of(app), "animals").feedback == Feedback(("4",))
    assert store.load(session_of(app), "other").feedback == Feedback((), ("4",))
    made_on = [(each.corpus, each.corpus_id) for each in store.history(session_of(app)) if "mark" in each.content]
    assert made_on == [("animals", animals.manifest.corpus_id), ("other", other.manifest.corpus_id)]


def test_acts_of_a_session_that_was_deleted_elsewhere_go_on_in_the_one_that_takes_its_place(
    animals: Corpus, store: SessionStore
) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("3")
    old = session_of(app)
    act_mark(lists, "5")
    act_mark(lists, "6", "negative")
    store.delete(old)
    lists.say()
    assert messages(app) == ["This session was deleted elsewhere. What is on this page goes on as a new one."]
    assert session_of(app) != old
    assert lists.data["session"] == session_of(app)
    assert (lists.pending, store.load(old)) == ([], None)
    assert store.load(session_of(app)).feedback == Feedback(("3", "5"), ("6",))
    store.delete(session_of(app))
    act_mark(lists, "7")
    lists.pending[0]["session"] = old
    lists.say()
    assert store.load(session_of(app)).feedback == Feedback(("3", "5", "7"), ("6",))


def test_acts_of_a_session_that_is_gone_are_dropped_with_a_sentence(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    old = session_of(app)
    act_mark(lists, "5")
    app.button(key="new_session").click().run()
    store.delete(old)
    search(app, "rain")
    lists.look()
    act_mark(lists, "3")
    lists.say()
    assert lists.pending == []
    assert messages(app) == [GONE]
    assert store.load(old) is None
    assert marked(store, app) == [("3", "positive")]


def test_acts_on_a_corpus_that_was_removed_are_dropped_with_a_sentence(
    animals: Corpus, encoder: FakeEncoder, store: SessionStore
) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "4")
    app.selectbox(key="corpus").select("other").run()
    remove_corpus("animals")
    search(app, "rain")
    lists.look()
    act_mark(lists, "4", "negative")
    lists.say()
    assert lists.pending == []
    assert messages(app) == [GONE]
    assert marked(store, app) == [("4", "negative")]


def test_a_mark_on_a_text_that_changed_meanwhile_is_not_made(encoder: FakeEncoder, store: SessionStore) -> None:
    weekly(encoder, a="a cat sleeps", b="the dog barks", c="rain falls")
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "a")
    lists.act("note", id="a", hash=lists.texts("a")["hash"], text="purrs")
    lists.act("like", id="a", hash=lists.texts("a")["hash"])
    weekly(encoder, a="a cat sleeps, revised", b="the dog barks", c="rain falls")
    lists.say()
    assert lists.pending == []
    assert messages(app) == [GONE]
    assert events(store, app) == [Queried("the dog")]


def test_of_a_range_what_changed_meanwhile_is_left_out_with_a_sentence(
    encoder: FakeEncoder, store: SessionStore
) -> None:
    weekly(encoder, a="a cat sleeps", b="the dog barks", c="rain falls")
    app = searched("the dog")
    lists = Lists(app)
    lists.act("mark", verdict="positive", rows=[lists.shown_row(doc_id) for doc_id in "abc"])
    weekly(encoder, a="a cat sleeps, revised", b="the dog barks", c="rain falls")
    lists.say()
    assert lists.pending == []
    assert messages(app) == [CHANGED]
    assert store.load(session_of(app)).feedback == Feedback(("b", "c"))


def test_a_mark_follows_its_text_to_another_id(encoder: FakeEncoder, store: SessionStore) -> None:
    weekly(encoder, a="a cat sleeps", b="the dog barks")
    app = searched("the dog")
    lists = Lists(app)
    act_mark(lists, "a")
    lists.act("note", id="b", hash=lists.texts("b")["hash"], text="barks")
    weekly(encoder, a="the dog barks", b="rain falls", z="a cat sleeps")
    lists.say()
    assert (lists.pending, messages(app)) == ([], [])
    saved = store.load(session_of(app))
    assert (saved.feedback, saved.notes) == (Feedback(("z",)), {"a": "barks"})


def test_what_cannot_be_saved_waits_with_all_behind_it_and_is_saved_when_it_is_sent_again(
    animals: Corpus, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("3")
    keys = [act_mark(lists, "5"), act_mark(lists, "6", "negative"), lists.act("undo")["key"], act_mark(lists, "7")]
    with full_disk(monkeypatch, after=1, times=1):
        lists.say()
        assert lists.data["confirmed"] == keys[:1]
        assert lists.failed == dict.fromkeys(keys[1:], "database or disk is full")
        assert [act["key"] for act in lists.pending] == keys[1:]
        assert lists.counts() == {"positive": 2, "negative": 0, "unsure": 0}
        assert messages(app) == []
        assert listed_marks(app) == ["remove 5", "remove 3"]
    assert marked(store, app) == [("3", "positive"), ("5", "positive")]
    lists.look().say()
    assert (lists.pending, lists.failed) == ([], {})
    assert lists.data["confirmed"] == keys[1:]
    assert marked(store, app) == [("3", "positive"), ("5", "positive"), ("6", "negative"), ("7", "positive")]
    assert store.load(session_of(app)).feedback == Feedback(("3", "5", "7"))


def test_what_was_never_saved_is_not_undone(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")
    lists = Lists(app)
    with full_disk(monkeypatch):
        lists.mark("3")
        assert (lists.data["undo"], lists.data["counts"]["ago"]) == (False, None)
        assert lists.marks() == {}
    lists.say()
    assert (lists.data["undo"], lists.data["counts"]["ago"]) == (True, 0)


def test_a_range_is_one_step_of_undo_and_can_be_taken_back(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).fold(on=False).mark("9", "negative")
    three = lists.by("anchored")[:3]
    lists.mark_all(three)
    assert store.load(session_of(app)).feedback == Feedback(tuple(three), ("9",))
    added = events(store, app)[-1]
    assert isinstance(added, MarksAdded)
    assert added.text_hashes == {doc_id: lists.texts(doc_id)["hash"] for doc_id in three}
    assert [added.found_of(doc_id)["list"] for doc_id in three] == ["anchored"] * 3
    assert {text.text for text in store.texts(session_of(app)).values()} == {
        ANIMALS[int(doc_id)] for doc_id in (*three, "9")
    }
    lists.mark_all([*three[:2], "9"], None)
    assert store.load(session_of(app)).feedback == Feedback((three[2],))
    lists.do("undo")
    assert store.load(session_of(app)).feedback == Feedback(tuple(three), ("9",))
    lists.do("undo")
    assert store.load(session_of(app)).feedback == Feedback((), ("9",))
    assert lists.marks() == {"9": "negative"}
    lists.do("redo").do("redo")
    assert store.load(session_of(app)).feedback == Feedback((three[2],))


def test_a_range_changes_the_marks_in_it(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).fold(on=False).mark("5").mark("6", "negative")
    lists.mark_all("567", "unsure")
    assert store.load(session_of(app)).feedback == Feedback((), (), ("5", "6", "7"))


def test_unsure_counts_neither_for_nor_against(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).fold(on=False).mark("3")
    learned = lists.by("anchored")
    lists.mark("6", "unsure")
    unsure = lists.by("anchored")
    assert unsure[:2] == learned[:2]
    assert unsure.index("6") == learned.index("6")
    assert (lists.marks(), lists.counts()) == (
        {"3": "positive", "6": "unsure"},
        {"positive": 1, "negative": 0, "unsure": 1},
    )
    assert store.load(session_of(app)).feedback == Feedback(("3",), (), ("6",))
    lists.mark("6", "positive")
    assert lists.by("anchored") != learned


def test_a_note_is_saved_shown_and_removed(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).note("4", "see table 2").mark("6").note("6", "stocks\n<b>again</b>")
    assert lists.data["notes"] == {lists.row("4"): "see table 2"}, "the other one is folded away"
    assert events(store, app)[1] == Noted("4", "see table 2", lists.texts("4")["hash"], "")
    assert "Note: stocks &lt;b&gt;again&lt;/b&gt;" in listed_mark(app, "6")
    again = opened(session_of(app))
    other = Lists(again).fold(on=False)
    assert other.data["notes"] == {4: "see table 2", 6: "stocks\n<b>again</b>"}
    other.do("undo")
    assert other.data["notes"][4] == "see table 2", "an undo is of marks"
    other.note("4", "")
    assert other.data["notes"] == {6: "stocks\n<b>again</b>"}
    assert store.load(session_of(app)).notes == {"6": "stocks\n<b>again</b>"}


def test_more_like_a_row_is_a_new_query_with_the_same_marks(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("8").like("5")
    assert lists.pending == []
    assert app.query_params["like"] == "5"
    assert app.text_input(key="query_text").value == ""
    assert "More like  5" in page_text(app)
    saved = store.load(session_of(app))
    assert (saved.query, saved.feedback) == (DocumentQuery("5", lists.texts("5")["hash"]), Feedback(("8",)))
    assert events(store, app)[-1] == DocumentQueried("5", lists.texts("5")["hash"])
    assert {"5", "8"}.isdisjoint(column(app, "knn"))


def test_acts_that_this_version_does_not_know_are_confirmed_and_do_nothing(
    animals: Corpus, store: SessionStore
) -> None:
    app = searched("the dog")
    lists = Lists(app)
    key = lists.act("explode")["key"]
    act_mark(lists, "5")
    lists.say()
    assert key in lists.data["confirmed"]
    assert lists.pending == []
    assert marked(store, app) == [("5", "positive")]
    lists.app.session_state["said_by_the_lists"] = "nonsense"
    lists.app.button(key="say").click().run()
    assert not app.exception
    assert status(app) == "10 documents"


def test_more_acts_than_a_message_may_have_are_saved_by_the_next_ones(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app)
    extra = 3
    lists.act("fold", on=False)
    for _ in range(MOST_ACTS + extra - 2):
        lists.pending.append({**lists.pending[-1], "key": lists.pending[0]["key"]})
    act_mark(lists, "5")
    lists.say()
    assert [act["act"] for act in lists.pending] == ["mark"]
    lists.say()
    assert lists.pending == []
    assert marked(store, app) == [("5", "positive")]


def test_a_mark_made_by_a_page_of_long_ago_is_made_on_the_session_as_it_is(
    animals: Corpus, store: SessionStore
) -> None:
    app = searched("the dog")
    lists = Lists(app)
    store.record(Session(session_of(app), "animals"), Marked("3", "negative", lists.texts("3")["hash"]))
    lists.mark("5")
    assert lists.counts() == {"positive": 1, "negative": 1, "unsure": 0}
    assert {"3", "5"}.isdisjoint(lists.listed())


@pytest.mark.parametrize(
    ("rankers", "side", "ranker", "expected"),
    [
        (("knn", "anchored"), 0, "words", ("words", "anchored")),
        (("knn", "anchored"), 1, "svm", ("knn", "svm")),
        (("knn", "anchored"), 0, "anchored", ("anchored", "knn")),
        (("knn", "anchored"), 1, "anchored", ("knn", "anchored")),
        (("anchored",), 0, "svm", ("svm",)),
        (("anchored",), 1, "svm", ("svm",)),
    ],
)
def test_a_ranker_is_chosen_or_changes_places(rankers, side, ranker, expected) -> None:
    assert with_ranker(Settings(rankers=rankers), side, ranker) == Settings(rankers=expected)
