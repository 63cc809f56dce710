"""The sessions page, and export and import, as Streamlit runs them, without a browser; the model is a fake one."""

import html
import io
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox, TextInput

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.filters import Filters
from exemplar.retrieval.exports import waiting
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import (
    DocumentQueried,
    Event,
    FiltersSet,
    Marked,
    MarksAdded,
    MarksCleared,
    Named,
    Opened,
    Queried,
    Redone,
    SettingsSet,
    Undone,
)
from exemplar.retrieval.sessions.marks import MarkedText
from exemplar.retrieval.sessions.schema import MIGRATIONS
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui import jobs
from exemplar.ui.search.exporting import form as export_form
from tests.support.corpora import ANIMALS, source_of
from tests.support.corpora_page import click, marked_row
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import SESSIONS_PAGE, bodies, captions, labelled, messages, opened_page, press, ran
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


WITH_SEARCH = """
import streamlit as st
from exemplar.ui import navigation
from exemplar.ui.corpora.welcome import welcome
from exemplar.ui.search.page import search_page
from exemplar.ui.sessions_page import sessions_page
sessions = st.Page(sessions_page, url_path="sessions")
def search():
    if "seen" not in st.session_state:
        st.session_state["seen"] = True
        st.switch_page(sessions)
    search_page(welcome)
navigation.run(st.Page(search, default=True), [sessions])
"""


EXPORT = """
import streamlit as st
from exemplar.data.corpus.corpus import open_corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import MarksAdded
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui.search.exporting.form import show_export
corpus = open_corpus("animals")
marks = Feedback(("5",))
marked = Session("s1", "animals").after(MarksAdded(marks))
show_export(corpus, marked, PresentMarks(marks))
"""


QUERIED = Queried("the dog")


MARKED = Marked("5", "positive")


HOSTILE = "**b** <script>alert(1)</script> [x](http://y) $z$ :smile:"


@pytest.fixture
def store(home: Path, animals: Corpus) -> SessionStore:
    """A log with three sessions; 'cats' changed last."""
    store = SessionStore(home / "sessions.sqlite")
    record(store, "untitled", QUERIED, MARKED, Marked("1", "negative"))
    record(store, "empty", Named("nothing yet"))
    record(store, "cats", Queried("a cat"), DocumentQueried("3"), MARKED, Named("my cats"))
    return store


@pytest.fixture
def open_popovers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every popover stand open."""

    def popover(label: str, **_: object) -> DeltaGenerator:
        container = st.container()
        container.open = True
        return container

    monkeypatch.setattr("exemplar.ui.sessions_page.st.popover", popover)


def opened(script: str = SESSIONS_PAGE, **address: str) -> AppTest:
    return opened_page(script, **address)


def record(store: SessionStore, session_id: str, *events: Event, corpus: str = "animals") -> None:
    for event in events:
        store.record(Session(session_id, corpus), event)


def listed(app: AppTest) -> list[list]:
    return app.dataframe[0].value.drop(columns=["Chosen", "Changed"]).astype(object).fillna("").to_numpy().tolist()


def box(app: AppTest) -> Selectbox:
    """Return the box in which a session is chosen."""
    [found] = [found for found in app.selectbox if found.label == "Session"]
    return found


def choose(app: AppTest, session_id: str) -> None:
    ran(box(app).set_value(session_id).run())


def name_box(app: AppTest) -> TextInput:
    [found] = [found for found in app.text_input if found.label == "Name"]
    return found


def history(app: AppTest) -> list[str]:
    [body] = [part.body for part in app.get("html") if "ex-quiet ex-lines" in part.body]
    lines = html.unescape(re.sub(r"<.*?>", "", body)).splitlines()
    return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d · ", "", line) for line in lines]


def test_sessions_are_listed_the_last_changed_first(store: SessionStore) -> None:
    assert listed(opened()) == [
        ["my cats", "animals", "more like 3", 1, ""],
        ["nothing yet", "animals", "", 0, ""],
        ["the dog", "animals", "the dog", 2, ""],
    ]


def test_a_session_without_a_name_goes_by_its_first_query(animals: Corpus, home: Path) -> None:
    record(SessionStore(home / "sessions.sqlite"), "two", QUERIED, Queried("a cat"))
    app = opened()
    assert listed(app) == [["the dog", "animals", "a cat", 0, ""]]
    assert box(app).options[0].startswith("the dog · animals")


@pytest.mark.parametrize("column", ["Name", "Corpus"])
def test_the_clicked_row_is_the_one_that_the_buttons_act_on(store: SessionStore, column: str) -> None:
    app = opened()
    assert (box(app).value, marked_row(app)) == ("cats", 0)
    click(app, 2, column)
    assert (box(app).value, marked_row(app)) == ("untitled", 2)
    app.run()
    assert (box(app).value, marked_row(app)) == ("untitled", 2)
    press(app, "Delete")
    press(app, "Delete it")
    assert [each.session_id for each in store.saved()] == ["cats", "empty"]


def test_the_chosen_row_is_selected_in_the_table(store: SessionStore) -> None:
    app = opened()
    click(app, 1, "Name")
    choose(app, "untitled")
    assert marked_row(app) == 2
    click(app, 1, "Name")
    assert box(app).value == "empty"
    press(app, "Duplicate")
    assert listed(app)[0][0] == "nothing yet, copy"
    assert (box(app).value == store.saved()[0].session_id, marked_row(app)) == (True, 0)


def test_a_row_stays_chosen_when_others_come_and_go_and_it_is_renamed(store: SessionStore) -> None:
    app = opened()
    click(app, 1, "Marks")
    record(store, "newer", QUERIED)
    app.run()
    assert (box(app).value, marked_row(app)) == ("empty", 2)
    store.delete("cats")
    app.run()
    assert (box(app).value, marked_row(app)) == ("empty", 1)
    name_box(app).input("mine")
    press(app, "Save")
    assert (box(app).value, marked_row(app)) == ("empty", 0)
    store.delete("empty")
    app.run()
    assert (box(app).value, marked_row(app)) == ("newer", 0)


def test_a_click_that_is_sent_once_more_is_no_new_click(store: SessionStore) -> None:
    app = opened()
    click(app, 2, "Name")
    table = app.dataframe[0].key
    choose(app, "empty")
    app.session_state[table] = {"selection": {"rows": [], "columns": [], "cells": [(2, "Name")]}}
    press(app, "Delete")
    press(app, "Delete it")
    assert [each.session_id for each in store.saved()] == ["cats", "untitled"]


def test_a_click_at_the_same_place_of_other_rows_is_a_new_click(store: SessionStore) -> None:
    app = opened()
    click(app, 1, "Name")
    record(store, "newer", QUERIED)
    app.run()
    assert box(app).value == "empty"
    click(app, 1, "Name")
    assert (box(app).value, marked_row(app)) == ("cats", 1)


def test_a_click_means_the_row_that_was_seen(store: SessionStore) -> None:
    app = opened()
    record(store, "newer", QUERIED)  # in another tab
    click(app, 2, "Name")
    assert (box(app).value, marked_row(app)) == ("untitled", 3)


def test_without_a_session_the_page_says_how_one_comes_to_be(animals: Corpus) -> None:
    app = opened()
    assert "None yet: search something, and it is here." in captions(app)
    assert not app.dataframe


def test_without_a_corpus_sessions_are_listed_all_the_same(store: SessionStore) -> None:
    remove_corpus("animals")
    assert len(listed(opened())) == 3


def test_this_tabs_own_session_is_told_and_chosen(store: SessionStore) -> None:
    app = opened(session="untitled")
    assert [row[-1] for row in listed(app)] == ["", "", "this tab"]
    assert box(app).value == "untitled"


def test_a_session_is_opened_on_the_search_page(store: SessionStore) -> None:
    app = opened(WITH_SEARCH)
    choose(app, "untitled")
    press(app, "Open")
    assert app.query_params["session"] == "untitled"
    assert app.text_input(key="query_text").value == "the dog"
    assert app.session_state["session"].feedback == Feedback(("5",), ("1",))
    assert store.load("untitled").feedback == Feedback(("5",), ("1",))


def test_a_session_is_renamed(store: SessionStore) -> None:
    app = opened()
    choose(app, "untitled")
    name_box(app).input(f"  {HOSTILE}  ")
    press(app, "Save")
    assert store.saved()[0].name == HOSTILE
    assert listed(app)[0] == [HOSTILE, "animals", "the dog", 2, ""]
    assert box(app).value == "untitled"
    assert history(app)[0] == f"animals · named it “{HOSTILE}”"
    name_box(app).input("")
    press(app, "Save")
    assert listed(app)[0][0] == "the dog"


def test_a_copy_is_named_after_its_original_and_chosen(store: SessionStore) -> None:
    app = opened()
    choose(app, "untitled")
    press(app, "Duplicate")
    assert listed(app)[0] == ["the dog, copy", "animals", "the dog", 2, ""]
    copy = box(app).value
    assert copy not in ("untitled", "cats", "empty")
    assert store.load(copy).feedback == store.load("untitled").feedback
    assert messages(app, "warning") == []


def test_a_session_is_deleted_only_after_the_question(store: SessionStore) -> None:
    app = opened()
    choose(app, "untitled")
    press(app, "Delete")
    assert "the dog" in "".join(part.body for part in app.get("html"))
    safe, deleting = [button for button in app.button if button.key in ("confirm_no", "confirm_yes")]
    assert [safe.label, deleting.label] == ["Keep it", "Delete it"]
    assert {safe.proto.type, deleting.proto.type} == {"secondary"}
    press(app, "Keep it")
    assert len(store.saved()) == 3
    press(app, "Delete")
    press(app, "Delete it")
    assert [each.session_id for each in store.saved()] == ["cats", "empty"]
    assert box(app).value == "cats"


def test_when_this_tabs_session_is_deleted_a_new_one_begins(store: SessionStore) -> None:
    app = opened(session="untitled")
    press(app, "Delete")
    press(app, "Delete it")
    session = app.session_state["session"]
    assert (session.corpus, session.query, session.feedback) == ("animals", None, Feedback())
    assert app.query_params["session"] == session.session_id != "untitled"
    assert store.load("untitled") is None
    assert messages(app, "warning") == []


def test_the_last_session_deleted_leaves_an_empty_list(animals: Corpus, home: Path) -> None:
    record(SessionStore(home / "sessions.sqlite"), "only", QUERIED)
    app = opened()
    press(app, "Delete")
    press(app, "Delete it")
    assert "None yet: search something, and it is here." in captions(app)


def test_what_was_done_is_told_in_words_the_latest_first(store: SessionStore) -> None:
    events = [
        Marked("5", None),
        MarksAdded(Feedback(("1", "2"), ("3",))),
        Undone(),
        Redone(),
        MarksCleared(),
        FiltersSet(Filters(labels=("animal",))),
        FiltersSet(Filters()),
        SettingsSet(Settings(("knn",), 25)),
        Named(""),
        Opened(),
        Queried(HOSTILE),
        Marked(HOSTILE, "negative"),
    ]
    record(store, "cats", *events)
    app = opened()
    assert history(app) == [
        f"animals · {words}"
        for words in (
            f"marked {HOSTILE} as not relevant",
            f"searched “{HOSTILE}”",
            "went to this corpus",
            "took its name away",
            "changed the settings",
            "cleared the filters",
            "set filters",
            "cleared all marks",
            "made the change of marks again",
            "took the last change of marks back",
            "took in marks: 2 as relevant, 1 as not relevant",
            "took the mark on 5 back",
            "named it “my cats”",
            "marked 5 as relevant",
            "searched for more like 3",
            "searched “a cat”",
        )
    ]
    assert "<script" not in "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))


def test_a_long_history_tells_its_latest_part(store: SessionStore) -> None:
    record(store, "cats", *[Queried(f"query {n}") for n in range(250)])
    lines = history(opened())
    assert lines[0] == "animals · searched “query 249”"
    assert len(lines) == 201
    assert lines[-1] == "… and 54 before"


def test_many_sessions_come_page_by_page(animals: Corpus, home: Path) -> None:
    store = SessionStore(home / "sessions.sqlite")
    record(store, "first", QUERIED)
    with sqlite3.connect(home / "sessions.sqlite") as connection:
        rows = [(f"s{n}", json.dumps({"query": f"query {n}"})) for n in range(119)]
        insert = (
            "INSERT INTO events (session_id, corpus, at, event) VALUES (?, 'animals', '2026-01-01T00:00:00+00:00', ?)"
        )
        connection.executemany(insert, rows)
    app = opened()
    assert [row[2] for row in listed(app)] == [f"query {n}" for n in range(118, 68, -1)]
    ran(app.get("pagination")[0].set_value(3).run())
    assert [row[2] for row in listed(app)] == [*(f"query {n}" for n in range(18, -1, -1)), "the dog"]
    assert box(app).value == "s18"


def test_sessions_that_look_alike_can_be_told_apart(animals: Corpus, home: Path) -> None:
    store = SessionStore(home / "sessions.sqlite")
    for session_id in ("one", "two"):
        record(store, session_id, QUERIED)
    app = opened()
    assert len(set(box(app).options)) == 2
    choose(app, "one")
    press(app, "Duplicate")
    assert store.saved()[0].name == "the dog, copy"


def test_a_session_of_a_later_version_is_listed_and_can_be_deleted(store: SessionStore, home: Path) -> None:
    record(store, "later", QUERIED, Opened())
    with closing(sqlite3.connect(home / "sessions.sqlite")) as connection, connection:
        connection.execute("UPDATE events SET event = '{\"dance\": true}' WHERE id = (SELECT max(id) FROM events)")
    app = opened()
    assert listed(app)[0] == ["the dog", "animals", "can't be read", "", ""]
    assert [button.disabled for button in app.button if button.label == "Open"] == [True]
    assert history(app)[0] == "animals · did what this version does not know"
    press(app, "Delete")
    press(app, "Delete it")
    assert len(listed(app)) == 3


@pytest.mark.parametrize("label", ["Save", "Duplicate", "Delete"])
def test_what_cannot_be_saved_is_told(store: SessionStore, monkeypatch: pytest.MonkeyPatch, label: str) -> None:
    app = opened()

    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for method in ("record", "duplicate", "delete"):
        monkeypatch.setattr(SessionStore, method, full)
    press(app, label)
    if label == "Delete":
        press(app, "Delete it")
    told = "This could not be saved: database or disk is full. Nothing was changed; try again."
    assert messages(app, "warning") == [told]
    assert len(listed(app)) == 3


def test_a_damaged_log_is_told_and_kept_beside(animals: Corpus, home: Path) -> None:
    (home / "sessions.sqlite").write_bytes(b"no database" * 1000)
    app = opened()
    [warning] = messages(app, "warning")
    assert f"It is kept as {home / 'sessions.sqlite.damaged'}; 0 of its events could be read" in warning
    assert messages(app, "error") == []
    assert messages(app.run(), "warning") == []


def test_a_log_that_cannot_be_read_is_told(animals: Corpus, home: Path) -> None:
    (home / "sessions.sqlite").mkdir()
    [message] = messages(opened(), "error")
    assert message == "The sessions can't be read: unable to open database file. Nothing was changed; try again."


def test_a_log_of_a_newer_version_is_told_and_left_alone(store: SessionStore, home: Path) -> None:
    path = home / "sessions.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    app = opened()
    [message] = messages(app, "error")
    assert message.startswith(
        f"The sessions can't be read: a newer Exemplar wrote {path}: the file is of version {len(MIGRATIONS) + 1}, "
    )
    assert messages(app, "warning") == []
    assert path.read_bytes() == before
    assert [each.name for each in home.glob("sessions.sqlite*")] == ["sessions.sqlite"]


def test_what_another_has_deleted_meanwhile_is_told(store: SessionStore) -> None:
    app = opened()
    store.delete("cats")
    press(app, "Duplicate")
    [message] = messages(app, "warning")
    assert message.startswith("This could not be saved: there is no session 'cats'; it may have been deleted.")
    assert len(listed(app)) == 2


@pytest.fixture
def both(animals: Corpus) -> AppTest:
    return opened(EXPORT)


def take_in(app: AppTest, name: str, content: bytes) -> None:
    ran(app.file_uploader[0].set_value((name, content, "text/csv")).run())
    press(app, "Take them in")


@pytest.mark.usefixtures("open_popovers")
def test_marks_of_a_session_are_taken_in_by_one_event(store: SessionStore) -> None:
    app = opened()
    choose(app, "untitled")
    ran(app.file_uploader[0].set_value(("m.csv", b"doc_id,mark\n1,yes\n2,yes\n", "text/csv")).run())
    assert store.load("untitled").feedback == Feedback(("5",), ("1",)), "nothing changes before it is confirmed"
    labelled(app, "radio", "Where the file says otherwise").set_value("take").run()
    press(app, "Take them in")
    session = store.load("untitled")
    assert session.feedback == Feedback(("5", "1", "2"))
    assert session.after(Undone()).feedback == Feedback(("5",), ("1",))
    assert listed(app)[0][3] == 3


@pytest.mark.usefixtures("open_popovers")
def test_marks_taken_in_have_the_reader_of_the_session(store: SessionStore) -> None:
    record(store, "cats", SettingsSet(Settings(reader="ann")))
    app = opened()
    choose(app, "cats")
    take_in(app, "m.csv", b"doc_id,mark,note\n1,yes,good\n")
    session = store.load("cats")
    assert (session.marks.readers, session.notes) == ({"1": "ann"}, {"1": "good"})


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], bytes]]:
    """What the page's exports write, the last drawn last."""
    found: list[Callable[[], bytes]] = []
    button = export_form.st.download_button

    def download(label: str, write: Callable[[], bytes], **rest: object) -> bool:
        found.extend([write] if label == "Download" else [])
        return button(label, write, **rest)

    monkeypatch.setattr(export_form.st, "download_button", download)
    return found


@pytest.fixture
def replaced(store: SessionStore, animals: Corpus, encoder: FakeEncoder) -> Corpus:
    """Another corpus named animals, on which the first texts stand in another order and the others do not."""
    texts = [MarkedText(None, ANIMALS[row]) for row in (1, 7)]
    event = MarksAdded(Feedback(("1", "7")), {"1": texts[0].text_hash, "7": texts[1].text_hash}, tuple(texts))
    for each in (QUERIED, event, Named("marked")):
        store.record(Session("old", "animals"), each, corpus_id=animals.manifest.corpus_id)
    remove_corpus("animals")
    return build_corpus(source_of(["something else", *reversed(ANIMALS[:5])]), encoder)


OUTDATED = "This file was made before the choice, the marks or the corpus changed:"
NOTICE = "This session began on another corpus named animals, which was removed or replaced since."


def test_a_session_that_began_on_another_corpus_of_the_name_says_so(
    store: SessionStore, replaced: Corpus, encoder: FakeEncoder
) -> None:
    store.record(Session("new", "animals"), QUERIED, corpus_id=replaced.manifest.corpus_id)
    app = opened()
    assert [row[:2] for row in listed(app)][:3] == [
        ["the dog", "animals"],
        ["marked", "animals (another corpus now)"],
        ["my cats", "animals"],
    ]
    assert messages(app, "warning") == []
    choose(app, "old")
    [told] = messages(app, "warning")
    assert told.startswith(NOTICE)
    build_corpus(source_of([*ANIMALS, "more"]), encoder)
    assert messages(ran(app.run()), "warning") == [told]
    remove_corpus("animals")
    assert messages(ran(app.run()), "warning") == []


@pytest.mark.usefixtures("open_popovers", "replaced")
def test_marks_are_exported_with_their_own_texts_after_the_corpus_was_replaced(
    store: SessionStore, files: list[Callable[[], bytes]]
) -> None:
    app = opened()
    choose(app, "old")
    ran(app.selectbox(key="export_which").set_value("marked").run())
    frame = pd.read_csv(io.BytesIO(files[-1]()), dtype=str, keep_default_na=False)
    assert frame[["doc_id", "text", "mark", "mark_state", "mark_origin"]].to_numpy().tolist() == [
        ["4", ANIMALS[1], "relevant", "", "made on another corpus of this name"],
        ["7", ANIMALS[7], "relevant", "not in this corpus", "made on another corpus of this name"],
    ]
    take_in(app, "m.csv", b"doc_id,mark\n1,no\n")
    session = store.load("old")
    assert session.feedback == Feedback(("4", "7"), ("1",)), "the mark on the text that was 1 is not replaced"


@pytest.mark.usefixtures("open_popovers", "replaced")
def test_marks_are_exported_with_their_texts_after_the_corpus_was_removed(
    store: SessionStore, files: list[Callable[[], bytes]]
) -> None:
    remove_corpus("animals")
    app = opened()
    assert next(row[1] for row in listed(app)) == "animals (removed)"
    choose(app, "old")
    [told] = messages(app, "warning")
    assert told.endswith("The marks have their texts, and can be exported.")
    rows = [f"The rows marked as {mark}" for mark in ("relevant", "not relevant", "unsure")]
    assert app.selectbox(key="export_which").options == ["Every row", *rows, "All rows with a mark or a note"]
    empty = "The file has no rows: no row is marked as unsure."
    assert empty in captions(ran(app.selectbox(key="export_which").set_value("unsure").run()))
    assert empty not in captions(ran(app.selectbox(key="export_which").set_value("all").run()))
    frame = pd.read_csv(io.BytesIO(files[-1]()), dtype=str, keep_default_na=False)
    assert frame[["doc_id", "text", "mark", "mark_state"]].to_numpy().tolist() == [
        ["1", ANIMALS[1], "relevant", "not in this corpus"],
        ["7", ANIMALS[7], "relevant", "not in this corpus"],
    ]


def test_nothing_marked_and_nothing_ranked_is_no_export(animals: Corpus) -> None:
    app = opened(EXPORT.replace('Feedback(("5",))', "Feedback()"))
    assert "There is nothing to export yet: no document is marked." in captions(app)
    assert not app.get("download_button")


@pytest.mark.parametrize(
    ("chosen", "suffix", "read"),
    [
        ("csv", ".csv", lambda content: pd.read_csv(io.BytesIO(content), dtype={"doc_id": str})),
        ("jsonl", ".jsonl", lambda content: pd.read_json(io.BytesIO(content), lines=True, dtype={"doc_id": str})),
        ("parquet", ".parquet", lambda content: pd.read_parquet(io.BytesIO(content))),
    ],
)
def test_a_file_is_made_when_it_is_asked_for(
    both: AppTest, monkeypatch: pytest.MonkeyPatch, chosen: str, suffix: str, read: object
) -> None:
    asked, buttons = [], {}
    make, button = export_form.session_export, export_form.st.download_button
    monkeypatch.setattr(export_form, "session_export", lambda *args: asked.append(args) or make(*args))
    monkeypatch.setattr(
        export_form.st,
        "download_button",
        lambda label, *args, **rest: buttons.update({label: (*args, rest)}) or button(label, *args, **rest),
    )
    both.run()
    ran(both.get_by_key("export_format").set_value(chosen).run())
    assert asked == []
    data, rest = buttons["Download"]
    assert re.fullmatch(rf"animals-\d{{4}}-\d\d-\d\d\{suffix}", rest["file_name"])
    frame = read(data())
    assert len(asked) == 1
    assert frame["text"].tolist() == ANIMALS
    assert frame["mark"].fillna("").tolist() == [""] * 5 + ["relevant"] + [""] * 4
    ran(both.selectbox(key="export_which").set_value("marked").run())
    data, _ = buttons["Download"]
    assert read(data())["doc_id"].tolist() == ["5"]
    if chosen != "parquet":
        data, rest = buttons["About this export"]
        assert rest["file_name"].endswith(f"{suffix}.about.json")
        assert json.loads(data())["rows"] == {"rows": "marked", "order": "file"}


def test_a_workbook_is_prepared_and_a_cell_that_excel_cannot_hold_refuses_it(
    encoder: FakeEncoder, both: AppTest
) -> None:
    both.run()
    left_out = "Columns that are no field of a reference have no place in it; other formats hold all columns."
    assert left_out in captions(ran(both.get_by_key("export_format").set_value("ris").run()))
    assert left_out not in captions(ran(both.get_by_key("export_format").set_value("xlsx").run()))
    ran(both.button(key="prepare export").click().run())
    jobs.job("export", "s1").wait(PATIENCE)
    ran(both.run())
    [link] = re.findall(r'href="/(downloads/[^"]+/animals-[\d-]+\.xlsx)" download', bodies(both))
    waiting_file = waiting.file_of(*link.split("/")[1:])
    assert [row[1].value for row in openpyxl.load_workbook(waiting_file)["Rows"].rows][1:3] == ["animal", "animal"]
    assert OUTDATED not in bodies(both)
    ran(both.selectbox(key="export_which").set_value("marked").run())
    assert OUTDATED in bodies(both), "the file has other rows than are chosen now"
    ran(both.selectbox(key="export_which").set_value("all").run())
    assert OUTDATED not in bodies(both)
    ran(both.button(key="dismiss export").click().run())
    assert not waiting_file.exists()
    build_corpus(source_of(["short", "x" * 34_999]), encoder, replace=True)
    ran(both.run())
    ran(both.button(key="prepare export").click().run())
    jobs.job("export", "s1").wait(PATIENCE)
    [told] = messages(ran(both.run()), "error")
    assert "a cell of Excel holds 32,767 characters, and row 3 has 34,999 in the column 'text'" in told


@pytest.mark.usefixtures("open_popovers", "store")
def test_marks_of_a_corpus_that_is_gone_are_told(encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    remove_corpus("animals")
    [told] = messages(opened(), "warning")
    assert told.startswith("There is no corpus named 'animals' (there are: other). The marks have their texts")
