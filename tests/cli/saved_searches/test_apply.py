import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.retrieval.sessions.events import MarksAdded, Noted, Queried
from exemplar.retrieval.sessions.store import home_store
from tests.retrieval.saved_search.test_applying import marks_on
from tests.support.command_line import run
from tests.support.corpora import source_of
from tests.support.fake_encoder import FakeEncoder

OCTOBER = [f"the cat number{n} sleeps" for n in range(6)] + [f"stock market price{n}" for n in range(6)]
NOVEMBER = """Nr;Abstract;Year
a;"a cat that is new sleeps";2026
b;the market fell;2026
c;the cat number1 sleeps;2025
d;;2025
e;a kitten and a cat;2026
"""


@pytest.fixture(autouse=True)
def no_model(encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("retrieval.query_encoder", "retrieval.saved_search.new_documents"):
        monkeypatch.setattr(f"exemplar.{module}.load_encoder", lambda model, **_: encoder)


@pytest.fixture
def october(encoder: FakeEncoder) -> Corpus:
    corpus = build_corpus(source_of(OCTOBER, name="october"), encoder)
    marks: MarksAdded = marks_on(corpus, tuple(map(str, range(6))), tuple(map(str, range(6, 11))))
    events = [Queried("cats"), marks, Noted("1", "the best")]
    home_store().begin("october", events, corpus.manifest.corpus_id)
    return corpus


@pytest.fixture
def saved(october: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "cats.json"
    code, output, errors = run(capsys, "sessions", "save", "cats", str(path), "--threshold", "0.5")
    words = " ".join(output.split())
    assert code == 0
    assert words.startswith("“cats” on october, saved ")
    assert ": “cats”, 6 relevant, 5 not relevant." in words
    assert "Among your marked rows (6 relevant, 5 not relevant; cross-validated, 5 parts)" in output
    assert "Suggested threshold: " in output
    assert "only a random check says" in " ".join(errors.split())
    return path


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_new_file_is_ranked_with_its_own_columns(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoder: FakeEncoder
) -> None:
    november, out = tmp_path / "november.csv", tmp_path / "ranked.csv"
    november.write_text(NOVEMBER)
    encoder.encoded.clear()

    code, output, errors = run(
        capsys, "apply", str(saved), str(november), "--out", str(out), "--threshold", "0", "--id-column", "Nr"
    )

    rows = rows_in(out)
    assert code == 0
    assert list(rows[0]) == [
        *("Nr", "Abstract", "Year", "doc_id", "text_hash", "mark", "note", "reason", "reader", "rank", "score"),
        "passes",
    ]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["Nr"] for row in rows[:3]} == {"a", "c", "e"}
    assert {row["Nr"]: (row["mark"], row["note"]) for row in rows if row["mark"]} == {"c": ("relevant", "the best")}
    passing = [row["passes"] for row in rows].count("true")
    assert f"{passing} rows have a score of at least 0." in output
    assert "Left out: " in errors
    assert len(encoder.encoded) == 4  # the marks are not embedded
    about = json.loads((tmp_path / "ranked.csv.about.json").read_text())
    assert (about["weights"], about["saved_search"]["query"]) == ("saved", "cats")


def test_a_new_file_is_read_as_a_build_reads_it(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laboratory, out = tmp_path / "november.data", tmp_path / "ranked.jsonl"
    rows = "1#a ko\u010dka: a cat that sleeps\n2#the m\u011bna market fell\n3#cat\n"
    laboratory.write_text(f"Export of the laboratory\nDay 30\n{rows}", encoding="cp1250")
    apply = ("apply", str(saved), str(laboratory), "--out", str(out))

    code, _, errors = run(capsys, *apply)
    assert code == 1
    assert " ".join(errors.split()).endswith("another name needs its format (--source-format NAME)")
    read = ("--source-format", "csv", "--source-delimiter", "#", "--skip-lines", "2", "--no-header", "--limit", "2")
    columns = ("--encoding", "cp1250", "--text-column", "column 2", "--id-column", "column 1")
    assert run(capsys, *apply, *read, *columns)[0] == 0

    assert [json.loads(line)["column 2"] for line in out.read_text(encoding="utf-8").splitlines()] == [
        "a ko\u010dka: a cat that sleeps",
        "the m\u011bna market fell",
    ]


def test_a_corpus_is_ranked_by_weights_or_trained_anew(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ranked.jsonl"
    assert run(capsys, "apply", str(saved), "october", "--out", str(out), "-n", "3")[0] == 0
    best = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["mark"], row["rank"], row["passes"]) for row in best] == [
        ("relevant", rank, row["score"] >= 0.5) for rank, row in enumerate(best, 1)
    ]

    code, output, _ = run(capsys, "apply", str(saved), "october", "--out", str(out), "--retrain")
    assert code == 0
    assert run(capsys, "apply", str(saved), "october", "--out", str(tmp_path / "ranked.ris"), "-n", "1")[0] == 0
    assert re.search(r"; rank: 1; score: [0-9.]+; passes: true$", (tmp_path / "ranked.ris").read_text(), re.MULTILINE)
    assert "Trained anew on this corpus: scores do not compare" in " ".join(output.split())
    assert "passes" not in out.read_text()
    assert len(out.read_text().splitlines()) == 12


def test_vectors_in_the_file_need_no_model(
    october: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoder: FakeEncoder, monkeypatch: Any
) -> None:
    build_corpus(source_of(["a cat", "stocks"], name="november"), encoder)
    file, out = tmp_path / "cats.json", tmp_path / "ranked.jsonl"
    assert run(capsys, "sessions", "save", "cats", str(file), "--with-vectors")[0] == 0
    monkeypatch.setattr("exemplar.retrieval.query_encoder.load_encoder", None)
    assert run(capsys, "apply", str(file), "november", "--out", str(out), "--retrain")[0] == 0
    assert json.loads((tmp_path / "ranked.jsonl.about.json").read_text())["saved_vectors"] == "used"
    assert json.loads(out.read_text().splitlines()[0])["text"] == "a cat"

    content = json.loads(file.read_text())
    content["encoder"]["whole"] = True
    file.write_text(json.dumps(content))
    monkeypatch.setattr("exemplar.retrieval.query_encoder.load_encoder", lambda model, **_: encoder)
    _, output, _ = run(capsys, "apply", str(file), "november", "--out", str(out), "--retrain")
    assert "The vectors in the saved search were not used: there is one for a text, and" in " ".join(output.split())


def test_vectors_of_another_precision_are_said(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoder: FakeEncoder
) -> None:
    content = json.loads(saved.read_text())
    content["encoder"] |= {"precision": "bfloat16", "backend": "torch"}
    saved.write_text(json.dumps(content))
    out = tmp_path / "ranked.jsonl"
    about = tmp_path / "ranked.jsonl.about.json"
    said = (
        "These vectors were computed in float32 by none, and those of the saved search in bfloat16 by torch: scores "
        "differ by about 0.001."
    )

    code, output, _ = run(capsys, "apply", str(saved), "october", "--out", str(out))
    assert (code, said in " ".join(output.split())) == (0, True)
    read = json.loads(about.read_text())
    assert (read["computed_otherwise"], read["model"]["precision"]) == (said, "float32")
    _, output, _ = run(capsys, "apply", str(saved), "october", "--out", str(out), "--retrain")
    assert "These vectors" not in output
    assert "computed_otherwise" not in json.loads(about.read_text())


def test_what_can_not_be_applied_is_refused_and_nothing_is_written(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    november, out = tmp_path / "november.csv", str(tmp_path / "ranked.csv")
    november.write_text(NOVEMBER)
    content = json.loads(saved.read_text())
    content["encoder"]["model"] = "someone/elses-model"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(content))

    def refused(*arguments: str) -> str:
        code, _, errors = run(capsys, "apply", *arguments, "--out", out)
        assert code == 1
        return " ".join(errors.split())

    assert refused(str(other), str(november)) == (
        "exemplar: this search needs the model 'someone/elses-model', which no corpus here uses; if you trust it, name "
        "it yourself (--model NAME)"
    )
    assert "and here the model has vectors of fake (revision 1" in refused(
        str(other), str(november), "--model", "someone/elses-model"
    )
    assert "this search has weights for vectors of someone/elses-model" in refused(str(other), "october")
    assert "(--retrain)" in refused(str(other), "october")
    assert refused(str(saved), "october", "-n", "13") == "exemplar: there are 12 rows; ask for 1 to 12, not 13"
    assert "a corpus has its columns and its model already" in refused(str(saved), "october", "--text-column", "text")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "october").mkdir()
    assert "'october' is a corpus and a file here; write ./october" in refused(str(saved), "october")
    assert "does not hold a saved search" in refused(str(november), "october")
    assert "no file or folder nowhere.csv; nor is there a corpus 'nowhere.csv' (there are: october)" in refused(
        str(saved), "nowhere.csv"
    )
    assert refused(str(saved), "november.csv", "--threshold", "nan").startswith("exemplar: a threshold is a score")
    assert not Path(out).exists()
    Path(out).write_text(NOVEMBER)
    assert "ranked.csv is read for this ranking, and would be lost" in refused(str(saved), out)
    assert Path(out).read_text() == NOVEMBER
