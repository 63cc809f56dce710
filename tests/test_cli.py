import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from data.corpus import Corpus, list_corpora
from tests.conftest import ANIMALS
from tests.fake_encoder import FakeEncoder

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> FakeEncoder:
    for module in ("data.encoder", "retrieval.search"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda model, *, precision="float32": encoder)
    return encoder


@pytest.fixture
def reviews(tmp_path: Path) -> str:
    path = tmp_path / "reviews.csv"
    path.write_text("body,stars\na fine film,5\ndull and long,1\n,3\n")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and error output, as the shell would see them."""
    with pytest.raises(SystemExit) as stop:
        cli.main(list(arguments))
    output = capsys.readouterr()
    return int(stop.value.code or 0), output.out, output.err


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert lines[0].startswith("exemplar: ")
    return lines[0]


def test_build_makes_a_corpus_and_says_what_next(capsys: pytest.CaptureFixture[str], reviews: str) -> None:
    code, out, _ = run(capsys, "build", reviews, "--label-column", "stars")
    assert code == 0
    assert out.splitlines() == [
        "reviews: 2 documents (1 rows without text left out), fake, float32.",
        'Search it: exemplar search reviews "..."   or: exemplar app',
    ]
    [manifest] = list_corpora()
    assert (manifest.name, manifest.n_documents) == ("reviews", 2)
    assert manifest.source["label_column"] == "stars"


def test_build_if_missing_leaves_what_is_there(
    capsys: pytest.CaptureFixture[str], animals: Corpus, encoder: FakeEncoder, reviews: str
) -> None:
    before = encoder.documents_encoded
    assert run(capsys, "build", reviews, "--name", "animals", "--if-missing") == (0, "", "")
    assert encoder.documents_encoded == before
    assert run(capsys, "build", reviews, "--if-missing")[0] == 0
    assert [manifest.name for manifest in list_corpora()] == ["animals", "reviews"]


def test_search_prints_the_promised_json(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    code, out, err = run(capsys, "search", "animals", "rain", "--ranker", "knn", "-k", "2", "--json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert list(answer) == ["corpus", "query", "ranker", "seconds", "training", "results"]
    assert (answer["corpus"], answer["query"], answer["ranker"]) == ("animals", "rain", "knn")
    assert answer["seconds"] > 0
    assert answer["training"] is None
    assert [list(result) for result in answer["results"]] == [["rank", "doc_id", "score", "label", "text"]] * 2
    assert [(r["rank"], r["doc_id"], r["label"]) for r in answer["results"]] == [
        (1, "9", "weather"),
        (2, "8", "weather"),
    ]


def test_marks_reach_the_svm(capsys: pytest.CaptureFixture[str], animals: Corpus) -> None:
    marks = ["--like", "5", "--like", "6", "--unlike", "1"]
    _, out, _ = run(capsys, "search", "animals", "cat", *marks, "--json")
    answer = json.loads(out)
    assert answer["ranker"] == "svm"
    assert {result["doc_id"] for result in answer["results"][:2]} == {"5", "6"}


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
    assert "no Unicode text" in failure(capsys, "search", "animals", "caf\udce9")
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
    def full(texts: list[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encoder, "encode_documents", full)
    assert "No space left on device" in failure(capsys, "build", reviews)


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    heavy = "{'torch', 'transformers', 'sentence_transformers', 'sklearn', 'streamlit', 'pandas', 'datasets'}"
    code = f"import sys, cli, data.corpus, data.sources, data.encoder; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_help_names_every_command() -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for name in ("build", "corpora", "search", "app"):
        assert f" {name} " in result.stdout
