"""The search page as Streamlit runs it, without a browser; the model is a fake one."""

import html
import re
import threading
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.error_log import log_path
from exemplar.data.errors import ExemplarError
from exemplar.data.milvus.server import ADDRESS
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.ui import resources
from exemplar.ui.html import shortened
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.lists import Lists
from tests.support.pages import APP, messages
from tests.support.search_page import (
    column,
    listed_marks,
    opened_popover,
    page_text,
    part,
    search,
    searched,
    status,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_a_query_fills_both_lists(animals: Corpus) -> None:
    app = searched("the dog")
    assert column(app, "knn")[0] in "34"
    assert sorted(column(app, "knn")) == sorted(column(app, "anchored")) == list("0123456789")
    assert Lists(app).texts("3")["text"] == ANIMALS[3]
    assert messages(app) == []


def test_each_list_says_what_its_ranking_took(animals: Corpus) -> None:
    knn, anchored = Lists(searched("the dog")).data["lists"]
    assert (knn["title"], anchored["title"]) == ("By similarity", "Learned from your marks")
    assert re.fullmatch(r"kNN · \d+ ms", knn["small"])
    assert re.fullmatch(r"Anchored SVM · \d+ ms", anchored["small"])
    assert knn["help"] == "kNN: nearest to the query; marks leave it as it is."
    cost = r"\d+ ms · \d scans? · \d+ support rows · (settled|exact)\."
    meaning = "query and first marks against the rest, then the marks, by meaning and words"
    assert re.match(rf"Anchored SVM: {meaning}\. {cost}", anchored["help"])


def test_a_row_says_where_the_other_list_has_it(animals: Corpus) -> None:
    lists = Lists(searched("the dog"))
    lists.fold(on=False).mark("5")
    knn, anchored = lists.by("knn"), lists.by("anchored")
    assert knn != anchored
    assert lists.data["lists"][0]["there"] == [anchored.index(doc_id) + 1 for doc_id in knn]
    assert lists.data["lists"][1]["there"] == [knn.index(doc_id) + 1 for doc_id in anchored]


def test_the_status_and_the_counts_follow_the_marks(animals: Corpus) -> None:
    app = searched("the dog")
    lists = Lists(app)
    assert status(app) == "10 documents"
    assert lists.data["counts"] == {"positive": 0, "negative": 0, "unsure": 0, "ago": None}
    lists.mark("5")
    assert lists.data["counts"] == {"positive": 1, "negative": 0, "unsure": 0, "ago": 0}


def test_a_page_waits_for_another_that_is_drawn_and_where_milvus_serves_for_none(
    animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.ui.page_scheduler._LONGEST", 60)
    drawn = threading.Event()
    app = AppTest.from_file(APP, default_timeout=60)
    another = threading.Thread(target=lambda: (app.run(), drawn.set()))
    with resources.page():
        another.start()
        assert not drawn.wait(timeout=2)
        monkeypatch.setenv(ADDRESS, "http://localhost:1")
        with resources.page():
            monkeypatch.delenv(ADDRESS)
    another.join()
    assert app.text_input(key="query_text").value == ""


def test_a_document_becomes_the_query(animals: Corpus) -> None:
    app = searched("the dog")
    Lists(app).like("5")
    assert app.text_input(key="query_text").value == ""
    assert set(column(app, "knn")[:2]) == {"6", "7"}
    assert "5" not in column(app, "knn") + column(app, "anchored")
    assert "More like  5" in page_text(app)


def test_an_empty_query_says_what_to_do_and_keeps_the_results(animals: Corpus) -> None:
    app = searched("  ")
    assert messages(app) == ["Type what you are looking for, then press Enter."]
    app = searched("the dog")
    search(app, "")
    assert messages(app) == ["Type what you are looking for, then press Enter."]
    assert len(column(app, "knn")) == 10


def test_a_lone_document_as_query_leaves_nothing_to_show(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["only one"], name="one"), encoder)
    lists = Lists(searched("one")).like("0")
    assert [(each["rows"], each["empty"]) for each in lists.data["lists"]] == [
        ([], "There is no other document in this corpus.")
    ] * 2


def test_a_corpus_that_is_gone_is_told(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(ANIMALS, name="other"), encoder)
    app = searched("the dog")
    remove_corpus("animals")
    app.run()
    assert messages(app, "error") == ["There is no corpus named 'animals' (there are: other)"]
    app.selectbox(key="corpus").select("other").run()
    assert messages(app, "error") == []


def test_a_rebuilt_corpus_is_opened_anew_and_keeps_the_marks_that_still_stand(
    animals: Corpus, encoder: FakeEncoder
) -> None:
    app = searched("the dog")
    Lists(app).mark("9").mark("1").fold(on=False)
    build_corpus(source_of(ANIMALS[:5]), encoder)
    app.run()
    assert sorted(column(app, "anchored")) == list("01234")
    assert Lists(app).marks() == {"1": "positive"}
    assert listed_marks(app) == ["remove 1", "remove 9"]
    assert "not in this corpus" in part(app, "mark positive 9")
    assert messages(app) == []


def test_a_model_that_cannot_be_loaded_is_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(model: str, **_: object) -> None:
        raise ExemplarError("cannot load the model fake: it is *not* there")

    monkeypatch.setattr("exemplar.ui.resources.load_encoder", fail)
    app = searched("the dog")
    assert messages(app, "error") == ["Cannot load the model fake: it is *not* there"]
    assert not app.exception


HOSTILE = [
    "<script>document.title = 'owned'</script><img src=x onerror=alert(1)> <b>bold</b>",
    "**bold** [link](http://example.com) $x^2$ :smile: :red[red] `code` # heading",
    "</div></div><style>body{display:none}</style>",
    "\N{RIGHT-TO-LEFT OVERRIDE}مرحبا \N{CAT FACE} \x1b[31m",
]


def test_documents_labels_and_ids_are_text_and_nothing_else(encoder: FakeEncoder) -> None:
    documents = [Document(f"id {text}", text, (f"label {text}",)) for text in HOSTILE]
    build_corpus(Source("hostile", SourceSpec("hostile"), lambda: iter(documents)), encoder)
    app = searched("<script>")
    lists = Lists(app)
    for document in documents:
        lists.mark(document.doc_id)
    opened_popover(app, "marks")
    shown = "".join(each.body for each in app.get("html") if "ex-key" not in each.body)
    lists.like(documents[0].doc_id)
    shown += "".join(each.body for each in app.get("html") if "ex-key" not in each.body)
    shown = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert set(re.findall(r"</?([a-zA-Z]+)", shown)) <= {"div", "span", "b", "p"}
    for text in HOSTILE:
        assert html.escape(f"id {text}") in shown
        sent = lists.texts(f"id {text}")
        assert (sent["text"], sent["labels"]) == (text, [shortened(f"label {text}", 80)])
    assert not [each for each in (*app.markdown, *app.caption) if "bold" in each.value or "script" in each.value]


def test_the_app_listens_on_localhost_and_reports_nothing() -> None:
    config = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


def test_a_row_opens_where_the_model_cannot_find_its_best_sentences(
    encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"The dog barks. {text}" for text in ANIMALS]
    build_corpus(source_of(texts), encoder)

    def fails(*_: object) -> None:
        raise ExemplarError("the model fails: not enough memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(encoder, "encode_documents", fails)
    lists = Lists(searched("the dog")).say(open=3, lacks=True)
    assert lists.data["opened"]["parts"] == [("passage", texts[3])]
    assert "not enough memory" in log_path().read_text()
