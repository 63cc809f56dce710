"""Builds that go on, end, fail and are stopped, without a browser; the model is a fake one."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from exemplar.data.building.build import build_corpus
from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.catalog import list_corpora, remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import jobs, resources
from exemplar.ui.corpora.build_job import Build
from exemplar.ui.navigation import SEARCH
from tests.support.corpora_page import ended, kind, opened, states, text_of, upload
from tests.support.fake_encoder import FakeEncoder
from tests.support.pages import SEARCH_PAGE, captions, labelled, messages, opened_page, press
from tests.support.patience import PATIENCE, wait_for
from tests.support.reading import read

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fake_model")]


class GatedEncoder(FakeEncoder):
    """Embeds as many shards as it is allowed to, then waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        self.gate.acquire()
        return super().encode_documents(texts, on_progress)


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatedEncoder]:
    """A model that waits before each shard of two documents."""
    encoder = GatedEncoder()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.embed.SHARD", 2)
    yield encoder
    encoder.gate.release(1000)


def test_a_build_that_fails_says_why_and_can_be_tried_again(
    tmp_path: Path, animals: Corpus, monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder
) -> None:
    app = opened()
    upload(app, "animals.csv", "text\nbuy milk\n")
    press(app, "Build")
    ended("animals")
    app.run()
    [sentence] = messages(app, "error")
    assert sentence.startswith("Animals could not be built: there is a corpus 'animals' already, built with the source")
    assert sentence.endswith(
        "; choose another name, add it, or allow it to be replaced (choose that corpus above, and then Add a file)"
    )

    def fail(model: str, **_: object) -> None:
        raise ZeroDivisionError("a secret")

    resources.builder.clear()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", fail)
    upload(app, "notes.csv", "text\nbuy milk\n")
    press(app, "Build")
    ended("notes")
    app.run()
    assert messages(app, "error")[1].startswith(
        "Notes could not be built: a fault of Exemplar itself stopped this (ZeroDivisionError); its traceback is in "
    )
    assert not app.exception
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    app.button(key="again notes").click().run()
    assert ended("notes").result.n_documents == 1


def test_a_finished_build_leads_to_its_corpus_until_another_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []
    monkeypatch.setattr(st, "switch_page", pages.append)
    app = opened()
    upload(app, "my_first_notes.csv", "text\nbuy milk\n")
    press(app, "Build")
    ended("my_first_notes")
    app.run()
    reloaded = opened()
    for page in (app, reloaded):
        assert labelled(page, "button", r"Search my\_first\_notes").proto.type == "primary"
    app = reloaded
    app.session_state[SEARCH] = "the search page"
    press(app, r"Search my\_first\_notes")
    assert pages == ["the search page"]
    assert app.session_state["session"].corpus == "my_first_notes"
    upload(app, "more.csv", "text\nfeed the cat\n")
    press(app, "Build")
    ended("more")
    app.run()
    assert [button.label for button in app.button if button.label.startswith("Search ")] == ["Search it", "Search more"]
    press(app, "Dismiss")
    assert [button.label for button in opened().button if button.label.startswith("Search ")] == ["Search it"]


def test_a_corpus_may_be_replaced_where_that_is_allowed(animals: Corpus) -> None:
    app = opened()
    upload(app, "animals.csv", "text\nbuy milk\nfeed the cat\nsleep\n")
    labelled(app, "checkbox", "Allow replacing").check()
    labelled(app, "checkbox", "Whole documents").check()
    labelled(app, "number_input", "Limit").set_value(2)
    press(app, "Build")
    manifest = ended("animals").result
    assert (manifest.n_documents, manifest.whole, manifest.source.limit) == (2, True, 2)


def test_a_build_goes_on_without_its_page_and_can_be_stopped_and_built_on(gated: GatedEncoder) -> None:
    app = opened()
    upload(app, "notes.csv", "text\n" + "".join(f"note {n}\n" for n in range(6)))
    press(app, "Build")
    wait_for(lambda: any(status.manifest for status in list_corpora()))
    assert text_of(opened(), "corpus-chosen").startswith("notes being built; it can be searched already")
    gated.gate.release()
    wait_for(lambda: states() == {"notes": "building"} and list_corpora()[0].share > 0)
    del app
    app = opened()  # another tab
    assert text_of(app, "build-notes").startswith("Building notes ")
    assert "It can be searched already by words: 6 documents." in captions(app)
    job = jobs.job("build", "notes")
    assert re.fullmatch(r"Embedding: 2 of 6 · \d+ documents/s, \d+ s left · cpu, float32", job.progress.line)
    assert job.progress.share == pytest.approx(1 / 3)
    assert app.dataframe[0].value["State"].tolist() == ["building"]
    assert labelled(app, "button", "Build on").disabled
    assert labelled(app, "button", "Verify").disabled
    upload(app, "notes.csv", "text\nbuy milk\n")
    press(app, "Build")
    assert messages(app, "error") == ["Work on 'notes' is running already; wait for its end, or stop it"]

    press(app, "Stop")
    assert labelled(app, "button", "Stop").disabled
    gated.gate.release()
    assert ended("notes").stopped
    app.run()
    assert messages(app, "warning") == [
        "Stopped building notes. What is embedded is kept; Build on goes on from there."
    ]
    assert states() == {"notes": "unfinished"}
    assert app.dataframe[0].value["Documents"].tolist() == [6]

    gated.gate.release(10)
    app.button(key="again notes").click().run()
    assert ended("notes").result.n_documents == 6
    app.run()
    assert messages(app, "success") == ["Built notes: 6 documents."]
    assert gated.encoded.count("note 0") == 1


def test_what_was_stopped_before_it_embedded_has_its_words(
    monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder
) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load(model: str, **_: object) -> FakeEncoder:
        loading.set()
        go_on.wait(PATIENCE)
        return encoder

    monkeypatch.setattr("exemplar.ui.resources.load_encoder", load)
    app = opened()
    upload(app, "notes.csv", "text\nbuy milk\n")
    press(app, "Build")
    assert loading.wait(PATIENCE)
    assert jobs.job("build", "notes").progress.line == "Loading the model"
    press(app, "Stop")
    go_on.set()
    ended("notes")
    app.run()
    assert messages(app, "warning") == [
        "Stopped building notes. What is embedded is kept; Build on goes on from there."
    ]
    assert [(status.state, status.stage) for status in list_corpora()] == [("unfinished", "words")]


def test_building_on_brings_a_corpus_up_to_date(tmp_path: Path, encoder: FakeEncoder) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("words,text,id\nbuy milk,x,a\nfeed the cat,x,b\n")
    build_corpus(read(str(path), text_column="words", limit=3), encoder, name="n", whole=True)
    path.write_text(path.read_text() + "sleep,x,c\nwake,x,d\n")
    app = opened()
    press(app, "Build on")
    manifest = ended("n").result
    assert (manifest.n_documents, manifest.whole) == (3, True)
    assert encoder.encoded == ["buy milk", "feed the cat", "sleep"]


def test_without_a_corpus_the_search_page_builds_one_and_finds_it(tmp_path: Path, gated: GatedEncoder) -> None:
    app = opened_page(SEARCH_PAGE)
    assert app.title[0].value == "Exemplar"
    assert app.get_by_key("build_kind").value == "docs"
    kind(app, "upload")
    upload(app, "notes.csv", "text\nbuy milk\nfeed the cat\n")
    press(app, "Build")
    assert text_of(app, "build-notes") == "Building notes"
    gated.gate.release(10)
    ended("notes")
    app.run()
    assert app.selectbox(key="corpus").value == "notes"
    assert messages(app, "error") == []


def test_when_the_last_corpus_is_gone_the_next_one_built_is_chosen(animals: Corpus) -> None:
    app = opened_page(SEARCH_PAGE)
    remove_corpus("animals")
    app.run()
    kind(app, "upload")
    upload(app, "notes.csv", "text\nbuy milk\n")
    press(app, "Build")
    ended("notes")
    app.run()
    assert app.selectbox(key="corpus").value == "notes"
    assert messages(app, "error") == []


def test_progress_tells_how_far_a_build_is() -> None:
    build = Build(BuildPlan("n", SourceSpec("x")), hardware="cpu, bfloat16")
    assert (build.line, build.share) == ("Looking at the documents", 0.0)
    build.latest = Progress("reading", 1_234)
    assert (build.line, build.share) == ("Reading: 1,234 documents", 0.0)
    build.latest = Progress("embedding", 2_000, 8_000, embedded=1_000, seconds=10)
    assert build.line == "Embedding: 2,000 of 8,000 · 100 documents/s, 60 s left · cpu, bfloat16"
    assert build.share == 0.25
