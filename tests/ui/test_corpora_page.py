"""The corpora page without a browser; the model is a fake one."""

import re
from pathlib import Path

import pytest
import streamlit as st

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import list_corpora, remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.documents import Document, Problem
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.text import size_in_words
from exemplar.ui import jobs
from exemplar.ui.navigation import SEARCH
from tests.support.corpora import source_of
from tests.support.corpora_page import HOSTILE, choose, click, ended, marked_row, opened, roles, states, text_of, upload
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import captions, labelled, messages, press
from tests.support.reading import read
from tests.support.search_page import page_text

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


def test_an_empty_home_says_so_and_offers_to_build() -> None:
    app = opened()
    assert "None yet. Build one below." in captions(app)
    assert len(app.dataframe) == 0
    assert [button.label for button in app.button] == ["Build"]
    assert not app.exception


def test_the_table_tells_of_every_corpus(animals: Corpus, encoder: FakeEncoder, tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("text\nbuy milk\n\nfeed the cat\n")
    build_corpus(read(str(path)), encoder)
    (corpus_folder("notes") / "manifest.json").write_bytes(b"{")
    app = opened()
    table = app.dataframe[0].value
    assert table["Name"].tolist() == ["animals", "notes"]
    assert table["Documents"].tolist()[0] == table["Passages"].tolist()[0] == 10
    assert table["State"].tolist() == ["complete", "damaged"]
    assert (table["Source"][0], table["Model"][0]) == ("animals", "fake")
    assert table["Size"].tolist() == [status.size for status in list_corpora()]


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 bytes"),
        (840, "840 bytes"),
        (999, "999 bytes"),
        (1_234, "1.2 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (3_449_000, "3.4 MB"),
        (23_500_000_000, "24 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_are_told_as_people_say_them(n_bytes: int, words: str) -> None:
    assert size_in_words(n_bytes) == words


def test_the_chosen_corpus_is_told_of_with_what_was_odd_about_it(encoder: FakeEncoder) -> None:
    found = [Document("0", "one", (HOSTILE,)), Problem("row 1", f"odd: {HOSTILE}")]
    build_corpus(Source("odd", SourceSpec(HOSTILE, limit=7), lambda: iter(found)), encoder, whole=True)
    app = opened()
    details = text_of(app, "corpus-chosen")
    assert details.startswith("odd complete Documents 1 Passages 1, one a document Size ")
    assert f"Source {HOSTILE} Limit 7 Searched by words and full vectors Model fake, revision 1 " in details
    assert " revision 1 Vectors 64 dimensions, cosine, float32," in details
    assert details.endswith(f"Odd about its documents: odd: {HOSTILE}: 1")
    bodies = "".join(part.body for part in app.get_by_key("corpus-chosen").get("html"))
    assert set(re.findall(r"</?([a-zA-Z]+)", bodies)) == {"div", "span", "b"}
    assert "<b>bold" not in bodies


@pytest.mark.parametrize("column", ["Name", "Size"])
def test_the_clicked_row_is_the_one_that_the_buttons_act_on(animals: Corpus, encoder: FakeEncoder, column: str) -> None:
    build_corpus(source_of(["one"], name="other"), encoder)
    app = opened()
    click(app, 1, column)
    assert (labelled(app, "selectbox", "Corpus").value, marked_row(app)) == ("other", 1)
    assert text_of(app, "corpus-chosen").startswith("other complete")
    build_corpus(source_of(["one"], name="before"), encoder)
    app.run()
    assert (labelled(app, "selectbox", "Corpus").value, marked_row(app)) == ("other", 2)
    choose(app, "Corpus", "before")
    assert marked_row(app) == 1
    click(app, 2, column)
    press(app, "Remove")
    press(app, "Remove it")
    assert states() == {"animals": "complete", "before": "complete"}
    assert (labelled(app, "selectbox", "Corpus").value, marked_row(app)) == ("animals", 0)


def test_what_cannot_be_built_on_says_so(animals: Corpus) -> None:
    (corpus_folder("animals") / "manifest.json").write_bytes(b"{")
    for journal in corpus_folder("animals").glob("build-*/*.json*"):
        journal.write_bytes(b"{")
    app = opened()
    press(app, "Build on")
    [sentence] = messages(app, "error")
    assert sentence.startswith("How 'animals' was built can't be read, so it can't be built on.")
    assert jobs.jobs("build") == []


def test_verifying_finds_damage_and_repair_mends_it(tmp_path: Path, encoder: FakeEncoder) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("text\n" + "".join(f"note {n}\n" for n in range(20)))
    corpus = build_corpus(read(str(path)), encoder)
    other = source_of(["another"], name="other")
    build_corpus(other, encoder)
    app = opened()
    choose(app, "Corpus", "notes")
    press(app, "Verify")
    assert messages(app, "success") == ["Every file of 'notes' is as it was written."]
    [vectors] = (corpus_folder("notes") / corpus.manifest.build).glob("vectors*")
    content = bytearray(vectors.read_bytes())
    content[-3] ^= 1
    vectors.write_bytes(content)
    press(app, "Verify")
    [sentence] = messages(app, "error")
    assert sentence == (
        f"Damaged: {vectors.name}, shard 0 (documents 0 to 19). "
        "Repair builds it again: only what is damaged is written anew."
    )
    choose(app, "Corpus", "other")
    assert messages(app, "error") == []
    assert "Repair" not in [button.label for button in app.button]
    choose(app, "Corpus", "notes")
    press(app, "Repair")
    assert ended("notes").error is None
    app.run()
    press(app, "Verify")
    assert messages(app, "success")[0] == "Every file of 'notes' is as it was written."
    app.button(key="corpus-told notes").click().run()
    assert messages(app, "success") == ["Built notes: 20 documents."]


def test_removing_asks_first_and_says_what_goes(animals: Corpus, encoder: FakeEncoder, home: Path) -> None:
    app = opened()
    upload(app, "notes.csv", "text\nbuy milk\nfeed the cat\n")
    press(app, "Build")
    ended("notes")
    app.run()
    choose(app, "Corpus", "notes")
    press(app, "Remove")
    asked = " ".join(part.body for part in app.get("html"))
    assert "Remove &#x27;notes&#x27; with its 2 documents?" in asked
    press(app, "Keep it")
    assert states() == {"animals": "complete", "notes": "complete"}
    press(app, "Remove")
    press(app, "Remove it")
    assert states() == {"animals": "complete"}
    assert app.dataframe[0].value["Name"].tolist() == ["animals"]
    assert list((home / "uploads").iterdir()) == []
    assert labelled(app, "selectbox", "Corpus").value == "animals"
    press(app, "Remove")
    press(app, "Remove it")
    assert "None yet. Build one below." in captions(app)


def test_a_file_is_added_with_the_columns_of_the_first(home: Path) -> None:
    app = opened()
    upload(app, "october.csv", "body,kind\nlate parcel,post\n")
    choose(app, "Text column", "body")
    press(app, "Build")
    ended("october")
    app.run()
    press(app, "Add a file")
    assert "Add to october" in [head.value for head in app.subheader]
    upload(app, "november.csv", "kind,text,body\nlight,other,new lamp\npost,other,late parcel\n")
    assert roles(app) == {"Text": "body"}
    press(app, "Add")
    assert ended("october").error is None
    app.run()
    assert messages(app, "success") == [
        "Added 2 documents of november.csv (1 copy of earlier ones). Built october: 3 documents."
    ]
    assert "Build a corpus" in [head.value for head in app.subheader]
    assert app.dataframe[0].value["Source"].tolist() == ["october.csv (uploaded) and 1 more"]
    assert "november.csv (uploaded), 2 documents" in text_of(app, "corpus-chosen")

    press(app, "Add a file")
    assert "Choose the file in the form below." in captions(app)
    press(app, "Don't add")
    assert "Choose the file in the form below." not in captions(app)
    assert "Build a corpus" in [head.value for head in app.subheader]
    press(app, "Add a file")
    upload(app, "odd.csv", "x,y\n1,2\n")
    press(app, "Add")
    assert messages(app, "warning") == ["None of the columns is called as a text usually is; choose the Text column"]
    upload(app, "november.csv", "kind,text,body\nlight,other,new lamp\npost,other,late parcel\n")
    press(app, "Add")
    ended("october")
    app.run()
    assert "october has this file already; all of its files are read again." in page_text(app)

    [uploaded] = (home / "uploads").glob("*/november.csv")
    uploaded.unlink()
    press(app, "Build on")
    assert "reads all of its files again" in str(ended("october").error)
    app.run()
    press(app, "Leave this file out")
    assert ended("october").error is None
    app.run()
    assert messages(app, "success") == ["Left out november.csv. Built october: 1 documents."]
    press(app, "Remove")
    press(app, "Remove it")
    assert list((home / "uploads").glob("*/*")) == [] or [path.name for path in (home / "uploads").glob("*/*")] == [
        "odd.csv"
    ]


def test_what_is_being_built_is_not_removed(animals: Corpus) -> None:
    app = opened()
    press(app, "Remove")
    with lock_corpus("animals"):
        press(app, "Remove it")
        [sentence] = messages(app, "error")
    assert sentence == "The corpus 'animals' is being built by another process; wait for it"
    assert states() == {"animals": "complete"}
    app.button(key="corpus-told animals").click().run()
    assert messages(app, "error") == []


def test_what_went_meanwhile_is_gone_and_that_is_all(animals: Corpus, encoder: FakeEncoder) -> None:
    build_corpus(source_of(["one"], name="other"), encoder)
    app = opened()
    choose(app, "Corpus", "animals")
    press(app, "Remove")
    remove_corpus("animals")
    press(app, "Remove it")
    assert messages(app, "error") == []
    assert labelled(app, "selectbox", "Corpus").value == "other"
    assert not app.exception


def test_a_corpus_is_searched_from_here(animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    build_corpus(source_of(["one"], name="other"), encoder)
    pages: list[str] = []
    monkeypatch.setattr(st, "switch_page", pages.append)
    app = opened()
    app.session_state[SEARCH] = "the search page"
    choose(app, "Corpus", "other")
    press(app, "Search it")
    assert pages == ["the search page"]
    assert app.session_state["session"].corpus == "other"
