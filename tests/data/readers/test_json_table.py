"""JSON and JSON Lines under each other's name: a file is read by what it begins with."""

import json
import re
import tracemalloc
from pathlib import Path

import pytest

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import ReadOptions
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


def write_rows(path: Path, megabytes: int, layout: str) -> str:
    rows = (json.dumps({"text": "word " * 400, "n": number}) for number in range(megabytes * 2**20 // 2024))
    begin, between, end = {
        "a list": ("[", ",", "]"),
        "a list over lines": ("[\n", ",\n", "\n]"),
        "a list in an object": ('{"count": 1, "rows": [', ",", '], "next": null}'),
        "objects": ("", "", ""),
        "lists": ("[", "][", "]"),
    }[layout]
    path.write_text(begin + between.join(rows) + end)
    return str(path)


@pytest.mark.parametrize("layout", ["a list", "a list over lines", "a list in an object", "objects", "lists"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_rows_are_read_one_by_one(tmp_path: Path, layout: str, suffix: str) -> None:
    path = write_rows(tmp_path / f"rows{suffix}", 4, layout)
    source = read(path)
    tracemalloc.start()
    n_rows = sum(not isinstance(row, Problem) for row in source.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_rows == 2**22 // 2024
    assert peak < 2**21  # half of the file


def test_a_limit_reads_no_further(tmp_path: Path) -> None:
    content = json.dumps([{"text": "a" * 100, "n": number} for number in range(20_000)])
    (tmp_path / "rows.json").write_text(content[:-100])  # it never closes
    source = read(str(tmp_path / "rows.json"), limit=10)
    assert len(documents(source)) == 10
    whole = read(str(tmp_path / "rows.json"))
    with pytest.raises(ExemplarError, match=r"cannot read .*rows.json: it is not JSON: Unterminated string"):
        documents(whole)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ""])
def test_a_first_line_of_any_length_is_a_line(tmp_path: Path, suffix: str) -> None:
    lines = ['{"text": "' + "a" * 2**20 + '"}', "{bad", '{"text": "b"}']
    (tmp_path / f"rows{suffix}").write_text("\n".join(lines))
    source = read(str(tmp_path / f"rows{suffix}"))
    assert [len(text) for text in texts(source)] == [2**20, 1]
    assert problems(source) == [Problem("line 2", "no JSON")]


def test_objects_over_lines_may_follow_one_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('{"text": "a"}\n{\n"text": "b"\n}\n')
    assert texts(read(str(tmp_path / "rows.json"))) == ["a", "b"]
    (tmp_path / "rows.json").write_text('["b"]\n{"text": "a"}\n')
    source = read(str(tmp_path / "rows.json"))
    assert (texts(source), problems(source)) == (["a"], [Problem("row 0", "no JSON object")])


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a\u2028b"}\n{"text": "c\x85d"}\n', encoding="utf-8")
    assert texts(read(str(tmp_path / "rows.jsonl"))) == ["a\u2028b", "c\x85d"]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_value_that_python_writes_and_others_do_not_is_read(tmp_path: Path, indent: int | None) -> None:
    rows = [{"text": "a", "n": float("nan")}, {"text": "b", "n": float("-inf"), "big": 10**30}]
    (tmp_path / "rows.json").write_text(json.dumps(rows, indent=indent))
    found = documents(read(str(tmp_path / "rows.json")))
    assert [each.metadata for each in found] == [{}, {"n": "-inf", "big": "1" + "0" * 30}]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_one_bad_value_costs_no_other(tmp_path: Path, suffix: str) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    values = ['{"text": "a"}', f'{{"text": {deep}}}', r'{"text": "\ud83d b"}', f'{{"text": {"9" * 10_000}}}', "7"]
    (tmp_path / f"rows{suffix}").write_text(f"[{', '.join(values)}]")
    source = read(str(tmp_path / f"rows{suffix}"))
    assert texts(source) == ["a", "\N{REPLACEMENT CHARACTER} b", "9" * 10_000]
    assert problems(source) == [
        Problem("row 1", "nested too deeply"),
        Problem("row 2", "half a surrogate pair, replaced", left_out=False),
        Problem("row 4", "no JSON object"),
    ]


def test_a_number_of_many_digits_in_a_line_is_read(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "id": %s}\n{"text": "b", "id": 7}\n' % ("9" * 9000))
    assert [each.doc_id for each in documents(read(str(tmp_path / "rows.jsonl")))] == ["9" * 9000, "7"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"3", "its JSON is neither a list of objects"),
        (b"[]", "its JSON is neither a list of objects"),
        (b"{}", "its JSON is neither a list of objects"),
        (b'[{"text": "a"}] x', "it is not JSON: Extra data: line 1 column 17 (char 16)"),
        (
            b'{"rows": [{"text": "a"},\n{"text" "b"}]}',
            "it is not JSON: Expecting ':' delimiter: line 2 column 9 (char 33)",
        ),
        ('[{"text": "café"}]'.encode()[:-4], "it is not JSON: Unterminated string starting at: line 1 column 11"),
        (b'{"text": ["a"], "b": {"c": ' + b"[" * 100_000, "it is not JSON: Unterminated value starting at: line 1"),
        (b'{"columns": ["text", "b"], "data": [["a"]]}', "it has 2 columns, and a row of another length"),
    ],
)
def test_an_error_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rows.json").write_bytes(content)
    with pytest.raises(ExemplarError, match=re.escape(message)):
        documents(read(str(tmp_path / "rows.json")))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_is_obeyed(tmp_path: Path, encoding: str) -> None:
    for indent in (None, 1):
        (tmp_path / "rows.json").write_bytes(json.dumps(ROWS, indent=indent).encode(encoding))
        assert texts(read(str(tmp_path / "rows.json"))) == ["a bee", "a bridge"]


def test_an_encoding_is_obeyed(tmp_path: Path) -> None:
    for name, content in (("rows.json", '[{"text": "żółw"}]'), ("rows.jsonl", '{"text": "żółw"}')):
        (tmp_path / name).write_bytes(content.encode("cp1250"))
        assert texts(read(str(tmp_path / name), options=ReadOptions(encoding="cp1250"))) == ["żółw"]
