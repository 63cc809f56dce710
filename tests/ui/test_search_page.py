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
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import APP, captions, messages, press
from tests.support.search_page import (
    column,
    listed_marks,
    page_text,
    part,
    quiet_line,
    searched,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_a_query_fills_both_columns(animals: Corpus) -> None:
    app = searched("the dog")
    assert column(app, "knn")[0] in "34"
    assert sorted(column(app, "knn")) == sorted(column(app, "anchored")) == list("0123456789")
    assert ANIMALS[3] in page_text(app)
    assert messages(app, "error") == []
    assert not app.exception


def test_each_column_says_what_its_ranking_took(animals: Corpus) -> None:
    app = searched("the dog")
    knn, svm = (app.get_by_key(f"column-{ranker}").caption[0].value for ranker in ("knn", "anchored"))
    assert re.fullmatch(r"nearest to the query; .*  \n\d+ ms", knn)
    assert re.fullmatch(r"query and marks .*  \n\d+ ms · \d scans? · \d+ support rows · (settled|exact)", svm)


def test_a_row_says_where_the_other_column_has_it(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    knn, anchored = column(app, "knn"), column(app, "anchored")
    notes = re.findall(
        r'class="ex-note ex-(\w+)" dir="auto" title="([^"]*)">(.*?)</span>', part(app, "column-anchored")
    )
    for doc_id, (kind, title, text) in zip(anchored, notes, strict=True):
        moved = knn.index(doc_id) - anchored.index(doc_id)
        assert text == (f"▲{moved}" if moved > 0 else f"▼{-moved}" if moved else "=")
        assert kind == ("up" if moved > 0 else "down" if moved else "same")
        assert f"at rank {knn.index(doc_id) + 1}" in title or title == "kNN has it at the same rank"


def test_the_quiet_line_counts(animals: Corpus) -> None:
    app = searched("the dog")
    line = r"overlap@10: 10 · kNN \d+ ms · Anchored SVM \d+ ms · 10 documents · 0 marks"
    assert re.fullmatch(line, quiet_line(app))
    app.button(key="positive anchored 5").click().run()
    assert quiet_line(app).endswith("10 documents · 1 mark")


def test_why_is_a_chart_of_both_rankings(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.get_by_key("view").set_value("Why").run()
    [chart] = app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")
    assert "The document of the point that you click stands here." in page_text(app)
    app.session_state["picked_point"] = "8"
    app.run()
    assert ANIMALS[8] in page_text(app)
    app.button(key="negative why 8").click().run()
    assert listed_marks(app) == ["remove 5", "remove 8"]
    assert chart is not None
    assert not app.exception


def test_sentences_that_carried_a_row_are_marked(encoder: FakeEncoder) -> None:
    text = "It rained all day. The <b>cat</b> slept on the mat. Nobody came."
    build_corpus(source_of([text, "a dog"], name="cats"), encoder)
    app = searched("the <b>cat</b> slept")
    carried = re.findall(r'<mark class="ex-carried" dir="auto">(.*?)</mark>', part(app, "column-anchored"))
    assert carried == [html.escape("The <b>cat</b> slept on the mat.")]


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
    app.button(key="more knn 5").click().run()
    assert app.text_input(key="query_text").value == ""
    assert set(column(app, "knn")[:2]) == {"6", "7"}
    assert "5" not in column(app, "knn") + column(app, "anchored")
    assert "More like  5" in page_text(app)


def test_an_empty_query_says_what_to_do_and_keeps_the_results(animals: Corpus) -> None:
    app = searched("  ")
    assert messages(app, "warning") == ["Type what you are looking for, then press Enter."]
    app = searched("the dog")
    app.text_input(key="query_text").input("")
    press(app, "Search")
    assert messages(app, "warning") == ["Type what you are looking for, then press Enter."]
    assert len(column(app, "knn")) == 10


def test_a_lone_document_as_query_leaves_nothing_to_show(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["only one"], name="one"), encoder)
    app = searched("one")
    app.button(key="more anchored 0").click().run()
    assert "There is no other document in this corpus." in captions(app)


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
    app.button(key="positive anchored 9").click().run()
    app.button(key="positive anchored 1").click().run()
    build_corpus(source_of(ANIMALS[:5]), encoder)
    app.run()
    assert sorted(column(app, "anchored")) == list("01234")
    assert "no longer in this corpus" in page_text(app)
    assert messages(app, "error") == []


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
    for document in documents:
        app.button(key=f"positive anchored {document.doc_id}").click().run()
    shown = "".join(part.body for part in app.get("html") if "ex-key" not in part.body)
    app.button(key=f"more anchored {documents[0].doc_id}").click().run()
    shown += "".join(part.body for part in app.get("html") if "ex-key" not in part.body)
    shown = re.sub(r"<style>.*?</style>", "", shown, flags=re.DOTALL)
    assert set(re.findall(r"</?([a-zA-Z]+)", shown)) <= {"div", "span", "mark"}
    for text in HOSTILE:
        assert html.escape(f"id {text}") in shown
        assert html.escape(f"label {text}") in shown
    assert not [part for part in (*app.markdown, *app.caption) if "bold" in part.value or "script" in part.value]


def test_the_app_listens_on_localhost_and_reports_nothing() -> None:
    config = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"


def test_rows_are_shown_where_the_model_cannot_find_their_best_sentences(
    encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_corpus(source_of([f"The dog barks. {text}" for text in ANIMALS]), encoder)

    def fails(*_: object) -> None:
        raise ExemplarError("the model fails: not enough memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(encoder, "encode_documents", fails)
    app = searched("the dog")
    assert len(column(app, "knn")) == 10
    assert not app.exception
    assert "not enough memory" in log_path().read_text()
