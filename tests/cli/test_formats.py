"""How a file is read, as the command line lets a person say it; the model is a fake one."""

import json
import re
import shlex
from pathlib import Path

import pytest

from exemplar.data.corpus.corpus import open_corpus
from tests.support.command_line import run
from tests.support.fake_encoder import FakeEncoder


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch, encoder: FakeEncoder) -> FakeEncoder:
    for module in ("exemplar.data.building.run", "exemplar.retrieval.query_encoder"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda model, **_: encoder)
    monkeypatch.setattr("exemplar.data.building.run.model_name", lambda model: encoder.model)
    return encoder


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    return err.strip()


def texts(name: str) -> list[str]:
    corpus = open_corpus(name)
    return [corpus.document(row).text for row in range(corpus.manifest.n_documents)]


CHOICES = {
    "odd.csv": (
        "Report\n\n1|P\u0159\u00edli\u0161 dlouh\u00fd\n2|K\u016f\u0148\n".encode("cp1250"),
        (
            "--delimiter",
            "pipe",
            "--no-header",
            "--skip-lines",
            "2",
            "--encoding",
            "cp1250",
            "--text-column",
            "column 2",
        ),
        ["P\u0159\u00edli\u0161 dlouh\u00fd", "K\u016f\u0148"],
    ),
    "odd.tab": (b"text\tn\nbuy, milk\t1\n", ("--delimiter", "\\t"), ["buy, milk"]),
    "notes": (b"buy milk\n\nfeed the cat\n", ("--lines",), ["buy milk", "feed the cat"]),
    "list.txt": (b'{"text": "buy milk"}\n', ("--format", "jsonl"), ["buy milk"]),
    "several.json": (
        b'{"users": [{"name": "A"}], "tickets": [{"text": "buy milk"}, {"text": "feed the cat"}]}',
        ("--table", "tickets"),
        ["buy milk", "feed the cat"],
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_build_reads_a_file_as_the_options_say_and_so_does_the_command_that_builds_it_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    content, options, expected = CHOICES[name]
    path = tmp_path / name
    path.write_bytes(content)
    code, _, err = run(capsys, "build", str(path), "--name", "odd", *options)
    assert code == 0, err
    assert texts("odd") == expected
    command = re.search("Build it again: exemplar (.*)", run(capsys, "corpora", "show", "odd")[1])[1]
    parts = shlex.split(command)
    assert set(options) <= set(parts)
    path.write_bytes(content)
    assert run(capsys, *parts)[0] == 0
    assert texts("odd") == expected
    assert json.loads(run(capsys, "corpora", "show", "odd", "--json")[1])["n_documents"] == len(expected)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "wav"), "there is no format 'wav'; the formats are csv, tsv, "),
        (("--delimiter", "::"), "a delimiter is one character, or one of comma, semicolon, tab, pipe, space, colon"),
        (("--delimiter", '"'), "a quote, the end of a line or a zero can't be the delimiter"),
        (("--encoding", "latin-77"), "there is no encoding 'latin-77'; examples are utf-8, cp1252 and cp1250"),
        (("--encoding", "rot13"), "there is no encoding 'rot13'"),
        (("--skip-lines", "9"), "nothing is left after the 9 lines to skip; skip fewer"),
        (("--table", "Sheet9"), "exemplar: CSV holds one table alone, so none can be chosen"),
    ],
)
def test_a_choice_that_no_file_can_have_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\nbuy milk\n")
    assert told in failure(capsys, "build", str(path), *options)


def test_full_takes_no_choice_of_a_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--full goes on with a corpus as it was begun" in failure(capsys, "build", "notes", "--full", "--lines")
