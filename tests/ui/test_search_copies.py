"""Exact and near copies on the search page, without a browser: rows, marks, questions, imports; the model is a fake."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.sessions.events import Marked, MarksAdded
from exemplar.retrieval.sessions.marks import MarkedText, Marks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search.exporting import form as export_form
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import captions, messages, press
from tests.support.search_page import (
    listed_marks,
    opened_popover,
    page_text,
    part,
    searched,
    session_of,
    status,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]

BEES = Document("1", "Wild bees nest in parks.", title="Bees in towns")
DOCUMENTS = (
    BEES,
    Document("2", "Wild bees nest in parks.", title="Bees in towns."),
    Document("3", "Wild bees nest in parks. (c) 2019 Elsevier.", title="BEES IN TOWNS"),
    Document("4", BEES.text, title=BEES.title),
    Document("5", "Cracks grow under lorries.", title="Steel bridges"),
    Document("6", "Trains run late in autumn.", title="Late trains"),
    Document("7", BEES.text, title=BEES.title),
)


@pytest.fixture
def bees(encoder: FakeEncoder) -> Corpus:
    return build_corpus(Source("bees", SourceSpec("bees"), lambda: iter(DOCUMENTS)), encoder)


def saved(home: Path, app: AppTest) -> Feedback:
    return SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback


def test_copies_are_one_row_and_near_copies_are_told(bees: Corpus) -> None:
    app = searched("Cracks grow under lorries, bees")
    lists = Lists(app)
    for ranker in ("knn", "anchored"):
        assert sorted(lists.by(ranker)) == ["1", "2", "3", "5", "6"]
    assert {doc_id: n for doc_id in "12356" if (n := lists.texts(doc_id).get("copies"))} == {"1": 3}
    first, *others = sorted("123", key=lists.listed(0).index)
    near = {doc_id: lists.texts(doc_id).get("near", False) for doc_id in "12356"}
    assert near == {first: False, **dict.fromkeys(others, True), "5": False, "6": False}
    assert status(app) == "7 documents"
    assert [each["total"] for each in lists.data["lists"]] == [5, 5]


def test_a_list_counts_rows_not_copies(encoder: FakeEncoder) -> None:
    texts = [f"dog number {n}" for n in range(30)] + ["dog number 0"] * 30
    documents = [Document(str(n), text) for n, text in enumerate(texts)]
    build_corpus(Source("dogs", SourceSpec("dogs"), lambda: iter(documents)), encoder)
    lists = Lists(searched("dog"))
    assert (len(lists.listed()), lists.data["lists"][1]["total"]) == (25, 30)
    assert len(lists.say(shown=[100]).listed()) == 30


def test_a_mark_on_one_copy_is_a_mark_on_the_text(bees: Corpus, home: Path) -> None:
    app = searched("bees")
    lists = Lists(app).fold(on=False).mark("1")
    session = session_of(app)
    SessionStore(home / "sessions.sqlite").record(
        Session(session, "bees"), MarksAdded(Feedback(("7",)), {"7": MarkedText.of(BEES).text_hash})
    )
    app.run()
    assert saved(home, app) == Feedback(("1", "7"))
    assert listed_marks(app) == ["remove 1"], "one text, one mark"
    assert "3 copies" in part(app, "mark positive 1")
    assert lists.look().counts() == {"positive": 1, "negative": 0, "unsure": 0}
    assert lists.marks() == {"1": "positive"}
    lists.mark("1", None)
    assert saved(home, app) == Feedback()
    assert listed_marks(app) == []
    lists.look().do("undo")
    assert saved(home, app) == Feedback(("1", "7"))
    opened_popover(app, "marks").button(key="remove 1").click().run()
    assert saved(home, app) == Feedback()
    assert not app.exception


def test_a_marked_copy_folds_the_row_of_its_text(bees: Corpus) -> None:
    lists = Lists(searched("bees")).mark("1")
    assert sorted(lists.by("knn")) == sorted(lists.by("anchored")) == ["2", "3", "5", "6"]
    assert (lists.data["fold"], lists.data["folded"]) == (True, 1)


def test_the_row_of_another_copy_shows_the_mark_and_changes_it(bees: Corpus, home: Path) -> None:
    app = searched("bees")
    SessionStore(home / "sessions.sqlite").record(
        Session(session_of(app), "bees"), Marked("7", "positive", MarkedText.of(BEES).text_hash)
    )
    app.run()
    lists = Lists(app).fold(on=False)
    assert lists.marks() == {"1": "positive"}
    lists.mark("1", "negative")
    assert lists.marks() == {"1": "negative"}
    assert saved(home, app) == Feedback((), ("1",))
    app.get_by_key("view").set_value("Mark next").run()
    lists.look()
    assert lists.listed(0)
    assert not {"1", "4", "7"} & {*lists.listed(0), *lists.listed(1)}
    assert not app.exception


@pytest.mark.parametrize("answer", ["positive", "negative"])
def test_opposite_marks_on_one_text_are_asked_about(bees: Corpus, home: Path, answer: str) -> None:
    app = searched("bees")
    lists = Lists(app).fold(on=False).mark("5").mark("1", "unsure")  # which trains nothing either
    untrained = lists.by("anchored")
    lists.mark("1", None)
    text_hash = MarkedText.of(BEES).text_hash
    for event in (Marked("1", "positive", text_hash), Marked("4", "negative", text_hash)):
        SessionStore(home / "sessions.sqlite").record(Session(session_of(app), "bees"), event)
    assert listed_marks(app) == ["remove 5"]
    asked = part(app, "which 1")
    assert [caption for caption in captions(app) if "Which counts?" in caption] == [
        "The same text is marked as relevant and not relevant. Which counts? Until you say, it trains nothing."
    ]
    assert re.findall(r'ex-id" dir="auto">(.*?)<', asked) == ["1", "4"]
    assert re.findall(r'ex-lost" dir="auto">(.*?)<', asked) == ["relevant", "not relevant"]
    lists.look()
    assert lists.marks() == {"5": "positive"}
    assert lists.data["opposed"] == [lists.row("1")]
    assert lists.by("anchored") == untrained
    app.button(key=f"answer {answer} 1").click().run()
    kept = {"positive": Feedback(("5", "1")), "negative": Feedback(("5",), ("4",))}[answer]
    assert saved(home, app) == kept
    assert not [caption for caption in captions(app) if "Which counts?" in caption]
    assert lists.look().marks() == {"1": answer, "5": "positive"}
    assert lists.data["opposed"] == []
    lists.do("undo")
    assert app.button(key=f"answer {answer} 1")
    assert not app.exception


def test_of_many_opposite_marks_a_few_are_asked_about_at_a_time(encoder: FakeEncoder, home: Path) -> None:
    texts = [f"dog number {n}" for n in range(30) for _ in range(2)] + ["a cat"] * 40 + ["rain"]
    documents = [Document(str(n), text) for n, text in enumerate(texts)]
    corpus = build_corpus(Source("dogs", SourceSpec("dogs"), lambda: iter(documents)), encoder)
    app, store = searched("dog"), SessionStore(home / "sessions.sqlite")
    doc_ids = [*map(str, range(60, 100)), *map(str, range(60))]
    hashes = dict(zip(doc_ids, corpus.text_hashes(list(map(int, doc_ids))), strict=True))
    marks = MarksAdded(Feedback(tuple(doc_ids[::2]), tuple(doc_ids[1::2])), hashes)
    store.record(Session(session_of(app), "dogs"), marks, corpus_id=corpus.manifest.corpus_id)
    opened_popover(app, "marks")

    def asked() -> list[str]:
        return [button.key for button in app.button if button.key and button.key.startswith("answer positive")]

    assert asked() == ["answer positive 60", *(f"answer positive {n}" for n in range(0, 18, 2))]
    assert "21 more texts are marked in different ways; they follow once these are answered." in captions(app)
    shown = re.findall(r'ex-id" dir="auto">(.*?)<', part(app, "which 60"))
    assert shown == ["60", "62", "64", "61", "63", "65"]
    assert re.findall(r'ex-quiet" dir="auto">(.*?)<', part(app, "which 60")) == ["… and 34 more copies"]
    app.button(key="answer negative 60").click().run()
    assert asked() == [f"answer positive {n}" for n in range(0, 20, 2)]
    left = store.load(session_of(app)).feedback
    assert (len(left), left.mark_of("60"), left.mark_of("61")) == (61, None, "negative")
    assert not app.exception


def test_all_copies_of_a_marked_text_are_exported(bees: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    written, button = [], export_form.st.download_button

    def download(label: str, write: Callable[[], bytes], **rest: object) -> bool:
        written[:] = [write] if label == "Download" else written
        return button(label, write, **rest)

    app = searched("bees")
    Lists(app).mark("1", "negative")
    monkeypatch.setattr(export_form.st, "download_button", download)
    opened_popover(app, "transfer")
    for what, others in (("Rankings and marks", {"2", "3", "5", "6"}), ("Marks alone", set[str]())):
        app.get_by_key("export_what").set_value(what).run()
        rows = list(csv.DictReader(io.StringIO(written[0]().decode("utf-8-sig"))))
        assert {row["doc_id"] for row in rows if row["mark"] == "not relevant"} == {"1", "4", "7"}
        assert {row["doc_id"] for row in rows} == {"1", "4", "7"} | others
        assert all(row["knn_score"] for row in rows if "knn_score" in row)
        added = added_marks(read_marks(written[0](), "m.csv"), bees, Marks())
        assert (added.event.marks, added.left_out) == (Feedback((), ("1",)), ())


def test_a_file_may_mark_copies_alike_but_not_in_different_ways(bees: Corpus, home: Path) -> None:
    app = opened_popover(searched("bees"), "transfer")
    upload(app, b"doc_id,mark\n4,yes\n7,yes\n6,no\n")
    assert messages(app, "success") == [
        "Took in marks from marks.csv: 1 as relevant, 1 as not relevant. Undo takes all of it back."
    ]
    assert saved(home, app) == Feedback(("4",), ("6",))
    clear(app)
    upload(app, b"doc_id,mark\n4,yes\n5,yes\n7,no\n")
    ways = "4 (line 2) as relevant and 7 ({}) as not relevant"
    reason = f"the same text is marked in two ways, {ways}; remove one of the marks"
    assert messages(app, "warning") == [
        "Took in marks from marks.csv: 1 as relevant, 0 as not relevant. Undo takes all of it back. 1 row was left out."
    ]
    assert reason.format("line 4") in page_text(app)
    assert saved(home, app) == Feedback(("5",))
    clear(app)
    upload(app, b"doc_id,mark\n4,yes\n7,no\n")
    assert messages(app, "warning") == ["No mark was taken in from marks.csv: 1 row was left out; nothing was changed."]
    assert reason.format("line 3") in page_text(app)
    assert saved(home, app) == Feedback()


def clear(app: AppTest) -> None:
    press(opened_popover(app, "marks"), "Clear all marks")


def upload(app: AppTest, content: bytes) -> None:
    app.file_uploader[0].set_value(("marks.csv", content, "text/csv")).run()
