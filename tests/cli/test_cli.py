import importlib.metadata
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.building.embed import SHARD
from exemplar.data.corpus.catalog import list_corpora
from exemplar.data.corpus.corpus import Corpus, open_corpus
from exemplar.data.corpus.manifest import corpus_folder, read_manifest
from exemplar.retrieval.rankers import DEFAULT_RANKER
from exemplar.retrieval.sessions.events import Queried
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.command_line import run
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE

RESULT = [
    "rank",
    "doc_id",
    "score",
    "labels",
    "title",
    "text",
    "passage",
    "metadata",
    "copies",
    "near_copy_of",
    "words",
]


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> FakeEncoder:
    for module in ("exemplar.data.building.run", "exemplar.retrieval.query_encoder"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.run.model_name", lambda model: encoder.model)
    return encoder


@pytest.fixture
def reviews(tmp_path: Path) -> str:
    path = tmp_path / "reviews.csv"
    path.write_text("body,stars\na fine film,5\ndull and long,1\n,3\n")
    return str(path)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith("exemplar: ")
    return lines[0]


def test_the_version_is_that_of_the_installation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.version", {"exemplar": "7.8.9"}.__getitem__)
    assert run(capsys, "--version") == (0, "exemplar 7.8.9\n", "")


def test_a_clone_that_is_not_installed_knows_its_version(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_installed(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", not_installed)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(capsys, "--version") == (0, f"exemplar {version}\n", "")


@pytest.mark.parametrize("command", ["build", "search", "evaluate"])
def test_help_shows_what_stands_in_it(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    wanted = {"build": "the source's", "search": "what suits the ranker", "evaluate": "default: all"}[command]
    words = " ".join(re.sub("[│\\s]+", " ", out).split())
    assert wanted in words


def test_build_makes_a_corpus_and_says_what_next(capsys: pytest.CaptureFixture[str], reviews: str) -> None:
    code, out, _ = run(capsys, "build", reviews, "--label-column", "stars")
    assert code == 0
    assert out.splitlines() == [
        "Left out: line 4: no text.",
        "See all that was left out: exemplar corpora left-out reviews",
        "Columns: text body, no title, label stars, ids by row.",
        "reviews: 2 documents, 2 passages, fake, float32.",
        'Search it: exemplar search reviews "..."   or: exemplar app',
    ]
    [status] = list_corpora()
    assert (status.name, status.state, status.manifest.n_documents) == ("reviews", "complete", 2)
    assert status.manifest.source.label_column == "stars"


def test_build_says_how_a_file_was_read_where_its_name_does_not_say_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "films.csv").write_text("Films of the week\nbody;stars\na fine, long film;5\n", encoding="utf-16")
    code, _, err = run(capsys, "build", str(tmp_path / "films.csv"), "--skip-lines", "1")
    assert code == 0
    assert "The encoding is UTF-16.\nCells are parted by semicolons.\nLine 1 is skipped.\n" in err
    (tmp_path / "films.csv").write_text("body,stars\na fine film,5\n")
    code, _, err = run(capsys, "build", str(tmp_path / "films.csv"), "--replace")
    assert (code, "parted" in err, "encoding" in err) == (0, False, False)


def test_build_if_missing_leaves_what_is_there(
    capsys: pytest.CaptureFixture[str], animals: Corpus, encoder: FakeEncoder, reviews: str
) -> None:
    before = encoder.documents_encoded
    assert run(capsys, "build", reviews, "--name", "animals", "--if-missing") == (0, "", "")
    assert encoder.documents_encoded == before
    assert run(capsys, "build", reviews, "--if-missing")[0] == 0
    assert [status.name for status in list_corpora()] == ["animals", "reviews"]


def test_search_prints_the_promised_json(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    code, out, err = run(capsys, "search", "animals", "rain", "--ranker", "knn", "-k", "2", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert list(answer) == ["corpus", "query", "ranker", "vectors", "seconds", "training", "results"]
    assert (answer["corpus"], answer["query"], answer["ranker"]) == ("animals", "rain", "knn")
    assert answer["seconds"] > 0
    assert answer["training"] is None
    assert [list(result) for result in answer["results"]] == [RESULT] * 2
    assert [(r["rank"], r["doc_id"], r["labels"]) for r in answer["results"]] == [
        (1, "9", ["weather"]),
        (2, "8", ["weather"]),
    ]


def test_search_names_the_words_that_carried_a_result(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    _, out, _ = run(capsys, "search", "animals", "Rain, tomorrow!", "--ranker", "words", "--json")
    first, second = json.loads(out)["results"]
    assert (first["doc_id"], first["words"]) == ("8", ["tomorrow", "rain"])
    assert (second["doc_id"], second["words"]) == ("9", ["rain"])
    _, out, _ = run(capsys, "search", "animals", "rain tomorrow", "--ranker", "hybrid", "-k", "1")
    assert "words: tomorrow, rain" in out
    code, out, err = run(capsys, "search", "animals", "aardvark", "--ranker", "words")
    assert (code, out, err.splitlines()[0]) == (0, "", "No document has a word of the query.")


def test_marks_reach_the_svm(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    marks = ["--like", "5", "--like", "6", "--unlike", "1"]
    _, out, _ = run(capsys, "search", "animals", "cat", *marks, "--json")
    answer = json.loads(out)
    assert answer["ranker"] == DEFAULT_RANKER
    assert {result["doc_id"] for result in answer["results"][:2]} == {"5", "6"}


def test_search_shows_copies_once_and_near_copies_together(
    capsys: pytest.CaptureFixture[str], encoder: FakeEncoder
) -> None:
    texts = ["Wild bees nest in parks", "Bees nest", "Wild bees nest in parks. (c) 2019 X", "Wild bees nest in parks"]
    build_corpus(source_of(texts, name="bees"), encoder)
    search = ("search", "bees", "bees nest in wild parks", "--ranker", "knn")
    found = json.loads(run(capsys, *search, "--json")[1])["results"]
    assert [(result["rank"], result["doc_id"], result["copies"], result["near_copy_of"]) for result in found] == [
        (1, "0", ["3"], None),
        (2, "1", [], None),
        (3, "2", [], "0"),
    ]
    assert [result["rank"] for result in json.loads(run(capsys, *search, "-k", "2", "--json")[1])["results"]] == [1, 2]
    out = run(capsys, *search)[1]
    assert re.findall(r"^(\d) +[\d.]+ +(\d)", out, re.MULTILINE) == [("1", "0"), ("3", "2"), ("2", "1")]
    assert "(2 copies)" in out
    assert "(nearly the same as the row above)" in out
    assert "copies of one text with different marks" in failure(capsys, *search, "--like", "0", "--unlike", "3")


def test_search_says_what_training_took(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    _, out, _ = run(capsys, "search", "animals", "cat", "--ranker", "anchored", "--C", "1", "--exact", "--json")
    training = json.loads(out)["training"]
    assert list(training) == ["stopped", "scans", "support", "objective", "seconds"]
    assert training["stopped"] == "exact"
    assert training["objective"] > 0
    _, _, err = run(capsys, "search", "animals", "cat", "--exact")
    assert re.fullmatch(r"\d+ ms · \d+ scans? · \d+ support rows · exact\n", err)
    assert re.fullmatch(r"\d+ ms\n", run(capsys, "search", "animals", "cat", "--ranker", "knn")[2])


def test_c_weighs_the_data(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    def best(C: str) -> float:
        return json.loads(run(capsys, "search", "animals", ANIMALS[8], "--C", C, "--json")[1])["results"][0]["score"]

    assert best("0.001") < best("0.1") < best("10")


def test_search_shows_a_table_that_obeys_no_markup(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "hostile.jsonl"
    path.write_text(json.dumps({"text": "[bold red]not markup[/] \x1b[31mnot red\x1b]0;title\x07"}))
    run(capsys, "build", str(path))
    _, out, _ = run(capsys, "search", "hostile", "red")
    assert "[bold red]not markup[/]" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_corpora_lists_what_there_is(
    capsys: pytest.CaptureFixture[str], animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = run(capsys, "corpora")
    assert "animals" in out
    monkeypatch.setenv("COLUMNS", "40")
    assert "..." not in run(capsys, "corpora")[1]
    assert "…" not in run(capsys, "corpora")[1]
    _, out, _ = run(capsys, "corpora", "--json")
    [entry] = json.loads(out)
    assert (entry["name"], entry["n_documents"], entry["model"], entry["dim"]) == ("animals", 10, "fake", 64)
    assert (entry["state"], entry["n_passages"]) == ("complete", 10)
    assert entry["size"] > 1000


def test_without_a_corpus_the_list_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "corpora") == (0, "No corpus yet. Build one: exemplar build docs\n", "")


def test_mistakes_are_one_clear_line(capsys: pytest.CaptureFixture[str], animals: Corpus, reviews: str) -> None:
    assert "the query is empty" in failure(capsys, "search", "animals", "  ")
    assert "no corpus named 'plants' (there are: animals)" in failure(capsys, "search", "plants", "x")
    assert "no document '77'" in failure(capsys, "search", "animals", "x", "--like", "77")
    assert "'1' is marked more than once" in failure(capsys, "search", "animals", "x", "--like", "1", "--unlike", "1")
    assert "at least 1, got 0" in failure(capsys, "search", "animals", "x", "-k", "0")
    for C in ("0", "-1", "nan", "inf", "1e30"):
        assert "C must be a positive number up to 1,000,000, got" in failure(capsys, "search", "animals", "x", "--C", C)
    assert "its columns are: body, stars" in failure(capsys, "build", reviews, "--text-column", "text")
    assert "no file or folder ./gone.csv" in failure(capsys, "build", "./gone.csv")
    assert "not Unicode text" in failure(capsys, "search", "animals", "caf\udce9")
    assert "name a source" in failure(capsys, "build", "")
    assert "can't be the name" in failure(capsys, "build", reviews, "--name", "../out")


def test_a_model_that_cannot_be_loaded_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, reviews: str
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("EXEMPLAR_HOME", os.path.dirname(reviews))
    assert "no folder './gone' to load a model from" in failure(capsys, "build", reviews, "--model", "./gone")


def test_a_full_disk_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder, reviews: str
) -> None:
    def full(texts: list[str], on_progress: object = None) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encoder, "encode_documents", full)
    code, out, err = run(capsys, "build", reviews)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("exemplar: ")
    assert err.splitlines()[-1].endswith("is full; make room and build again: what was embedded is kept")


@pytest.mark.slow
def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    heavy = "{'torch', 'transformers', 'sentence_transformers', 'sklearn', 'streamlit', 'pandas', 'datasets'}"
    modules = (
        "exemplar.cli",
        "exemplar.data.corpus.corpus",
        "exemplar.data.sources.read",
        "exemplar.data.encoders.sentence_transformer",
    )
    code = f"import sys, {', '.join(modules)}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.slow
def test_help_names_every_command() -> None:
    command = [sys.executable, "-m", "exemplar.cli", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in ("build", "corpora", "search", "app"):
        assert f" {name} " in result.stdout


def test_show_tells_all_there_is_to_a_corpus_and_how_to_build_it_again(
    capsys: pytest.CaptureFixture[str], reviews: str
) -> None:
    run(capsys, "build", reviews, "--label-column", "stars", "--whole", "--limit", "2")
    code, out, _ = run(capsys, "corpora", "show", "reviews")
    assert code == 0
    assert out.startswith("reviews: complete, 2 documents, ")
    command = re.search("Build it again: exemplar (.*)", out)[1]
    assert command.split() == [
        *("build", reviews, "--name", "reviews", "--text-column", "body", "--label-column", "stars"),
        *("--limit", "2", "--model", "fake", "--precision", "float32", "--whole"),
    ]
    assert run(capsys, *command.split())[0] == 0
    assert json.loads(run(capsys, "corpora", "show", "reviews", "--json")[1])["whole"] is True
    assert "no corpus named 'plants'" in failure(capsys, "corpora", "show", "plants")


def test_a_file_is_added_to_a_corpus_and_shown_with_it(
    capsys: pytest.CaptureFixture[str], reviews: str, encoder: FakeEncoder
) -> None:
    more = str(Path(reviews).with_name("more.csv"))
    Path(more).write_text("stars,body\n4,a fine film\n2,not my taste\n1,\n")
    run(capsys, "build", reviews, "--label-column", "stars")
    sentence = failure(capsys, "build", more, "--name", "reviews", "--text-column", "body")
    assert sentence.endswith("; choose another name, add it, or allow it to be replaced (--add, or --replace)")
    code, out, _ = run(capsys, "build", more, "--add", "--name", "reviews")
    assert code == 0
    assert out.splitlines() == [
        "Added 2 documents of more.csv (1 copy of earlier ones).",
        "Left out: reviews.csv, line 4 and 1 more: no text.",
        "Kept: document 'more.csv#0', line 2: same text as an earlier document.",
        "See all that was left out: exemplar corpora left-out reviews",
        "Columns of reviews.csv: text body, no title, label stars, ids by row.",
        "Columns of more.csv: text body, no title, label stars, ids by row.",
        "reviews: 4 documents, 4 passages, fake, float32.",
        'Search it: exemplar search reviews "..."   or: exemplar app',
    ]
    assert run(capsys, "corpora", "left-out", "reviews")[1].splitlines() == [
        'reviews.csv, line 4: no text: {"body": "", "stars": "3"}',
        'more.csv, line 4: no text: {"stars": "1", "body": ""}',
    ]
    [added] = read_manifest("reviews").added
    shown = run(capsys, "corpora", "show", "reviews")[1]
    assert f"  {reviews}: 2 documents\n  {more}: 2 documents, added {added.at}\n" in shown
    assert "\n  added:" not in shown
    assert encoder.documents_encoded == 3
    _, out, _ = run(capsys, "build", more, "--add", "--name", "reviews")
    assert out.splitlines()[0] == f"reviews has {more} already; all of its files are read again."
    again = ("build", reviews, "--name", "reviews", "--label-column", "stars")
    assert run(capsys, *again)[0] == 0
    assert read_manifest("reviews").n_documents == 4
    Path(more).unlink()
    assert "(--leave-out FILE builds it without that file" in failure(capsys, *again)
    assert "can't leave out 'x.csv': it added " in failure(capsys, *again, "--leave-out", "x.csv")
    assert (
        "Left out more.csv: what came from there alone is no longer in the corpus; marks on it stay in sessions."
        in (run(capsys, *again, "--leave-out", more)[1].splitlines())
    )
    assert read_manifest("reviews").n_documents == 2


def test_what_adding_does_not_take_is_one_clear_line(capsys: pytest.CaptureFixture[str], reviews: str) -> None:
    assert "name it by --name (there are: none yet)" in failure(capsys, "build", reviews, "--add")
    assert "no corpus named 'x' (there are: none yet)" in failure(capsys, "build", reviews, "--add", "--name", "x")
    assert "--add goes by what the corpus was built with; leave --language, --whole, --model" in failure(
        capsys, "build", reviews, "--add", "--name", "x", "--model", "fake"
    )
    assert "--full goes on with a corpus as it was begun" in failure(capsys, "build", "x", "--add", "--full")


def test_show_counts_the_sessions_and_those_of_another_corpus_of_the_name(
    capsys: pytest.CaptureFixture[str], animals: Corpus, encoder: FakeEncoder, home: Path
) -> None:
    def sessions(*options: str) -> str:
        return run(capsys, "corpora", "show", "animals", *options)[1]

    assert "Sessions" not in sessions()
    store = SessionStore(home / "sessions.sqlite")
    for session_id in ("one", "two"):
        store.record(Session(session_id, "animals"), Queried("cats"), corpus_id=animals.manifest.corpus_id)
    build_corpus(source_of([*ANIMALS, "more"]), encoder)
    assert sessions().endswith("Sessions: 2\n")
    code, out, err = run(capsys, "corpora", "remove", "animals", "--yes")
    assert (code, err) == (0, "")
    assert out == "Removed animals.\nSessions that keep their marks, with the marked texts: 2\n"
    build_corpus(source_of(ANIMALS[5:]), encoder)
    store.record(Session("three", "animals"), Queried("cats"), corpus_id=read_manifest("animals").corpus_id)
    assert sessions().splitlines()[-2:] == [
        "Sessions: 3",
        "  of these began on another corpus named animals, which was removed or replaced since: 2; their marks follow "
        "their texts",
    ]
    shown = json.loads(sessions("--json"))
    assert (shown["n_sessions"], shown["n_sessions_of_another_corpus"]) == (3, 2)


def test_sessions_that_cannot_be_read_do_not_keep_a_corpus_from_being_shown_or_removed(
    capsys: pytest.CaptureFixture[str], animals: Corpus, home: Path
) -> None:
    (home / "sessions.sqlite").mkdir()
    code, out, err = run(capsys, "corpora", "show", "animals")
    assert (code, err) == (0, "The sessions can't be read: unable to open database file.\n")
    assert out.startswith("animals: complete, 10 documents, ")
    assert run(capsys, "corpora", "remove", "animals", "--yes")[:2] == (0, "Removed animals.\n")


def test_verify_names_what_is_damaged_and_building_again_repairs_it(
    capsys: pytest.CaptureFixture[str], reviews: str
) -> None:
    run(capsys, "build", reviews)
    assert run(capsys, "corpora", "verify", "reviews") == (0, "reviews: every file is as it was written.\n", "")
    path = corpus_folder("reviews") / read_manifest("reviews").build / "vectors.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    code, out, _ = run(capsys, "corpora", "verify", "reviews")
    assert code == 1
    first, second = out.splitlines()
    assert first == "Damaged: vectors.npy, shard 0 (documents 0 to 1)"
    assert second.startswith(f"Building it again repairs just that: exemplar build {reviews} --name reviews")
    run(capsys, "build", reviews)
    assert run(capsys, "corpora", "verify", "reviews")[0] == 0


def test_remove_asks_first(
    capsys: pytest.CaptureFixture[str], animals: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run(capsys, "corpora", "remove", "animals")[0] == 1
    assert [status.name for status in list_corpora()] == ["animals"]
    assert run(capsys, "corpora", "remove", "animals", "--yes") == (0, "Removed animals.\n", "")
    assert list_corpora() == []
    assert "no corpus named 'animals'" in failure(capsys, "corpora", "remove", "animals", "--yes")


def test_what_was_left_out_can_be_listed(capsys: pytest.CaptureFixture[str], reviews: str) -> None:
    run(capsys, "build", reviews)
    code, out, _ = run(capsys, "corpora", "left-out", "reviews", "--json")
    [row] = json.loads(out)
    assert (code, row["place"], row["line"], row["reason"]) == (0, "line 4", 4, "no text")
    assert run(capsys, "corpora", "left-out", "reviews")[1].startswith('line 4: no text: {"body": ')


def test_a_folder_of_tables_names_the_columns_of_each(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, content in {"a.csv": "id,text\n1,a\n", "b.csv": "id,text\n2,b\n", "c.csv": "Body,Subject\nc,C\n"}.items():
        (tmp_path / "tables").mkdir(exist_ok=True)
        (tmp_path / "tables" / name).write_text(content)
    _, out, _ = run(capsys, "build", str(tmp_path / "tables"))
    assert "Columns of a.csv, b.csv: text text, no title, no label, id id.\n" in out
    assert "Columns of c.csv: text Body, title Subject, no label, ids by row.\n" in out


def test_strict_makes_an_odd_row_an_error(capsys: pytest.CaptureFixture[str], reviews: str) -> None:
    assert failure(capsys, "build", reviews, "--strict") == (
        f"exemplar: {reviews}, line 4: no text; repair it, or leave out --strict"
    )
    assert list_corpora() == []


def test_an_interrupted_build_says_how_to_go_on_and_what_there_is_can_be_searched(
    capsys: pytest.CaptureFixture[str], encoder: FakeEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\n" + "".join(f"row {n}\n" for n in range(SHARD + 1)))
    encode = encoder.encode_documents

    def interrupted(texts: list[str], on_progress: object = None) -> object:
        if len(texts) < SHARD:
            raise KeyboardInterrupt
        return encode(texts)

    with monkeypatch.context() as patch:
        patch.setattr(encoder, "encode_documents", interrupted)
        code, out, err = run(capsys, "build", str(path))
    assert (code, out) == (130, "")
    assert "Stopped. What is embedded is kept; the same command goes on from there." in err
    stage = f"words; full vectors {SHARD / (SHARD + 1):.0%}"
    assert f"rows: unfinished, {SHARD + 1} documents, " in run(capsys, "corpora", "show", "rows")[1]
    code, _, err = run(capsys, "search", "rows", "row 7", "-k", "3")
    assert (code, err.splitlines()[0]) == (
        0,
        f"The corpus rows is unfinished; searched by {stage}.",
    )
    before = encoder.documents_encoded
    assert run(capsys, "build", str(path))[0] == 0
    assert encoder.documents_encoded == before + 1


@pytest.fixture
def judged_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pets"
    (folder / "qrels").mkdir(parents=True)
    rows = [json.dumps({"_id": str(row), "text": text}) for row, text in enumerate(ANIMALS)]
    (folder / "corpus.jsonl").write_text("\n".join(rows))
    queries = [json.dumps({"_id": "q1", "text": "the dog"}), json.dumps({"_id": "q2", "text": "rain"})]
    (folder / "queries.jsonl").write_text("\n".join(queries))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t3\t1\nq1\t4\t1\nq2\t8\t1\n")
    return folder


DEAF = """
import atexit, signal, sys, time
from exemplar import cli
from exemplar.cli import interrupts
from exemplar.data.building import run
from tests.support.fake_encoder import FakeEncoder

class Deaf(FakeEncoder):
    def encode_documents(self, texts, on_progress=None):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # as where Python is in a callback of a library
            time.sleep({patience})
        return super().encode_documents(texts, on_progress)

def once(thread, number, send=signal.pthread_kill, sent=[]):  # not into the cleaning up, however long that takes
    sent or sent.append(send(thread, number))

interrupts._EVERY, signal.pthread_kill = {every}, once
run.load_encoder = lambda model, **_: Deaf()
atexit.register(time.sleep, {patience})  # as a library that waits for its workers
cli.main(["build", sys.argv[1]])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("patience", "every"), [(0, PATIENCE), (2 * PATIENCE, 0.1)], ids=["ends by itself", "waits for ever"]
)
def test_an_interrupt_that_is_lost_ends_a_command_all_the_same(reviews: str, patience: float, every: float) -> None:
    command = [sys.executable, "-c", DEAF.format(patience=patience, every=every), reviews]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr.strip() == "Stopped. What is embedded is kept; the same command goes on from there."


def test_evaluate_embeds_a_folder_once_and_measures(
    capsys: pytest.CaptureFixture[str], judged_folder: Path, tmp_path: Path, encoder: FakeEncoder
) -> None:
    output = tmp_path / "out.json"
    arguments = ["evaluate", str(judged_folder), "--rankers", "knn,anchored", "--rounds", "2", "--json", str(output)]
    code, out, err = run(capsys, *arguments)
    assert code == 0
    assert "Embedded" in err
    for words in (
        "First query. Nothing is marked yet.",
        "pets (2)",
        "Anchored SVM",
        "relevant found, 20 read",
    ):
        assert words in out
    result = json.loads(output.read_text())
    assert list(result) == ["command", "date", "sets", "gains"]
    assert result["command"] == "exemplar evaluate pets --rankers knn,anchored --rounds 2"
    [pets] = result["sets"]
    kinds = {(row["protocol"], row["round"], row["ranker"], row["queries"]) for row in pets["results"]}
    own_loop = {("own loop", number, ranker, 2) for number in (1, 2) for ranker in ("knn", "anchored")}
    assert kinds == {("first query", 0, ranker, 2) for ranker in ("knn", "anchored")} | own_loop

    embedded = encoder.documents_encoded
    for target in (str(judged_folder), "pets"):
        assert run(capsys, "evaluate", target, "--rankers", "knn")[0] == 0
    assert encoder.documents_encoded == embedded


@pytest.mark.slow
def test_evaluate_compares_on_several_sets_and_writes_a_report(
    capsys: pytest.CaptureFixture[str], judged_folder: Path, animals: Corpus, tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "evaluate", str(judged_folder), "animals", "--report", str(tmp_path / "docs"))
    assert code == 0
    assert re.search(r"nDCG@10 +pets \(2\) +animals \(10\) +mean", out)
    assert re.search(r"Anchored SVM against kNN: .*% \[.*\] nDCG@10, mean of 2 sets", out)
    assert sorted(path.name for path in (tmp_path / "docs").iterdir()) == ["evaluation.md", "evaluation.svg"]


@pytest.mark.slow
def test_evaluate_reads_to_the_end_on_request(
    capsys: pytest.CaptureFixture[str], animals: Corpus, tmp_path: Path
) -> None:
    arguments = ["evaluate", "animals", "--rankers", "knn,elas,anchored", "--queries", "2", "--to-the-end"]
    arguments += ["--page", "1", "--seeds", "2", "--json", str(tmp_path / "out.json"), "--report", str(tmp_path)]
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert "To the end. Each ranker shows a page of 1 document, which is judged" in " ".join(out.split())
    assert "From the query alone:" in out
    assert re.search(r"loss +WSS@95 +WSS@100 +recall after 10% read +read to the last", out)
    assert re.search(r"ELAS-like SVM +0\.\d{3}", out)
    [of_set] = json.loads((tmp_path / "out.json").read_text())["sets"]
    read = [(each["start"], each["page"], each["ranker"], each["seeds"]) for each in of_set["to_the_end"]]
    assert read == [
        *(("query", 1, ranker, 1) for ranker in ("knn", "elas", "anchored")),
        *(("two", 1, ranker, 2) for ranker in ("knn", "elas", "anchored")),
    ]
    assert "<svg" in (tmp_path / "reading.svg").read_text()


def test_evaluate_says_in_a_line_what_it_needs(
    capsys: pytest.CaptureFixture[str], judged_folder: Path, reviews: str, animals: Corpus, tmp_path: Path
) -> None:
    assert "there is no ranker 'best'; there are knn," in failure(capsys, "evaluate", "animals", "--rankers", "best")
    assert "there is no file or folder ./gone" in failure(capsys, "evaluate", "./gone")
    nowhere = str(tmp_path / "no" / "out.json")
    assert "no does not exist; make it first" in failure(capsys, "evaluate", "animals", "--json", nowhere)
    run(capsys, "build", reviews)
    nothing = failure(capsys, "evaluate", "reviews")
    assert "nothing says what is relevant in" in nothing
    assert nothing.endswith("docs, or labels (build it with --label-column)")
    run(capsys, "build", reviews, "--name", "pets")
    assert "the corpus 'pets' exists already" in failure(capsys, "evaluate", str(judged_folder))
    assert "say how collections are read to the end; add --to-the-end" in failure(
        capsys, "evaluate", "animals", "--start", "two"
    )
    assert "a ranker is named twice: knn, knn" in failure(capsys, "evaluate", "animals", "--rankers", "knn, knn,")
    assert "is a folder; name a file" in failure(capsys, "evaluate", "animals", "--json", str(tmp_path))
    assert "is a file; name a folder" in failure(capsys, "evaluate", "animals", "--report", reviews)


def test_evaluate_embeds_nothing_that_it_could_not_judge(
    capsys: pytest.CaptureFixture[str], reviews: str, judged_folder: Path, encoder: FakeEncoder
) -> None:
    (judged_folder / "queries.jsonl").unlink()
    for target in (reviews, str(judged_folder)):
        assert "nothing says what is relevant in" in failure(capsys, "evaluate", target)
    assert encoder.documents_encoded == 0
    assert list_corpora() == []


def test_evaluate_does_not_take_a_part_of_a_source_for_the_whole(
    capsys: pytest.CaptureFixture[str], judged_folder: Path
) -> None:
    run(capsys, "build", str(judged_folder), "--limit", "5")
    assert "measure it by its name, or build this source under" in failure(capsys, "evaluate", str(judged_folder))
    code, out, _ = run(capsys, "evaluate", "pets", "pets", "--rankers", "knn")
    assert code == 0
    assert "pets: judgements of documents that are not in the corpus: 1" in out
    assert out.count("pets (1)") == 2, "a set that is named twice is measured once"


def test_evaluate_docs_takes_a_corpus_that_does_not_show_the_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docstrings = [
        ("lib.mean", "Mean of the values.\n\nSee Also\n--------\nmedian : The middle."),
        ("lib.median", "Middle of the values.\n\nSee Also\n--------\nmean : The mean."),
        ("lib.sort", "Sort the values."),
    ]
    for module in ("exemplar.data.sources.read", "exemplar.retrieval.evaluation.judgements"):
        monkeypatch.setattr(f"{module}.package_documents", lambda packages: docstrings)
    run(capsys, "build", "docs")
    code, out, err = run(capsys, "evaluate", "docs", "--rankers", "knn,words")
    assert code == 0
    assert "Embedded docs as the corpus docs-without-see-also: 3 documents." in err
    assert "docs-without-see-also (2)" in out
    texts = open_corpus("docs-without-see-also").documents["text"].to_pylist()
    assert texts == [
        "lib.mean\n\nMean of the values.\n",
        "lib.median\n\nMiddle of the values.\n",
        "lib.sort\n\nSort the values.",
    ]


def test_the_language_of_the_texts_is_chosen_and_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exemplar.data.building.build.languages_in_card", lambda *_: frozenset({"en"}))
    path = tmp_path / "notes.csv"
    path.write_text("text\nein Haus und ein Hund\n")
    code, _, err = run(capsys, "build", str(path), "--language", "German")
    assert code == 0
    assert "The texts are in German, but fake is a model for English" in " ".join(err.split())
    _, out, _ = run(capsys, "corpora", "show", "notes")
    assert re.search(r"^  words: German \(chosen\), 2 terms, [\d.]+ kB$", out, re.MULTILINE)
    assert "--language de" in out
    _, out, _ = run(capsys, "corpora", "show", "notes", "--json")
    words = json.loads(out)["words"]
    assert (words["language"], words["n_terms"]) == ("de", 2)


def test_an_unknown_language_is_one_sentence_with_the_known_ones(
    capsys: pytest.CaptureFixture[str], reviews: str
) -> None:
    told = failure(capsys, "build", reviews, "--language", "Klingon")
    assert told.startswith("exemplar: 'Klingon' is no language by its code or English name, nor auto or none; known")
    assert "de (German)" in told
