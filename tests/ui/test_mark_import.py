"""Marks from a file: the preview, and what is taken in."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.session import Session
from tests.support.corpora import ANIMALS
from tests.support.pages import bodies, captions, labelled, messages, opened_page, press, ran

pytestmark = pytest.mark.slow

SCRIPT = """
import streamlit as st
from exemplar.data.corpus.corpus import open_corpus
from exemplar.retrieval.sessions.session import Session
from exemplar.ui.search.importing.file import show_import
session = st.session_state.setdefault("marked", Session("s1", "animals"))
def take(event):
    st.session_state["marked"] = st.session_state["marked"].after(event)
show_import(open_corpus("animals"), session, take)
st.button("Again")
"""
TAKE = "Take them in"


@pytest.fixture
def page(animals: Corpus) -> AppTest:
    return opened_page(SCRIPT)


def upload(app: AppTest, name: str, content: bytes) -> None:
    ran(app.file_uploader[0].set_value((name, content, "text/csv")).run())


def taken(app: AppTest) -> Feedback:
    session = app.session_state["marked"]
    assert isinstance(session, Session)
    return session.feedback


def lines(app: AppTest) -> list[str]:
    return re.findall(r'<div class="ex-quiet" dir="auto">(.*?)</div>', bodies(app))


def can_take(app: AppTest) -> bool:
    return not labelled(app, "button", TAKE).disabled


FILE = b"doc_id,mark,note\n5,relevant,\n0,no,n\ngone,yes,\n1,,\n"


def test_a_file_is_shown_before_it_is_taken_in_once(page: AppTest) -> None:
    upload(page, "<b>m</b>.csv", FILE)
    assert lines(page) == [
        "Rows with a mark: 3.",
        "Found in this corpus: 2 by the id.",
        "New here: 2; marked here in the same way: 0; marked here in another way: 0.",
        "New or other than here: 1 note.",
        "Left out: 1 row.",
        "gone (line 4): this corpus does not have it",
    ]
    assert taken(page) == Feedback(), "nothing changes before it is confirmed"
    press(page, "Cancel")
    assert (taken(page), page.file_uploader[0].value, lines(page)) == (Feedback(), None, [])
    upload(page, "<b>m</b>.csv", FILE)
    press(page, TAKE)
    assert taken(page) == Feedback(("5",), ("0",))
    assert page.session_state["marked"].notes == {"0": "n"}
    assert messages(page, "warning") == [
        "Took in marks from <b>m</b>.csv: 1 as relevant, 1 as not relevant. Undo takes all of it back, but for 1 note. "
        "1 row was left out."
    ]
    assert page.file_uploader[0].value is None
    press(page, "Again")
    assert (taken(page), len(messages(page, "warning"))) == (Feedback(("5",), ("0",)), 1)
    upload(page, "again.csv", FILE)
    assert "All of it is here already: there is nothing to take in." in captions(page)
    assert not can_take(page)


def test_of_contradictions_a_person_keeps_their_own_or_takes_the_files(page: AppTest) -> None:
    upload(page, "a.csv", b"doc_id,mark\n1,yes\n2,no\n")
    press(page, TAKE)
    upload(page, "b.csv", b"doc_id,mark\n1,no\n2,no\n")
    assert f"1: relevant here, not relevant in the file: {ANIMALS[1]}" in lines(page)
    assert not can_take(page), "their own marks are kept, and there is no other"
    choice = labelled(page, "radio", "Where the file says otherwise")
    assert choice.options == ["Keep mine", "Take the file's"]
    ran(choice.set_value("take").run())
    press(page, TAKE)
    assert taken(page) == Feedback((), ("2", "1"))
    assert messages(page, "success") == [
        "Took in marks from b.csv: 0 as relevant, 1 as not relevant. Undo takes all of it back."
    ]


def test_a_person_says_which_labels_mean_which_mark(page: AppTest) -> None:
    rows = [{"id": n, "text": ANIMALS[n + 3], "label": [label]} for n, label in enumerate(("<i>big", "small", "odd"))]
    upload(page, "doccano.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    assert labelled(page, "multiselect", "Values that mean relevant").options == ["<i>big (1)", "small (1)", "odd (1)"]
    assert (lines(page), can_take(page)) == ([], False)
    labelled(page, "multiselect", "Values that mean relevant").set_value(["<i>big"]).run()
    assert lines(page)[:2] == ["Rows with a mark: 1.", "Found in this corpus: 1 by the text."]
    labelled(page, "checkbox", "All other values mean not relevant").set_value(True).run()
    press(page, TAKE)
    assert taken(page) == Feedback(("3",), ("4", "5"))


def test_a_column_of_another_name_can_be_chosen(page: AppTest) -> None:
    upload(page, "m.csv", b"doc_id,topic\n1,yes\n2,no\n")
    assert messages(page, "error") == [
        "Cannot read m.csv: it has no column 'mark'; its columns are: doc_id, topic. Nothing was changed."
    ]
    ran(labelled(page, "selectbox", "Column with marks or labels").set_value("topic").run())
    assert messages(page, "error") == []
    assert labelled(page, "multiselect", "Values that mean relevant").value == ["yes"]
    press(page, TAKE)
    assert taken(page) == Feedback(("1",), ("2",))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"doc_id,mark\ngone,yes\n", "gone (line 2): this corpus does not have it"),
        (b"doc_id,mark\n5,\n", "No row of the file has a mark."),
    ],
)
def test_a_file_that_brings_nothing_says_why_and_cannot_be_taken_in(page: AppTest, content: bytes, line: str) -> None:
    upload(page, "m.csv", content)
    assert (lines(page)[-1], can_take(page)) == (line, False)


def test_rows_that_are_left_out_are_named_and_what_was_done_is_told_until_something_else_is(page: AppTest) -> None:
    rows = "".join(f"{n},<i>perhaps</i>\n" for n in range(120))
    upload(page, "m.csv", f"doc_id,text,mark\n5,another text,yes\n{rows}".replace(",<i>", ",,<i>").encode())
    assert (len(lines(page)), lines(page)[-1]) == (16, "… and 110 more")
    press(page, TAKE)
    [told] = messages(page, "warning")
    assert told == (
        "Took in marks from m.csv: 1 as relevant, 0 as not relevant. 1 of them on texts that this corpus does not have."
        " Undo takes all of it back. 120 rows were left out."
    )
    assert lines(page)[0].startswith(
        "0 (line 3): &#x27;&lt;i&gt;perhaps&lt;/i&gt;&#x27; is not a mark; write relevant, "
    )
    assert (len(lines(page)), lines(page)[-1]) == (101, "… and 20 more")
    page.session_state["session"] = Session("s1", "animals", "another query")
    assert messages(ran(page.run()), "warning") == []
