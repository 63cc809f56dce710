"""The pages as Streamlit runs them, without a browser; the model is a fake one."""

import html
import re
import sqlite3
import tomllib
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.catalog import list_corpora, remove_corpus
from data.corpus import Corpus
from data.documents import Document, Source
from data.ingest import build_corpus
from retrieval.feedback import Feedback
from retrieval.sessions import SessionStore
from tests.conftest import ANIMALS, source_of
from tests.fake_encoder import FakeEncoder

APP = str(Path(__file__).parents[1] / "app.py")
CORPORA_PAGE = "from ui.corpora_page import corpora_page\ncorpora_page()"


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> None:
    st.cache_resource.clear()
    monkeypatch.setattr("ui.resources.load_encoder", lambda model, **_: encoder)


def opened(session: str | None = None) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=30)
    if session:
        app.query_params["session"] = session
    return app.run()


def searched(text: str) -> AppTest:
    app = opened()
    app.text_input(key="query_text").input(text)
    press(app, "Search")
    return app


def press(app: AppTest, label: str) -> None:
    [button] = [button for button in app.button if button.label == label]
    button.click().run()


def column(app: AppTest, ranker: str) -> list[str]:
    """Return the doc_ids of a column, in order."""
    bodies = "".join(part.body for part in app.get_by_key(f"column-{ranker}").get("html"))
    return [html.unescape(found) for found in re.findall(r'class="ex-id" dir="auto">(.*?)</span>', bodies)]


def page_text(app: AppTest) -> str:
    return html.unescape("".join(re.sub(r"<.*?>", " ", part.body) for part in app.get("html")))


def messages(app: AppTest, kind: str) -> list[str]:
    """Return the sentences that the page tells, without their signs."""
    found = [
        re.fullmatch(rf'<div class="ex-message ex-{kind}".*?</b> (.*)</div>', part.body) for part in app.get("html")
    ]
    return [html.unescape(match[1]) for match in found if match]


def listed_marks(app: AppTest) -> list[str]:
    """Return the keys of the buttons that take a listed mark back, in order."""
    return [button.key for button in app.sidebar.button if button.label == "Remove"]


def session_of(app: AppTest) -> str:
    return app.query_params["session"]


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


def test_the_right_column_can_be_the_notebooks_svm(animals: Corpus) -> None:
    app = searched("the dog")
    app.button_group(key="ranker").set_value("svm").run()
    assert sorted(column(app, "knn")) == sorted(column(app, "svm")) == list("0123456789")
    app.button(key="positive svm 5").click().run()
    assert listed_marks(app) == ["remove 5"]
    assert not app.exception


def test_c_is_the_users_choice(animals: Corpus) -> None:
    def best() -> float:
        head = app.get_by_key("column-anchored").get("html")[0].body
        return float(re.search(r'class="ex-score" dir="auto">(.*?)<', head)[1])

    app = searched(ANIMALS[4])
    slider = app.select_slider(key="C")
    assert slider.options == ["auto", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0"]
    assert slider.value == "auto"
    usual = best()
    slider.set_value(10.0).run()
    assert best() > usual
    app.select_slider(key="C").set_value(0.01).run()
    assert best() == usual, "0.01 is what suits the anchored SVM before any mark"


def test_a_mark_ranks_the_svm_anew_and_leaves_knn(animals: Corpus, home: Path) -> None:
    app = searched("the dog")
    knn, svm = column(app, "knn"), column(app, "anchored")
    app.button(key="positive anchored 5").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored") != svm
    assert column(app, "anchored").index("6") < svm.index("6")
    app.button(key="negative knn 3").click().run()
    assert column(app, "knn") == knn
    assert column(app, "anchored").index("3") > svm.index("3")
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


def test_a_reload_brings_query_and_marks_back(animals: Corpus) -> None:
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    app.button(key="negative anchored 0").click().run()
    again = opened(session_of(app))
    assert again.text_input(key="query_text").value == "the dog"
    assert column(again, "anchored") == column(app, "anchored")
    assert listed_marks(again) == ["remove 5", "remove 0"]


def test_each_tab_has_a_session_of_its_own(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("the dog")
    first.button(key="positive anchored 5").click().run()
    second.run()
    assert session_of(first) != session_of(second)
    assert listed_marks(second) == []


@pytest.mark.parametrize("reload", [False, True])
def test_each_corpus_keeps_its_own_query_and_marks(animals: Corpus, encoder: FakeEncoder, reload: bool) -> None:
    build_corpus(source_of(ANIMALS[5:], name="other"), encoder)
    app = searched("the dog")
    app.button(key="positive anchored 5").click().run()
    before = column(app, "anchored")
    app.selectbox(key="corpus").select("other").run()
    if reload:
        app = opened(session_of(app))
    assert app.selectbox(key="corpus").value == "other"
    assert app.text_input(key="query_text").value == ""
    assert listed_marks(app) == []
    app.selectbox(key="corpus").select("animals").run()
    assert column(app, "anchored") == before
    assert app.text_input(key="query_text").value == "the dog"
    assert listed_marks(app) == ["remove 5"]


def test_the_address_decides_which_session_is_open(animals: Corpus) -> None:
    first, second = searched("the dog"), searched("rain")
    first.query_params["session"] = session_of(second)
    first.run()
    assert first.text_input(key="query_text").value == "rain"
    assert column(first, "knn") == column(second, "knn")


def test_an_unknown_session_in_the_address_is_a_new_one(animals: Corpus) -> None:
    for name in ("never", "<script>", "../../etc", "x" * 10_000):
        app = opened(name)
        assert session_of(app) != name
        assert not app.exception


def test_more_results_on_demand(encoder: FakeEncoder) -> None:
    build_corpus(source_of([f"dog number {n}" for n in range(60)], name="dogs"), encoder)
    app = searched("dog")
    assert len(column(app, "anchored")) == 10
    app.get_by_key("k").set_value(25).run()
    assert len(column(app, "knn")) == len(column(app, "anchored")) == 25


def test_without_a_corpus_the_page_offers_to_build_one(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("text\nbuy milk\nfeed the cat\n")
    app = opened()
    assert app.title[0].value == "Exemplar"
    app.text_input(key="build_source").input(str(tmp_path / "notes.csv"))
    press(app, "Build")
    assert [status.name for status in list_corpora()] == ["notes"]
    assert app.selectbox(key="corpus").value == "notes"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"build_source": "  "}, "Name a source: docs, a file"),
        ({"build_source": "./gone.csv"}, "There is no file or folder ./gone.csv"),
        ({"build_source": "{csv}", "build_text": "nope"}, "{csv} has no column 'nope'; its columns are: text, *x*"),
        ({"build_source": "{csv}", "build_name": "../up"}, "'../up' can't be the name of a corpus: use letters,"),
        (
            {"build_source": "{csv}", "build_name": "animals"},
            "There is a corpus 'animals' already, built with the source animals, not",
        ),
    ],
)
def test_a_build_that_cannot_be_says_why(tmp_path: Path, animals: Corpus, fields: dict, message: str) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("text,*x*\nbuy milk,1\n")
    app = AppTest.from_string(CORPORA_PAGE, default_timeout=30).run()
    for key, value in fields.items():
        app.text_input(key=key).input(value.format(csv=path))
    press(app, "Build")
    [sentence] = messages(app, "error")
    assert sentence.startswith(message.format(csv=path))
    assert [status.name for status in list_corpora()] == ["animals"]


def test_a_corpus_built_on_its_page_is_listed_and_chosen(tmp_path: Path, animals: Corpus) -> None:
    (tmp_path / "notes.csv").write_text("text\nbuy milk\n\nfeed the cat\n")
    app = AppTest.from_string(CORPORA_PAGE, default_timeout=30).run()
    app.text_input(key="build_source").input(str(tmp_path / "notes.csv"))
    app.number_input(key="build_limit").set_value(2)
    press(app, "Build")
    assert messages(app, "success") == ["Built notes: 1 documents. It is chosen on the page Search."]
    assert app.dataframe[0].value["Name"].tolist() == ["animals", "notes"]
    assert app.session_state["session"].corpus == "notes"


def test_when_the_last_corpus_is_gone_the_next_one_built_is_chosen(tmp_path: Path, animals: Corpus) -> None:
    app = searched("the dog")
    remove_corpus("animals")
    (tmp_path / "notes.csv").write_text("text\nbuy milk\nfeed the cat\n")
    app.run()
    app.text_input(key="build_source").input(str(tmp_path / "notes.csv"))
    press(app, "Build")
    assert app.selectbox(key="corpus").value == "notes"
    assert messages(app, "error") == []


def test_a_lone_document_as_query_leaves_nothing_to_show(encoder: FakeEncoder) -> None:
    build_corpus(source_of(["only one"], name="one"), encoder)
    app = searched("one")
    app.button(key="more anchored 0").click().run()
    assert "There is no other document in this corpus." in [caption.value for caption in app.caption]


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
        raise ValueError("cannot load the model fake: it is *not* there")

    monkeypatch.setattr("ui.resources.load_encoder", fail)
    app = searched("the dog")
    assert messages(app, "error") == ["Cannot load the model fake: it is *not* there"]
    assert not app.exception


def test_a_mark_that_cannot_be_saved_is_made_and_told(animals: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    app = searched("the dog")

    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SessionStore, "record", full)
    app.button(key="positive anchored 5").click().run()
    [warning] = messages(app, "warning")
    assert warning.endswith("could not be saved: database or disk is full. It lasts as long as this page.")
    assert app.button(key="positive anchored 5").icon == ":material/check:"


def test_a_damaged_session_file_is_told_and_left_alone(animals: Corpus, home: Path) -> None:
    (home / "sessions.sqlite").write_bytes(b"this is no database at all, but it may hold something" * 100)
    app = opened("some-session")
    [warning] = messages(app, "warning")
    assert "could not be read" in warning
    assert (home / "sessions.sqlite").read_bytes().startswith(b"this is no database")
    assert session_of(app) == "some-session"  # once the file is mended, a reload finds the marks


HOSTILE = [
    "<script>document.title = 'owned'</script><img src=x onerror=alert(1)> <b>bold</b>",
    "**bold** [link](http://example.com) $x^2$ :smile: :red[red] `code` # heading",
    "</div></div><style>body{display:none}</style>",
    "\N{RIGHT-TO-LEFT OVERRIDE}مرحبا \N{CAT FACE} \x1b[31m",
]


def test_documents_labels_and_ids_are_text_and_nothing_else(encoder: FakeEncoder) -> None:
    documents = [Document(f"id {text}", text, f"label {text}") for text in HOSTILE]
    build_corpus(Source("hostile", {"source": "hostile"}, lambda: iter(documents)), encoder)
    app = searched("<script>")
    for document in documents:
        app.button(key=f"positive anchored {document.doc_id}").click().run()
    bodies = "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))
    app.button(key=f"more anchored {documents[0].doc_id}").click().run()
    bodies += "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))
    assert set(re.findall(r"</?([a-zA-Z]+)", bodies)) == {"div", "span"}
    for text in HOSTILE:
        assert html.escape(f"id {text}") in bodies
        assert html.escape(f"label {text}") in bodies
    assert not [part for part in (*app.markdown, *app.caption) if "bold" in part.value or "script" in part.value]


def test_messages_show_what_they_quote_as_it_is(animals: Corpus) -> None:
    app = AppTest.from_string(CORPORA_PAGE, default_timeout=30).run()
    app.text_input(key="build_source").input("./a -> [b](http://c) <i>--</i> :smile:.csv")
    press(app, "Build")
    assert messages(app, "error") == ["There is no file or folder ./a -> [b](http://c) <i>--</i> :smile:.csv"]


def test_the_app_listens_on_localhost_and_reports_nothing() -> None:
    config = tomllib.loads((Path(APP).parent / ".streamlit" / "config.toml").read_text())
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
