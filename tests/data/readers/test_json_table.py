"""JSON and JSON Lines under each other's name: a file is read by what it begins with."""

import json
from pathlib import Path

import pytest

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.table import line_of
from exemplar.data.readers.tables import open_table
from exemplar.data.sources.files import file_on_disk
from tests.support.reading import documents, problems, read, texts

ROWS = [{"text": "a bee"}, {"text": "a bridge"}]
LAYOUTS = {
    "an array": json.dumps(ROWS),
    "an array over lines": json.dumps(ROWS, indent=2) + "\n",
    "arrays in lines": '[{"text": "a bee"}]\n[{"text": "a bridge"}]\n',
    "lines": "\n" + "\n".join(map(json.dumps, ROWS)),
    "objects in one line": "".join(map(json.dumps, ROWS)),
    "objects over lines": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "texts": '["a bee", "a bridge"]',
}


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_is_read_by_what_it_begins_with(tmp_path: Path, layout: str, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_text(LAYOUTS[layout])
    source = read(str(path))
    assert texts(source) == texts(source) == ["a bee", "a bridge"]
    assert problems(source) == []
    assert [document.doc_id for document in documents(source)] == ["0", "1"]


def test_lines_are_named_where_a_file_has_them(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('{"text": "a"}\n\n{"text": "b"}\n{"text": \n[{"text": "c"}, {"text": "d"}]\n')
    found = list(open_table(file_on_disk(tmp_path / "rows.json")).rows(()))
    assert [line_of(row) for row in found if not isinstance(row, Problem)] == [1, 3, 5, 5]
    (problem,) = (row for row in found if isinstance(row, Problem))
    assert (problem.where, problem.line, problem.cells) == ("line 4", 4, {"line": '{"text": \n'})


def test_a_json_file_of_lines_is_not_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exemplar.data.files.file._MOST_BYTES", 1000)
    (tmp_path / "rows.json").write_text("".join(json.dumps({"text": f"row {n}"}) + "\n" for n in range(1000)))
    assert len(documents(read(str(tmp_path / "rows.json")))) == 1000


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "a"},\n{"text": "b"},\n\n{"text": "c"},\n',
        '[{"text": "a"},\n{"text": "b"},\n{"text": "c"},\n]\n',
        '[\n{"text": "a"},\n{"text": "b"},\n{"text": "c"}\n]',
        '{"text":\n"a"},\n{"text": "b"},\n{"text": "c"}\n',
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_commas_behind_objects_cost_nothing(tmp_path: Path, content: str, suffix: str) -> None:
    (tmp_path / f"rows{suffix}").write_text(content)
    source = read(str(tmp_path / f"rows{suffix}"))
    assert texts(source) == ["a", "b", "c"]
    assert problems(source) == []


def test_a_list_that_never_closes_is_read_by_line_in_lines_alone(tmp_path: Path) -> None:
    content = '[{"text": "a"},\n{"text": "b"},\n{"text": "c\n'
    (tmp_path / "rows.jsonl").write_text(content)
    source = read(str(tmp_path / "rows.jsonl"))
    assert texts(source) == ["a", "b"]
    assert problems(source) == [Problem("line 3", "no JSON")]
    (tmp_path / "rows.json").write_text(content)
    with pytest.raises(ExemplarError, match="it is not JSON: "):
        read(str(tmp_path / "rows.json"))
