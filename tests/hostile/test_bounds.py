"""Files that would expand, repeat or go on without end: a sentence says so, and memory stays within bounds."""

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from exemplar.data.documents import Document, Problem
from exemplar.data.files import arrow_rows, encodings, file, table
from exemplar.data.readers import json_table
from exemplar.data.tabular import csv_table, parquet_table
from exemplar.data.texts import pdf
from tests.support.damage import METHODS, as_parquet, told_of, zipped
from tests.support.pdf import pdf as pdf_of
from tests.support.reading import problems, read, texts


@pytest.fixture
def small_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LEAST_UNPACKED", 100_000)
    monkeypatch.setattr(file, "MOST_TIMES", 3)


@pytest.mark.slow
@pytest.mark.usefixtures("small_packages")
def test_gzip_is_unpacked_as_far_as_honest_files_go(tmp_path: Path) -> None:
    told = told_of(tmp_path / "a.csv.gz", gzip.compress(b"text\n" + b"a\n" * 60_000))
    assert told == "a.csv.gz expands to more than 100,000 bytes, beyond all measure for its size; unpack it first"
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"text\n" + b"a\n" * 49_990))
    assert len(texts(read(str(tmp_path / "b.csv.gz")))) == 49_990
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"text\n") + gzip.compress(b"a longer row\n") * 10_000)
    assert len(texts(read(str(tmp_path / "c.csv.gz")))) == 10_000  # it is that large itself


@pytest.mark.usefixtures("small_packages")
def test_gzip_from_a_storage_that_tells_no_size_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    info = MemoryFileSystem.info
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *given, **named: info(*given, **named) | {"size": None})
    MemoryFileSystem().pipe_file("/bomb/a.csv.gz", gzip.compress(b"text\n" + b"a\n" * 60_000))
    with pytest.raises(ValueError, match="a.csv.gz expands to more than 100,000 bytes"):
        texts(read("memory://bomb/a.csv.gz"))


@pytest.mark.usefixtures("small_packages")
@pytest.mark.parametrize("method", METHODS[1:])
def test_the_files_of_a_zip_share_what_it_may_expand_to(tmp_path: Path, method: int) -> None:
    rows = b"text\n" + b"a\n" * 20_000
    files = {"d.csv": rows, "e.csv.gz": gzip.compress(rows * 2), "f.csv": rows}
    (tmp_path / "a.zip").write_bytes(zipped(method, **files))
    found = problems(read(str(tmp_path / "a.zip")))
    assert [each.where for each in found] == ["e.csv.gz", "f.csv", "more/b.txt.gz"]
    told = "a.zip expands to more than 100,000 bytes, beyond all measure for its size; unpack it first"
    assert {each.reason for each in found} == {told}


def test_a_zip_within_a_zip_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(zipfile.ZIP_DEFLATED, **{"inner.zip": zipped(zipfile.ZIP_DEFLATED)}))
    assert problems(read(str(tmp_path / "a.zip"))) == [
        Problem("inner.zip", "an archive, which is not read here; unpack it first")
    ]


def test_lines_without_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "_MOST_LINE_BYTES", 4000)
    line = '{"text": "a"}\n{"text": "' + "a" * 5000
    assert told_of(tmp_path / "a.jsonl", line.encode()) == "line 2 is longer than 4,000 bytes"
    assert told_of(tmp_path / "b.jsonl", line.encode("utf-16")) == "line 2 is longer than 1,000 characters"
    half = "text\na\n".encode("utf-16") + b"\x00\xd8a"
    told = "it is not UTF-16 throughout; save it as UTF-8, or name its encoding"
    assert told_of(tmp_path / "c.csv", half) == told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text\n" + b"," * 200, "line 2: a row of more than 1,000 characters or 100 fields"),
        (b"text\n" + b'"a\n",' * 200, "the quote that opens on line 102 never closes"),
        (b"text\n" + b'"' + b"a\n" * 900, "the quote that opens on line 2 never closes"),
        (b"c" + b",c" * 99 + b"\n", "it has more than 50 columns, or names of more than 200 characters"),
        (b"text," + b"c" * 300 + b"\na,b\n", "it has more than 50 columns, or names of more than 200 characters"),
    ],
)
def test_rows_of_csv_without_end_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.setattr(csv_table, "_MOST_RECORD", 1000)
    monkeypatch.setattr(csv_table, "_MOST_FIELDS", 100)
    monkeypatch.setattr(table, "_MOST_COLUMNS", 50)
    monkeypatch.setattr(table, "_MOST_NAMES", 200)
    assert told_of(tmp_path / "a.csv", content).startswith(message)


@pytest.mark.parametrize("nested", [False, True])
def test_a_parquet_row_that_repeats_a_huge_text_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nested: bool
) -> None:
    monkeypatch.setattr(arrow_rows, "_MOST_ROW", 1000)
    tags = [["t" * 300] * 5, ["u"], None] if nested else ["t" * 1500, "u", None]
    rows = pa.table({"text": ["a", "b", "c"], "tags": tags})
    (tmp_path / "a.parquet").write_bytes(as_parquet(rows))
    assert list(read(str(tmp_path / "a.parquet")).read()) == [
        Problem("row 0", "larger than 134,217,728 bytes"),
        Document("1", "b", (), {"tags": "u"}),
        Document("2", "c"),
    ]


@pytest.mark.parametrize(
    "rows", [pa.table({"text": pa.nulls(2_000_000, pa.string())}), pa.table({"text": ["a" * 10_000_000]})]
)
def test_parquet_that_expands_beyond_all_measure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: pa.Table
) -> None:
    monkeypatch.setattr(parquet_table, "LEAST_UNPACKED", 1_000_000)
    monkeypatch.setattr(parquet_table, "FEW_ROWS", 1_000_000)
    told = told_of(tmp_path / "a.parquet", as_parquet(rows, compression="zstd"))
    assert told.startswith(f"it expands to {rows.num_rows:,} rows and ")
    assert told.endswith(", beyond all measure")


def test_a_pdf_is_given_a_time_that_is_fit_for_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_SECONDS", 0)
    monkeypatch.setattr(pdf, "_SECONDS_A_BYTE", 0)
    told = told_of(tmp_path / "a.pdf", pdf_of("Hello cats"))
    assert told == "a PDF that takes more than 0 seconds to read, too long for its size"


def test_columns_of_json_with_endless_values_are_told_and_what_has_rows_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_table, "_MOST_VALUES", 100)
    told = "it has more than 100 values, and columns of JSON are read all at once; save it as JSON Lines"
    assert told_of(tmp_path / "a.json", b'{"text": [' + b'"a",' * 200 + b'"a"]}') == told
    (tmp_path / "a.json").write_bytes(b"[" + b'{"text": "a"},\n' * 200 + b'{"text": "a"}]')
    assert len(texts(read(str(tmp_path / "a.json")))) == 201  # a list is read value by value
    (tmp_path / "b.json").write_bytes(b'{"text": "a", "n": 1}\n' * 200)
    assert len(texts(read(str(tmp_path / "b.json")))) == 200
    monkeypatch.setattr(table, "_MOST_COLUMNS", 50)
    wide = b"".join(b'{"text": "a", "c%d": 1}\n' % number for number in range(100))
    assert told_of(tmp_path / "c.jsonl", wide).startswith("it has more than 50 columns")
