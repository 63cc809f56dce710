"""Who marks and why on the page Search, without a browser; the model is a fake one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import Joined, Marked, MarksAdded, Noted, NotesAdded, Queried, SettingsSet
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import REASONS, Settings
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search.exporting import form as export_form
from tests.support.lists import Lists
from tests.support.pages import press, press_key
from tests.support.search_page import listed_mark, listed_marks, opened, opened_popover, page_text, searched, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


@pytest.fixture
def store(home: Path) -> SessionStore:
    return SessionStore(home / "sessions.sqlite")


def saved(store: SessionStore, session_id: str) -> Session:
    session = store.load(session_id)
    assert session is not None
    return session


def test_without_a_name_no_mark_has_a_reader(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    Lists(app).mark("5")
    assert saved(store, session_of(app)).marks.readers == {}
    assert " by " not in listed_mark(app, "5")


def test_a_name_given_once_stands_beside_every_mark(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").text_input(key="reader").set_value("  ann  b. ").run()
    lists = Lists(app).mark("5").mark_all(["3", "4"], "negative")
    assert saved(store, session_of(app)).marks.readers == dict.fromkeys("345", "ann b.")
    assert "ann b." not in listed_mark(app, "5"), "one's own name says nothing new"
    opened_popover(app, "settings").text_input(key="reader").set_value("bob").run()
    assert "by ann b." in listed_mark(app, "5")
    lists.look().mark("6")
    assert saved(store, session_of(app)).marks.readers["6"] == "bob"
    described = [each.describe() for each in store.history(session_of(app))]
    assert "marked 5 as relevant, by ann b." in described
    assert "took in marks: 0 as relevant, 2 as not relevant, by ann b." in described


def test_a_new_session_and_a_new_tab_keep_the_name(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").text_input(key="reader").set_value("ann").run()
    first = session_of(app)
    press_key(app, "new_session")
    assert session_of(app) != first
    assert app.session_state["session"].settings.reader == "ann"
    assert opened_popover(searched("rain"), "settings").text_input(key="reader").value == "ann"
    assert saved(store, first).settings.reader == "ann"


def test_a_name_that_was_cleared_is_not_in_new_sessions(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    for name in ("ann", ""):
        opened_popover(app, "settings").text_input(key="reader").set_value(name).run()
    press_key(app, "new_session")
    assert app.session_state["session"].settings.reader == ""
    assert opened_popover(searched("rain"), "settings").text_input(key="reader").value == ""


def test_marks_from_a_file_have_its_readers_else_the_sessions(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    opened_popover(app, "settings").text_input(key="reader").set_value("ann").run()
    opened_popover(app, "transfer")
    content = b"doc_id,mark,reader,note,reason\n5,yes,bob,stocks,\n6,no,,,wrong outcome\n8,,,rain,\n"
    app.file_uploader[0].set_value(("marks.csv", content, "text/csv")).run()
    taken = "Took in marks from marks.csv: 1 as relevant, 1 as not relevant."
    assert f"{taken} Undo takes all of it back, but for 2 notes and 1 reason." in page_text(app)
    session = saved(store, session_of(app))
    assert session.marks.readers == {"5": "bob", "6": "ann"}
    assert (session.notes, session.reasons) == ({"5": "stocks", "8": "rain"}, {"6": "wrong outcome"})
    app.file_uploader[0].set_value(("notes.csv", b"doc_id,mark,note\n9,,sun\n", "text/csv")).run()
    assert "Took in 1 note from notes.csv, and no mark." in page_text(app)
    assert saved(store, session_of(app)).notes["9"] == "sun"


def test_a_reason_is_saved_with_the_note_and_shown(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    lists = Lists(app).mark("6", "negative").note("6", "stocks", "wrong outcome").note("4", "", "wrong population")
    assert lists.data["reason_choices"] == list(REASONS)
    assert lists.data["reasons"] == {lists.row("4"): "wrong population"}, "the other one is folded away"
    session = saved(store, session_of(app))
    assert (session.notes, session.reasons) == ({"6": "stocks"}, {"6": "wrong outcome", "4": "wrong population"})
    assert "Reason: wrong outcome · Note: stocks" in listed_mark(app, "6", "negative")
    lists.note("4", "", "")
    assert saved(store, session_of(app)).reasons == {"6": "wrong outcome"}
    lists.do("note", id="6", hash=lists.texts("6")["hash"], text="of an earlier page")
    assert saved(store, session_of(app)).reasons == {"6": "wrong outcome"}


def test_the_list_of_reasons_is_the_persons_own(animals: Corpus, store: SessionStore) -> None:
    app = searched("the dog")
    assert opened_popover(app, "settings").text_area(key="reasons").value == "\n".join(REASONS)
    opened_popover(app, "settings").text_area(key="reasons").set_value(
        " too  old \n\nno trial\ntoo old\n" + "x" * 300
    ).run()
    own = ["too old", "no trial", "x" * 200]
    assert Lists(app).data["reason_choices"] == own
    assert saved(store, session_of(app)).settings.reasons == tuple(own)
    opened_popover(app, "settings").text_area(key="reasons").set_value(" \n").run()
    assert Lists(app).data["reason_choices"] == list(REASONS)


def test_a_session_deleted_elsewhere_goes_on_with_readers_reasons_and_conflicts(
    animals: Corpus, store: SessionStore
) -> None:
    app = opened(joined(animals, store))
    before = app.session_state["session"]
    store.delete(before.session_id)
    app.run()
    after = saved(store, session_of(app))
    assert after.session_id != before.session_id
    assert (after.marks.readers, after.reasons, after.conflicts) == ({"1": "ann, bob"}, {"1": "old"}, ("1", "2"))


def joined(animals: Corpus, store: SessionStore) -> str:
    """Save a session as a join of two does, with two conflicts."""
    texts = marked_texts(animals, [1, 2])
    hashes = {"1": texts[0].text_hash, "2": texts[1].text_hash}
    marks = MarksAdded(Feedback((), (), ("1", "2")), hashes, tuple(texts), readers={"1": "ann, bob"})
    note = NotesAdded({"1": "Conflict: ann: relevant; bob: not relevant (old)"}, {"1": "old"})
    events = [Queried("a cat"), SettingsSet(Settings(reader="cleo")), Joined(("a", "b"), ("1", "2")), marks, note]
    return store.begin("animals", events, animals.manifest.corpus_id)


def test_conflicts_of_a_joined_session_are_settled_in_the_drawer(animals: Corpus, store: SessionStore) -> None:
    app = opened(joined(animals, store))
    assert listed_marks(app) == ["remove 2", "remove 1"]
    assert [button.key for button in app.button if str(button.key).startswith("settle")] == [
        "settle positive 1",
        "settle negative 1",
        "settle positive 2",
        "settle negative 2",
    ]
    assert "Note: Conflict: ann: relevant; bob: not relevant (old)" in page_text(app)
    press_key(app, "settle negative 1")
    session = saved(store, session_of(app))
    assert (session.feedback, session.conflicts) == (Feedback((), ("1",), ("2",)), ("2",))
    assert session.marks.readers["1"] == "cleo"
    assert not [button for button in app.button if button.key == "settle positive 1"]


def test_a_review_is_reported_in_export(animals: Corpus, store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(export_form.st, "download_button", lambda label, write, **_: files.setdefault(label, write))
    app = searched("the dog")
    opened_popover(app, "transfer")
    assert "Counts (JSON)" not in files
    Lists(app).mark("5").mark("6", "negative").note("6", "", "wrong outcome")
    files.clear()
    opened_popover(app, "transfer")
    counts = json.loads(files["Counts (JSON)"]())
    assert [counts[key] for key in ("session", "included", "excluded_reasons", "not_screened")] == [
        "the dog",
        1,
        {"wrong outcome": 1},
        8,
    ]
    assert files["Diagram (SVG)"]().startswith(b"<svg")


def test_old_sessions_are_opened_as_they_were(animals: Corpus, store: SessionStore) -> None:
    session = Session("old", "animals")
    for event in (Queried("a cat"), Marked("1", "positive"), Noted("1", "n"), SettingsSet(Settings())):
        store.record(session, event)
    app = opened("old")
    opened_popover(app, "settings")
    assert (app.text_input(key="reader").value, app.text_area(key="reasons").value) == ("", "\n".join(REASONS))
    press(opened_popover(app, "settings"), "kNN against the notebook's SVM")
    assert saved(store, "old").settings == Settings(rankers=("knn", "svm"))
