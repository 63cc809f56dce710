"""``exemplar export``: the rows of a session's corpus in a file."""

import csv
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exemplar.data.corpus.catalog import remove_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.sessions.events import MarksAdded, Named, Queried
from exemplar.retrieval.sessions.marks import marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import home_store
from tests.support.command_line import run
from tests.support.corpora import ANIMALS
from tests.support.fake_encoder import FakeEncoder

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def session(animals: Corpus, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.retrieval.query_encoder.load_encoder", lambda *_, **__: encoder)
    texts = marked_texts(animals, [1, 5])
    marks = MarksAdded(Feedback(("1",), ("5",)), {"1": texts[0].text_hash, "5": texts[1].text_hash}, tuple(texts))
    for event in (Queried("the cat"), marks, Named("cats")):
        home_store().record(Session("s1", "animals"), event, corpus_id=animals.manifest.corpus_id)


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    return " ".join(err.split())


def rows_of(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=delimiter))


def test_a_session_is_exported_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    code, out, err = run(capsys, "export", "cats", str(path), "--delimiter", "semicolon")
    assert (code, out, err.strip()) == (0, f"Wrote 10 rows to {path}.\n", "")
    rows = rows_of(path, ";")
    assert [row["text"] for row in rows] == ANIMALS
    assert {row["doc_id"]: row["mark"] for row in rows if row["mark"]} == {"1": "relevant", "5": "not relevant"}
    assert sorted(int(row["anchored_rank"]) for row in rows if row["anchored_rank"]) == list(range(1, 11)), (
        "marked rows too"
    )
    about = json.loads((tmp_path / "x.csv.about.json").read_text())
    assert (about["query"], about["session"]) == ("the cat", {"id": "s1", "title": "cats"})


def test_rows_order_list_and_format_are_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    arguments = ("--rows", "first 2", "--order", "rank", "--ranker", "words", "--format", "parquet")
    assert run(capsys, "export", "s1", str(path), *arguments)[0] == 0
    assert pq.read_table(path)["words_rank"].to_pylist() == [1, 2]
    assert run(capsys, "export", "s1", str(tmp_path / "x.ris"), "--rows", "not-relevant")[0] == 0
    assert (tmp_path / "x.ris").read_text(encoding="utf-8").count("Exemplar: not relevant") == 1
    assert run(capsys, "export", "s1", str(tmp_path / "set"), "--format", "dataset")[0] == 0
    assert (tmp_path / "set" / "dataset_info.json").exists()


def test_what_cannot_be_exported_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / "x.csv")
    assert "the list has 10 results, and 11 were asked for" in failure(
        capsys, "export", "s1", path, "--rows", "first 11"
    )
    assert "unmarked, passing, or 'first N'; got 'ten'" in failure(capsys, "export", "s1", path, "--rows", "ten")
    assert "says no format; end it in one of .csv" in failure(capsys, "export", "s1", str(tmp_path / "x.pdf"))
    assert "does not exist; make it first" in failure(capsys, "export", "s1", str(tmp_path / "no" / "x.csv"))
    assert "there is no session 'x'" in failure(capsys, "export", "x", path)
    assert "a delimiter is one character" in failure(capsys, "export", "s1", path, "--delimiter", "ab")
    assert list(tmp_path.glob("x*")) == []


def test_marks_are_exported_after_their_corpus_was_removed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    remove_corpus("animals")
    code, out, _ = run(capsys, "export", "s1", str(tmp_path / "x.csv"))
    assert code == 0
    assert "The corpus animals is not here any more: these are the marks that" in " ".join(out.split())
    rows = rows_of(tmp_path / "x.csv")
    assert [(row["doc_id"], row["text"], row["mark_state"]) for row in rows] == [
        ("1", ANIMALS[1], "not in this corpus"),
        ("5", ANIMALS[5], "not in this corpus"),
    ]


def test_an_export_without_rows_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    code, out, _ = run(capsys, "export", "s1", str(path), "--rows", "unsure")
    assert (code, out) == (0, f"Wrote 0 rows to {path}.\nThe file has no rows: no row is marked as unsure.\n")
    assert rows_of(path) == []
    path.unlink()
    remove_corpus("animals")
    for rows in ("passing", "unmarked", "first 1"):
        said = failure(capsys, "export", "s1", str(path), "--rows", rows)
        assert "the corpus 'animals' is not here any more, and this export needs its rows" in said
    assert list(tmp_path.glob("x*")) == [tmp_path / "x.csv.about.json"]


def test_a_device_or_a_pipe_is_left_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    assert "x.csv is no regular file; name another one" in failure(capsys, "export", "s1", str(pipe))
    assert pipe.is_fifo()
    file = tmp_path / "file"
    file.write_text("a")
    said = failure(capsys, "export", "s1", str(file), "--format", "dataset")
    assert "is a file; name a folder that is new or empty" in said
    assert file.read_text() == "a"
