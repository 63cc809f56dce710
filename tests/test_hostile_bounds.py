"""Files that would expand, repeat or go on without end: a sentence says so, and memory stays within bounds."""

import gzip
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.memory import in_own_process
from data import columns, decoding, delimited, json_tables, parquet, pdf, spool, unpacking
from data.documents import Document, Problem
from data.ingest import build_corpus
from data.sources import read_source
from tests.damage import METHODS, as_parquet, told_of, zipped
from tests.fake_encoder import FakeEncoder
from tests.reading import problems, texts
from tests.test_folders import pdf as pdf_of


@pytest.fixture
def small_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "LEAST", 100_000)
    monkeypatch.setattr(unpacking, "MOST_TIMES", 3)


@pytest.mark.usefixtures("small_packages")
def test_gzip_is_unpacked_as_far_as_honest_files_go(tmp_path: Path) -> None:
    told = told_of(tmp_path / "a.csv.gz", gzip.compress(b"text\n" + b"a\n" * 60_000))
    assert told == "a.csv.gz expands to more than 0.0 GB, which is beyond all measure for its size; unpack it first"
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"text\n" + b"a\n" * 49_990))
    assert len(texts(read_source(str(tmp_path / "b.csv.gz")))) == 49_990
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"text\n") + gzip.compress(b"a longer row\n") * 10_000)
    assert len(texts(read_source(str(tmp_path / "c.csv.gz")))) == 10_000  # it is that large itself


@pytest.mark.usefixtures("small_packages")
@pytest.mark.parametrize("method", METHODS[1:])
def test_the_files_of_a_zip_share_what_it_may_expand_to(tmp_path: Path, method: int) -> None:
    rows = b"text\n" + b"a\n" * 20_000
    files = {"d.csv": rows, "e.csv.gz": gzip.compress(rows * 2), "f.csv": rows}
    (tmp_path / "a.zip").write_bytes(zipped(method, **files))
    found = problems(read_source(str(tmp_path / "a.zip")))
    assert [each.where for each in found] == ["e.csv.gz", "f.csv", "more/b.txt.gz"]
    told = "a.zip expands to more than 0.0 GB, which is beyond all measure for its size; unpack it first"
    assert {each.reason for each in found} == {told}


def test_a_zip_within_a_zip_is_no_kind_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(zipfile.ZIP_DEFLATED, **{"inner.zip": zipped(zipfile.ZIP_DEFLATED)}))
    assert problems(read_source(str(tmp_path / "a.zip"))) == [Problem("inner.zip", "not a kind that is read")]


def test_lines_without_end_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_MOST_LINE_BYTES", 4000)
    line = '{"text": "a"}\n{"text": "' + "a" * 5000
    assert told_of(tmp_path / "a.jsonl", line.encode()) == "line 2 is longer than 4,000 bytes"
    assert told_of(tmp_path / "b.jsonl", line.encode("utf-16")) == "line 2 is longer than 1,000 characters"
    half = "text\na\n".encode("utf-16") + b"\x00\xd8a"
    assert told_of(tmp_path / "c.csv", half) == "it begins as UTF-16 and goes on as no text; save it as UTF-8"


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
    monkeypatch.setattr(delimited, "_MOST_RECORD", 1000)
    monkeypatch.setattr(delimited, "_MOST_FIELDS", 100)
    monkeypatch.setattr(columns, "_MOST_COLUMNS", 50)
    monkeypatch.setattr(columns, "_MOST_NAMES", 200)
    assert told_of(tmp_path / "a.csv", content) == message


@pytest.mark.parametrize("nested", [False, True])
def test_a_parquet_row_that_repeats_a_huge_text_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nested: bool
) -> None:
    monkeypatch.setattr(parquet, "_MOST_ROW", 1000)
    tags = [["t" * 300] * 5, ["u"], None] if nested else ["t" * 1500, "u", None]
    rows = pa.table({"text": ["a", "b", "c"], "tags": tags})
    (tmp_path / "a.parquet").write_bytes(as_parquet(rows))
    assert list(read_source(str(tmp_path / "a.parquet")).read()) == [
        Problem("row 0", "larger than 134,217,728 bytes"),
        Document("1", "b", None, {"tags": "u"}),
        Document("2", "c"),
    ]


@pytest.mark.parametrize(
    "rows", [pa.table({"text": pa.nulls(2_000_000, pa.string())}), pa.table({"text": ["a" * 10_000_000]})]
)
def test_parquet_that_expands_beyond_all_measure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: pa.Table
) -> None:
    monkeypatch.setattr(parquet, "LEAST", 1_000_000)
    monkeypatch.setattr(parquet, "_FEW_ROWS", 1_000_000)
    told = told_of(tmp_path / "a.parquet", as_parquet(rows, compression="zstd"))
    assert told.startswith(f"it expands to {rows.num_rows:,} rows and ")
    assert told.endswith(", beyond all measure")


def test_a_pdf_is_given_a_time_that_is_fit_for_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_SECONDS", 0)
    monkeypatch.setattr(pdf, "_SECONDS_A_BYTE", 0)
    told = told_of(tmp_path / "a.pdf", pdf_of("Hello cats"))
    assert told == "a PDF that takes more than 0 seconds to read, too long for its size"


def test_a_json_file_of_endless_values_is_told_and_read_as_lines_if_it_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_tables, "_MOST_VALUES", 100)
    told = "it has more than 100 values, and JSON has to be read as a whole; save it as JSON Lines"
    assert told_of(tmp_path / "a.json", b"[" + b'{"text": "a"},\n' * 200 + b"{}]") == told
    (tmp_path / "b.json").write_bytes(b'{"text": "a", "n": 1}\n' * 200)
    assert len(texts(read_source(str(tmp_path / "b.json")))) == 200
    monkeypatch.setattr(columns, "_MOST_COLUMNS", 50)
    wide = b"".join(b'{"text": "a", "c%d": 1}\n' % number for number in range(100))
    assert told_of(tmp_path / "c.jsonl", wide).startswith("it has more than 50 columns")


# What each may take in memory, in megabytes, where the bounds are a sixteenth of what they are.
BOMBS = {"rows": 24, "line": 48, "wide": 48, "parquet": 48, "pdf": 24, "documents": 24}
SIXTEENTH = {
    (unpacking, "LEAST"): 2**26,
    (unpacking, "MOST_TIMES"): 6,
    (decoding, "_MOST_LINE_BYTES"): 2**23,
    (pdf, "_MOST_HELD"): 2**23,
    (spool, "_BATCH_CHARACTERS"): 2**21,
}


def explode(folder: str) -> dict[str, str]:
    """Return what is said of each bomb in the end, where there is little memory beyond what the process has."""
    for (module, name), value in SIXTEENTH.items():
        assert hasattr(module, name)
        setattr(module, name, value)
    said = {}
    for bomb, megabytes in BOMBS.items():
        path = write_bomb(bomb, Path(folder))
        with at_most(megabytes):
            said[bomb] = end_of(path, limit=None if bomb == "rows" else 25)
    return said


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    import resource

    [kilobytes] = re.findall(r"^VmData:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(kilobytes) * 2**10 + megabytes * 2**20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def end_of(path: str, limit: int | None) -> str:
    try:
        return f"{build_corpus(read_source(path, limit=limit), Forgetful()).n_documents} documents"
    except ValueError as error:
        return str(error).removeprefix(f"cannot read {path}: ")


class Forgetful(FakeEncoder):
    """Keeps no texts."""

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> np.ndarray:
        vectors = super().encode_documents(texts, on_progress)
        self.encoded.clear()
        return vectors


def write_bomb(bomb: str, folder: Path) -> str:
    million = gzip.compress(b"a" * 2**20)
    match bomb:
        case "rows":  # ten gigabytes in ten megabytes
            kind, content = ".csv.gz", gzip.compress(b"text\n") + gzip.compress((b"a" * 2**16 + b"\n") * 16) * 10_000
        case "line":
            kind, content = ".jsonl.gz", gzip.compress(b'{"text": "a"}\n{"text": "') + million * 10_000
        case "wide":
            kind, content = ".csv.gz", gzip.compress("text\n".encode("utf-16")) + million * 10_000
        case "parquet":  # three gigabytes, and three thousand times the same text
            rows = pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), pa.array(["a" * 2**20]))
            kind, content = ".parquet", as_parquet(pa.table({"text": rows}), store_schema=False)
        case "pdf":
            kind, content = ".pdf", pages_of(b"BT /F1 12 Tf (a) Tj ET " + b" " * 2_000_000, n=15)
        case "documents":
            lines = (json.dumps({"text": f"{number} {'a' * 2_000_000}"}) for number in range(25))
            kind, content = ".jsonl", "\n".join(lines).encode()
    path = folder / f"{bomb}{kind}"
    path.write_bytes(content)
    return str(path)


def pages_of(content: bytes, n: int) -> bytes:
    """Return a PDF of pages that each have a packed stream of their own."""
    import pypdf
    from pypdf.generic import NameObject, StreamObject

    writer = pypdf.PdfWriter()
    font = pypdf.PdfReader(io.BytesIO(pdf_of("a"))).pages[0]["/Resources"]
    for _ in range(n):
        page = writer.add_blank_page(100, 100)
        page[NameObject("/Resources")] = font.clone(writer)
        stream = StreamObject()
        stream.set_data(content)
        page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and limits what a process takes")
def test_what_expands_or_repeats_without_end_takes_little_memory(tmp_path: Path) -> None:
    assert in_own_process(explode, str(tmp_path), timeout=300) == {
        "rows": "rows.csv.gz expands to more than 0.1 GB, which is beyond all measure for its size; unpack it first",
        "line": "line 2 is longer than 8,388,608 bytes",
        "wide": "line 2 is longer than 2,097,152 characters",
        "parquet": "25 documents",
        "pdf": "1 documents",
        "documents": "25 documents",
    }
