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
from exemplar.retrieval.sessions.added_marks import added_marks
from exemplar.retrieval.sessions.events import Marked, MarksAdded
from exemplar.retrieval.sessions.import_marks import read_marks
from exemplar.retrieval.sessions.marks import MarkedText, Marks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search import export_import
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import captions, messages, press
from tests.support.search_page import (
    column,
    listed_marks,
    opened_popover,
    page_text,
    part,
    quiet_line,
    searched,
    session_of,
    turn,
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


def marked_documents(app: AppTest, ranker: str) -> list[str]:
    """Return the documents whose rows show a mark."""
    rows = re.findall(r'ex-id" dir="auto">(\w+)</span>(<span class="ex-marked)?', part(app, f"column-{ranker}"))
    return [doc_id for doc_id, mark in rows if mark]


def saved(home: Path, app: AppTest) -> Feedback:
    return SessionStore(home / "sessions.sqlite").load(session_of(app)).feedback


def test_copies_are_one_row_and_near_copies_stand_below(bees: Corpus) -> None:
    app = searched("Cracks grow under lorries, bees")
    for ranker in ("knn", "anchored"):
        assert sorted(column(app, ranker)) == ["1", "2", "3", "5", "6"]
        shown = column(app, ranker)
        first = min(shown.index(doc_id) for doc_id in "123")
        assert set(shown[first : first + 3]) == {"1", "2", "3"}
        assert part(app, f"column-{ranker}").count("3 copies") == 1
        assert part(app, f"column-{ranker}").count("nearly the same as the row above") == 2
        ranks = re.findall(r'ex-rank" dir="auto">(\d+)', part(app, f"column-{ranker}"))
        assert sorted(ranks) == list("12345")
    assert "7 documents" in quiet_line(app)
    assert "overlap@10: 5" in quiet_line(app)


def test_pages_count_rows_not_copies(encoder: FakeEncoder) -> None:
    texts = [f"dog number {n}" for n in range(11)] + ["dog number 0"] * 30
    documents = [Document(str(n), text) for n, text in enumerate(texts)]
    build_corpus(Source("dogs", SourceSpec("dogs"), lambda: iter(documents)), encoder)
    app = searched("dog")
    assert len(column(app, "knn")) == 10
    turn(app, 2)
    assert len(column(app, "knn")) == 1
    turn(app, 3)
    assert app.session_state["page"] == 2
    assert not app.exception


def test_a_mark_on_one_copy_is_a_mark_on_the_text(bees: Corpus, home: Path) -> None:
    app = searched("bees")
    app.button(key="positive knn 1").click().run()
    session = session_of(app)
    SessionStore(home / "sessions.sqlite").record(
        Session(session, "bees"), MarksAdded(Feedback(("7",)), {"7": MarkedText.of(BEES).text_hash})
    )
    app.run()
    assert saved(home, app) == Feedback(("1", "7"))
    assert listed_marks(app) == ["remove 1"], "one text, one mark"
    assert "3 copies" in part(app, "mark 1")
    assert "1 mark" in quiet_line(app)
    for ranker in ("knn", "anchored"):
        assert marked_documents(app, ranker) == ["1"]
    app.button(key="positive knn 1").click().run()
    assert saved(home, app) == Feedback()
    assert listed_marks(app) == []
    app.button(key="undo").click().run()
    assert saved(home, app) == Feedback(("1", "7"))
    app.button(key="remove 1").click().run()
    assert saved(home, app) == Feedback()
    assert not app.exception


def test_the_row_of_another_copy_shows_the_mark_and_changes_it(bees: Corpus, home: Path) -> None:
    app = searched("bees")
    SessionStore(home / "sessions.sqlite").record(
        Session(session_of(app), "bees"), Marked("7", "positive", MarkedText.of(BEES).text_hash)
    )
    app.run()
    assert app.button(key="positive knn 1").icon == ":material/check:"
    app.button(key="jump 7").click().run()
    assert "It is not among" not in page_text(app)
    app.button(key="negative knn 1").click().run()
    assert saved(home, app) == Feedback((), ("1",))
    app.get_by_key("view").set_value("Mark next").run()
    assert not {"1", "4", "7"} & set(re.findall(r'ex-id" dir="auto">(.*?)<', part(app, "next-disagreement")))
    assert not app.exception


@pytest.mark.parametrize("answer", ["positive", "negative"])
def test_opposite_marks_on_one_text_are_asked_about(bees: Corpus, home: Path, answer: str) -> None:
    app = searched("bees")
    unmarked = column(app, "anchored")
    app.button(key="positive knn 5").click().run()
    alone = column(app, "anchored")
    text_hash = MarkedText.of(BEES).text_hash
    for event in (Marked("1", "positive", text_hash), Marked("4", "negative", text_hash)):
        SessionStore(home / "sessions.sqlite").record(Session(session_of(app), "bees"), event)
    app.run()
    asked = part(app, "which 1")
    assert [caption.value for caption in app.sidebar.caption if "Which counts?" in caption.value] == [
        "The same text is marked as relevant and not relevant. Which counts? Until you say, it trains nothing."
    ]
    assert re.findall(r'ex-id" dir="auto">(.*?)<', asked) == ["1", "4"]
    assert re.findall(r'ex-lost" dir="auto">(.*?)<', asked) == ["relevant", "not relevant"]
    assert listed_marks(app) == ["remove 5"]
    assert marked_documents(app, "knn") == ["5"]
    assert "marked in different ways" in part(app, "column-knn")
    assert [doc_id for doc_id in column(app, "anchored") if doc_id in alone] == alone
    assert unmarked != alone or unmarked == alone
    app.button(key=f"answer {answer} 1").click().run()
    kept = {"positive": Feedback(("5", "1")), "negative": Feedback(("5",), ("4",))}[answer]
    assert saved(home, app) == kept
    assert "Which counts?" not in page_text(app)
    assert sorted(marked_documents(app, "knn")) == ["1", "5"]
    app.button(key="undo").click().run()
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
    app.run()

    def asked() -> list[str]:
        return [button.key for button in app.sidebar.button if button.key and button.key.startswith("answer positive")]

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
    written, button = [], export_import.st.download_button

    def download(label: str, write: Callable[[], bytes], **rest: object) -> bool:
        written[:] = [write]
        return button(label, write, **rest)

    app = searched("bees")
    app.button(key="negative knn 1").click().run()
    monkeypatch.setattr(export_import.st, "download_button", download)
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
    press(app, "Clear all marks")
    upload(app, b"doc_id,mark\n4,yes\n5,yes\n7,no\n")
    ways = "4 (line 2) as relevant and 7 ({}) as not relevant"
    reason = f"the same text is marked in two ways, {ways}; remove one of the marks"
    assert messages(app, "warning") == [
        "Took in marks from marks.csv: 1 as relevant, 0 as not relevant. Undo takes all of it back. 1 row was left out."
    ]
    assert reason.format("line 4") in page_text(app)
    assert saved(home, app) == Feedback(("5",))
    press(app, "Clear all marks")
    upload(app, b"doc_id,mark\n4,yes\n7,no\n")
    assert messages(app, "warning") == ["No mark was taken in from marks.csv: 1 row was left out; nothing was changed."]
    assert reason.format("line 3") in page_text(app)
    assert saved(home, app) == Feedback()


def upload(app: AppTest, content: bytes) -> None:
    app.file_uploader[0].set_value(("marks.csv", content, "text/csv")).run()
