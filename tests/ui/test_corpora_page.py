"""The corpora page and the first page of an empty home, without a browser; the model is a fake one."""

import gzip
import html
import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import Progress
from exemplar.data.corpus.catalog import list_corpora, remove_corpus
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.lock import lock_corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.documents import Document, Problem
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.text import size_in_words
from exemplar.ui import jobs, resources
from exemplar.ui.navigation import SEARCH
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.patience import PATIENCE, wait_for
from tests.support.reading import read

pytestmark = pytest.mark.slow

CORPORA_PAGE = "from exemplar.ui.corpora.page import corpora_page\ncorpora_page()"
SEARCH_PAGE = """
from exemplar.ui.corpora.welcome import welcome
from exemplar.ui.search.page import search_page
search_page(welcome)
"""
HOSTILE = "<b>bold</b> **md** [a](http://b) :smile: $x^2$"


class GatedEncoder(FakeEncoder):
    """Embeds as many shards as it is allowed to, then waits."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        self.gate.acquire()
        return super().encode_documents(texts, on_progress)


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> Iterator[None]:
    st.cache_resource.clear()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    yield
    for job in jobs.jobs("build"):
        job.stop()
        ended(job.name)
    st.cache_resource.clear()


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatedEncoder]:
    """A model that waits before each shard of two documents."""
    encoder = GatedEncoder()
    monkeypatch.setattr("exemplar.ui.resources.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.embed.SHARD", 2)
    yield encoder
    encoder.gate.release(1000)


def opened(script: str = CORPORA_PAGE) -> AppTest:
    return AppTest.from_string(script, default_timeout=30).run()


def labelled(app: AppTest, kind: str, label: str) -> object:
    [found] = [widget for widget in getattr(app, kind) if widget.label == label]
    return found


def press(app: AppTest, label: str) -> None:
    labelled(app, "button", label).click().run()


def kind(app: AppTest, name: str) -> None:
    app.get_by_key("build_kind").set_value(name).run()


def upload(app: AppTest, name: str, content: bytes | str) -> None:
    content = content.encode() if isinstance(content, str) else content
    app.file_uploader[0].set_value((name, content, "")).run()


def choose(app: AppTest, label: str, option: str) -> None:
    labelled(app, "selectbox", label).select(option).run()


def ended(name: str) -> jobs.Job:
    job = jobs.job("build", name)
    job._thread.join(PATIENCE)
    assert not job.running
    return job


def messages(app: AppTest, kind: str) -> list[str]:
    """Return the sentences that the page tells, without their signs."""
    found = [
        re.fullmatch(rf'<div class="ex-message ex-{kind}".*?</b> (.*)</div>', part.body) for part in app.get("html")
    ]
    return [html.unescape(match[1]) for match in found if match]


def text_of(app: AppTest, key: str) -> str:
    parts = app.get_by_key(key).get("html")
    return " ".join(html.unescape(" ".join(re.sub(r"<.*?>", " ", part.body) for part in parts)).split())


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def states() -> dict[str, str]:
    return {status.name: status.state for status in list_corpora()}


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
    found = [Document("0", "one", HOSTILE), Problem("row 1", f"odd: {HOSTILE}")]
    build_corpus(Source("odd", SourceSpec(HOSTILE, limit=7), lambda: iter(found)), encoder, whole=True)
    app = opened()
    details = text_of(app, "corpus-chosen")
    assert details.startswith("odd complete Documents 1 Passages 1, one a document Size ")
    assert f"Source {HOSTILE} Limit 7 Model fake, revision 1 Vectors 64 dimensions, cosine, float32," in details
    assert details.endswith(f"Odd about its documents: odd: {HOSTILE}: 1")
    bodies = "".join(part.body for part in app.get_by_key("corpus-chosen").get("html"))
    assert set(re.findall(r"</?([a-zA-Z]+)", bodies)) == {"div", "span", "b"}
    assert "<b>bold" not in bodies


def test_an_upload_is_shown_built_and_searched(home: Path) -> None:
    app = opened()
    upload(app, "my notes.csv", "text,kind,label\nbuy milk,a,x\n,b,y\nfeed the cat,c,\n")
    pickers = {box.label: (box.options, box.value) for box in app.selectbox}
    columns = ["text", "kind", "label"]
    assert {label: options for label, (options, _) in pickers.items()} == {
        "Text column": columns,
        "Title column": ["no column", *columns],
        "Label column": ["no column", *columns],
        "Id column": ["no column", *columns],
    }
    assert [value for _, value in pickers.values()] == [0, -1, 2, -1]
    preview = text_of(app, "preview")
    assert preview == "0 x kind a buy milk 2 kind c feed the cat"
    assert labelled(app, "text_input", "Name").placeholder == "my-notes"
    press(app, "Build")
    assert ended("my-notes").error is None
    app.run()
    assert messages(app, "success") == ["Built my-notes: 2 documents."]
    assert "Left out: row 1: no text." in text_of(app, "build-my-notes")
    assert app.dataframe[0].value["Source"].tolist() == ["my notes.csv (uploaded)"]
    assert app.file_uploader[0].value is None
    assert open_corpus("my-notes").document(0) == Document("0", "buy milk", "x", {"kind": "a"})
    press(app, "Dismiss")
    assert messages(app, "success") == []
    assert states() == {"my-notes": "complete"}


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "buy milk")
        archive.writestr("b.md", "feed the cat")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "n_documents"),
    [
        ("notes.tsv", b"text\tx\nbuy milk\t1\n", 1),
        ("notes.jsonl", b'{"text": "buy milk"}\n{"text": "feed the cat"}\n', 2),
        ("notes.json", b'[{"text": "buy milk"}]', 1),
        ("notes.csv.gz", gzip.compress(b"text\nbuy milk\n", mtime=0), 1),
        ("notes.md", b"# buy milk", 1),
        ("notes.zip", zipped(), 2),
    ],
)
def test_files_of_many_kinds_can_be_uploaded(name: str, content: bytes, n_documents: int) -> None:
    app = opened()
    upload(app, name, content)
    press(app, "Build")
    assert ended("notes").result.n_documents == n_documents


def test_where_the_text_cannot_be_guessed_it_is_asked_for() -> None:
    app = opened()
    upload(app, "notes.csv", "words,id\nbuy milk,a\nfeed the cat,b\n")
    told = ["None of the columns is called as a text usually is; choose the Text column"]
    assert messages(app, "warning") == told
    assert [box.value for box in app.selectbox] == [None, -1, -1, 1]
    press(app, "Build")
    assert jobs.jobs("build") == []
    assert messages(app, "warning") == told
    choose(app, "Text column", "words")
    assert messages(app, "warning") == []
    assert text_of(app, "preview") == "a buy milk b feed the cat"
    choose(app, "Id column", "no column")
    assert text_of(app, "preview") == "0 id a buy milk 1 id b feed the cat"
    press(app, "Build")
    assert ended("notes").result.source == SourceSpec(
        ended("notes").progress.plan.source.source, text_column="words", id_column="none"
    )


def test_a_wrong_column_is_told_and_another_can_be_chosen() -> None:
    app = opened()
    upload(app, "notes.csv", "text,*empty*\nbuy milk,\n")
    choose(app, "Text column", "*empty*")
    assert messages(app, "error") == ["Column '*empty*' of notes.csv holds no text"]
    press(app, "Build")
    assert jobs.jobs("build") == []
    choose(app, "Text column", "text")
    assert messages(app, "error") == []
    press(app, "Build")
    assert ended("notes").result.n_documents == 1


def test_names_cells_and_columns_are_text_and_nothing_else() -> None:
    app = opened()
    columns, cells = (",".join(f'"{what} {HOSTILE}"' for what in row) for row in (("a", "b", "c"), ("x", "y", "z")))
    upload(app, f"{HOSTILE}.csv", f"{columns}\n{cells}\n")
    choose(app, "Text column", f"a {HOSTILE}")
    choose(app, "Label column", f"b {HOSTILE}")
    assert text_of(app, "preview") == f"0 y {HOSTILE} c {HOSTILE} z {HOSTILE} x {HOSTILE}"
    press(app, "Build")
    [job] = jobs.jobs("build")
    ended(job.name)
    app.run()
    bodies = "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))
    assert set(re.findall(r"</?([a-zA-Z]+)", bodies)) == {"div", "span", "b"}
    assert "<b>bold" not in bodies
    markdown = [part.value for part in (*app.markdown, *app.caption, *app.subheader, *app.title)]
    assert not [value for value in markdown if "bold" in value or "smile" in value]
    assert messages(app, "error") == []


def test_the_same_rows_are_not_read_again_by_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(
        "exemplar.ui.corpora.build_form.look_at", lambda arguments: looks.append(arguments) or real(arguments)
    )
    from exemplar.data.sources.preview import look_at as real

    app = opened()
    upload(app, "notes.csv", "text,x\nbuy milk,1\n")
    app.run()
    labelled(app, "text_input", "Name").input("other").run()
    assert len(looks) == 1
    choose(app, "Text column", "x")
    app.run()
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("", "", "Name a file or folder first"),
        ("gone.csv", "", "There is no file or folder ./gone.csv"),
        ("./a -> [b](http://c) <i>--</i> :smile:.csv", "", "There is no file or folder ./a -> [b](http://c) <i>--</i>"),
        ("{csv}", "../up", "'../up' can't be the name of a corpus: use letters,"),
    ],
)
def test_a_build_that_cannot_be_says_why(tmp_path: Path, path: str, name: str, message: str) -> None:
    csv = tmp_path / "notes.csv"
    csv.write_text("text,*x*\nbuy milk,1\n")
    app = opened()
    kind(app, "path")
    labelled(app, "text_input", "Path").input(path.format(csv=csv))
    labelled(app, "text_input", "Name").input(name)
    for button in ("Look at it", "Build") if not name else ("Build",):
        press(app, button)
        [sentence] = messages(app, "error")
        assert sentence.startswith(message)
    assert jobs.jobs("build") == []


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
    assert sentence.endswith("; choose another name, or allow it to be replaced")

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
    wait_for(lambda: "building" in states().values())
    assert text_of(opened(), "corpus-chosen").startswith("notes being built; nothing is embedded yet Size ")
    gated.gate.release()
    wait_for(lambda: states() == {"notes": "building"} and list_corpora()[0].manifest is not None)
    del app
    app = opened()  # another tab
    assert text_of(app, "build-notes") == "Building notes"
    assert "What is embedded can be searched already: 2 documents." in captions(app)
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
    assert app.dataframe[0].value["Documents"].tolist() == [2]

    gated.gate.release(10)
    app.button(key="again notes").click().run()
    assert ended("notes").result.n_documents == 6
    app.run()
    assert messages(app, "success") == ["Built notes: 6 documents."]
    assert gated.encoded.count("note 0") == 1


def test_what_was_stopped_before_it_began_leaves_nothing(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> None:
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
    assert messages(app, "warning") == ["Stopped building notes, before anything was embedded."]
    assert states() == {}


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


def test_the_documentation_of_packages_is_built_as_it_must_be_to_be_evaluated(encoder: FakeEncoder) -> None:
    app = opened()
    kind(app, "docs")
    assert labelled(app, "text_input", "Packages").value == "pandas, numpy, sklearn"
    labelled(app, "text_input", "Packages").input("numpy")
    labelled(app, "checkbox", "Leave out See Also").check().run()
    assert labelled(app, "text_input", "Name").placeholder == "docs-without-see-also"
    press(app, "Look at it")
    assert text_of(app, "preview").startswith("numpy.")
    assert len(app.selectbox) == 0
    labelled(app, "number_input", "Limit").set_value(20)
    press(app, "Build")
    manifest = ended("docs-without-see-also").result
    assert manifest.source == SourceSpec("docs:numpy", limit=20, without_see_also=True)
    assert not [text for text in encoder.encoded if "See Also" in text]


def test_a_package_that_is_not_there_is_told() -> None:
    app = opened()
    kind(app, "docs")
    labelled(app, "text_input", "Packages").input("no_such_package")
    press(app, "Build")
    assert messages(app, "error") == ["There is no installed package 'no_such_package'"]
    assert jobs.jobs("build") == []


def test_a_data_set_is_read_from_its_split(tmp_path: Path) -> None:
    import datasets

    for split in ("train", "test"):
        rows = datasets.Dataset.from_dict({"review": [f"{split} one", f"{split} two"], "label": [0, 1]})
        rows.to_parquet(tmp_path / "reviews" / "data" / f"{split}-0.parquet")
    app = opened()
    kind(app, "hub")
    labelled(app, "text_input", "Data set").input(str(tmp_path / "reviews"))
    labelled(app, "text_input", "Split").input("test[:1]")
    press(app, "Look at it")
    assert text_of(app, "preview") == "0 0 test one"
    press(app, "Build")
    assert ended("reviews").result.source.split == "test[:1]"
    assert open_corpus("reviews").documents["text"].to_pylist() == ["test one"]


def test_without_a_corpus_the_search_page_builds_one_and_finds_it(tmp_path: Path, gated: GatedEncoder) -> None:
    app = opened(SEARCH_PAGE)
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
    app = opened(SEARCH_PAGE)
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
    from exemplar.ui.corpora.build_job import Build

    build = Build(BuildPlan(SourceSpec("x"), "n"), hardware="cpu, bfloat16")
    assert (build.line, build.share) == ("Looking at the documents", 0.0)
    build.latest = Progress("reading", 1_234)
    assert (build.line, build.share) == ("Reading: 1,234 documents", 0.0)
    build.latest = Progress("embedding", 2_000, 8_000, embedded=1_000, seconds=10)
    assert build.line == "Embedding: 2,000 of 8,000 · 100 documents/s, 60 s left · cpu, bfloat16"
    assert build.share == 0.25
