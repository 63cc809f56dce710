"""Parquet columns that Python or Arrow can't hold cost nothing but themselves."""

import decimal
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from tests.support.parquet import with_wide_integers
from tests.support.reading import documents, problems, read, texts

UUID = uuid.UUID("12345678123456781234567812345678")
FAR = 2**31 - 1  # days after 1970


def file_of(path: Path, column: Any) -> str:
    """Write a table with the texts a and b beside a column, and return its path."""
    pq.write_table(pa.table({"text": ["a", "b"], "c": column}), path)
    return str(path)


def not_utf8() -> Any:
    return pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0"), pa.py_buffer(b"\xffok")]
    )


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (pa.array([decimal.Decimal("1" * 60), None], pa.decimal256(76, 0)), ["1" * 60, None]),
        (pa.array([decimal.Decimal("1.50"), None], pa.decimal128(10, 2)), ["1.50", None]),
        (pa.array([timedelta(days=1), None]), ["1 day, 0:00:00", None]),
        (pa.array([1.5, None], pa.float16()), ["1.5", None]),
        (pa.array([{"a": 1, "b": [{"c": decimal.Decimal("1.5")}]}, None]), ['{"a":1,"b":[{"c":"1.5"}]}', None]),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), ['[["k",1]]', None]),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID.bytes, None], pa.binary(16))), [str(UUID), None]),
        (
            pa.array([0, 60_000_000], pa.timestamp("us", "Asia/Tokyo")),
            ["1970-01-01 09:00:00+09:00", "1970-01-01 09:01:00+09:00"],
        ),
        (pa.array([0, None], pa.timestamp("us", "Mars/Base")), ["1970-01-01 00:00:00.000000Z", None]),
        (pa.array([0, -(2**59)], pa.timestamp("us")), ["1970-01-01 00:00:00", "-16298-09-08 13:14:56.576512"]),
        (pa.array([FAR, 1], pa.date32()), [None, "1970-01-02"]),  # DuckDB writes it for infinity
        (pa.array([[FAR], [1]], pa.list_(pa.date32())), [None, "1970-01-02"]),
        (not_utf8(), [None, "ok"]),
    ],
    ids=str,
)
def test_a_column_beside_the_text_is_kept_where_python_can_hold_it(
    tmp_path: Path, column: Any, cells: list[str | None]
) -> None:
    found = read(file_of(tmp_path / "rows.parquet", column))
    assert list(found.read()) == [
        Document(str(row), text, (), {} if cell is None else {"c": cell})
        for row, (text, cell) in enumerate(zip("ab", cells, strict=True))
    ]


def test_a_requested_text_that_is_not_utf8_costs_its_row_alone(tmp_path: Path) -> None:
    found = read(file_of(tmp_path / "rows.parquet", not_utf8()), text_column="c")
    assert problems(found) == [Problem("row 0", "the text is bytes that are not UTF-8")]
    assert texts(found) == ["ok"]


@pytest.mark.parametrize("folder", [False, True])
def test_integers_of_128_bits_cost_their_column_alone(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "rows" / "rows.parquet"
    path.parent.mkdir()
    path.write_bytes(with_wide_integers())
    source = str(path.parent if folder else path)
    assert [(found.text, found.metadata) for found in documents(read(source))] == [("a", {}), ("b", {})]
    assert read(source).columns() == ("text", "big")
    for role in ("text_column", "id_column", "label_column"):
        with pytest.raises(
            ExemplarError, match=r"rows.parquet.*: column 'big' can't be read as text: Arrow lacks its type"
        ):
            list(read(source, **{role: "big"}).read())


@pytest.mark.parametrize("packed", [False, True])
def test_such_a_file_is_read_from_memory_too(tmp_path: Path, packed: bool) -> None:
    import gzip

    path = tmp_path / ("rows.parquet.gz" if packed else "rows.parquet")
    path.write_bytes(gzip.compress(with_wide_integers()) if packed else with_wide_integers())
    assert texts(read(str(path))) == ["a", "b"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID.bytes, None], pa.binary(16))),
        pa.array([FAR, 1], pa.date32()),
        pa.array([1, 2], pa.duration("ns")),
    ],
    ids=str,
)
def test_a_folder_of_parquet_files_is_read_as_its_files_are(tmp_path: Path, column: Any) -> None:
    path = tmp_path / "rows" / "a.parquet"
    path.parent.mkdir()
    file_of(path, column)
    assert list(read(str(path.parent)).read()) == list(read(str(path)).read())
