"""Arrow files and streams, Feather and ORC, as their own programs write them."""

import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exemplar.data.documents import Document, Problem
from exemplar.data.files import arrow_rows
from exemplar.data.tabular import arrow_table
from tests.support.damage import WILD, told_of
from tests.support.reading import documents, read, texts
from tests.support.samples import arrow_file, arrow_stream, old_feather, orc

TABLE = pa.table(
    {
        "text": ["one", "two", None],
        "label": pa.array(["x", "y", "x"]).dictionary_encode(),
        "tags": [["a", "b"], [], None],
        "picture": [b"\xff", b"", None],
        "n": [2**53 + 1, None, 3],
    }
)
EXPECTED = [
    Document("0", "one", ("x",), {"tags": "a, b", "n": "9007199254740993"}),
    Document("1", "two", ("y",)),
    Problem("row 2", "no text"),
]


def of_polars(write: str, **options: Any) -> bytes:
    file = io.BytesIO()
    getattr(pl.from_arrow(TABLE), write)(file, **options)
    return file.getvalue()


def of_pandas() -> bytes:
    file = io.BytesIO()
    TABLE.to_pandas(types_mapper=pd.ArrowDtype).to_feather(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.arrow", arrow_file(TABLE, max_chunksize=2)),
        ("a.feather", arrow_file(TABLE, compression="lz4")),
        ("b.arrow", arrow_file(TABLE, compression="zstd", max_chunksize=1)),
        ("c.arrow", arrow_stream(TABLE, max_chunksize=2)),
        ("d.arrow", arrow_stream(TABLE, compression="zstd", max_chunksize=1)),
        ("old.arrow", arrow_file(TABLE, use_legacy_format=True)),
        ("without-suffix", arrow_file(TABLE)),
        ("stream-without-suffix", arrow_stream(TABLE)),
        ("packed.arrow.gz", gzip.compress(arrow_file(TABLE, compression="zstd"))),
        ("packed-stream.arrow.gz", gzip.compress(arrow_stream(TABLE, compression="zstd"))),
        ("pandas.feather", of_pandas()),
        ("polars.arrow", of_polars("write_ipc")),
        ("polars-packed.arrow", of_polars("write_ipc", compression="zstd")),
        ("polars-stream.arrow", of_polars("write_ipc_stream")),
        ("a.orc", orc(TABLE.set_column(1, "label", TABLE["label"].cast(pa.string())), compression="zstd")),
        ("b.orc", orc(TABLE.drop_columns("label").append_column("label", pa.array(["x", "y", "x"])))),
    ],
)
def test_a_table_of_arrow_is_read_whatever_wrote_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    source = read(str(tmp_path / name))
    assert list(source.read()) == EXPECTED
    assert list(source.read()) == EXPECTED


@pytest.mark.slow
def test_the_first_version_of_feather_is_read_and_a_damaged_one_told(tmp_path: Path) -> None:
    table = TABLE.drop_columns("tags")
    (tmp_path / "a.feather").write_bytes(old_feather(table))
    assert documents(read(str(tmp_path / "a.feather"))) == [
        Document("0", "one", ("x",), {"n": "9007199254740993"}),
        Document("1", "two", ("y",)),
    ]
    cut = old_feather(table)
    said = told_of(tmp_path / "b.feather", cut[: len(cut) // 2])
    assert said.startswith("a Feather file of version 1 that can't be read: ")


def test_numbers_of_classes_are_their_names_and_pictures_are_not_read(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"]), "p": datasets.Image()}
    )
    rows = {"text": ["a", "b"], "label": [1, 0], "p": [{"bytes": b"none", "path": None}] * 2}
    table = datasets.Dataset.from_dict(rows, features=features).data.table
    (tmp_path / "cache-1.arrow").write_bytes(arrow_stream(table))
    assert documents(read(str(tmp_path / "cache-1.arrow"))) == [
        Document("0", "a", ("pos",)),
        Document("1", "b", ("neg",)),
    ]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_a_text_that_is_not_utf8_costs_its_row_alone(tmp_path: Path, kind: Any) -> None:
    as_bytes = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}
    column = pa.array([b"caf\xe9", b"ok"], as_bytes[kind]).view(kind)
    (tmp_path / "a.arrow").write_bytes(arrow_file(pa.table({"text": column})))
    assert list(read(str(tmp_path / "a.arrow")).read()) == [
        Problem("row 0", "the text is bytes that are not UTF-8"),
        Document("1", "ok"),
    ]


def test_the_rows_before_a_cut_are_read(tmp_path: Path) -> None:
    table = pa.table({"text": [f"text {n}" for n in range(100)]})
    content = arrow_stream(table, max_chunksize=10)
    (tmp_path / "a.arrow").write_bytes(content[: len(content) // 2])
    (tmp_path / "b.txt").write_text("b")
    found = list(read(str(tmp_path)).read())
    kept = [each for each in found if isinstance(each, Document)]
    assert 10 <= len(kept) < 100
    assert kept[0].text == "text 0"
    assert kept[-1].text == "b"
    assert [each.where for each in found if isinstance(each, Problem)] == ["a.arrow"]


@pytest.mark.parametrize("writer", [arrow_file, arrow_stream])
def test_a_batch_that_does_not_fit_is_told_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: Any
) -> None:
    content = writer(pa.table({"text": ["a" * 100_000] * 20}), compression="zstd")
    monkeypatch.setattr(arrow_table, "_MOST_BATCH", 1_000_000)
    said = told_of(tmp_path / "a.arrow", content)
    assert said.startswith("a batch of it takes 2,000,")
    assert said.endswith("; write it in batches of at most 1,000,000 bytes")


@pytest.mark.parametrize("writer", [arrow_file, arrow_stream])
def test_batches_that_expand_beyond_all_measure_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: Any
) -> None:
    monkeypatch.setattr(arrow_table.bounds, "LEAST_UNPACKED", 1_000_000)
    content = writer(pa.table({"text": ["a" * 10_000] * 2000}), compression="zstd", max_chunksize=20)
    assert told_of(tmp_path / "a.arrow", content).endswith(" bytes and more, beyond all measure")
    monkeypatch.setattr(arrow_table, "FEW_ROWS", 1000)
    nothing = writer(pa.table({"text": pa.nulls(100_000)}))
    assert told_of(tmp_path / "b.arrow", nothing) == "it expands to 100,000 rows and more, beyond all measure"


def test_orc_that_expands_to_endless_rows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_table, "FEW_ROWS", 1000)
    content = orc(pa.table({"text": ["a"] * 100_000}), compression="zstd")
    assert told_of(tmp_path / "a.orc", content) == "it expands to 100,000 rows and more, beyond all measure"


def test_a_row_is_measured_by_its_own_text_where_views_share_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_rows, "_MOST_ROW", 1000)
    column = pa.array(["a" * 600, "b" * 1500, "c", None], pa.string_view())
    for name, kept in (("a.arrow", column), ("b.arrow", column.dictionary_encode())):
        (tmp_path / name).write_bytes(arrow_file(pa.table({"text": kept})))
        assert [
            getattr(each, "text", each.where if isinstance(each, Problem) else "")[:5]
            for each in read(str(tmp_path / name)).read()
        ] == [
            "aaaaa",
            "row 1",
            "c",
            "row 3",
        ]


@WILD
@given(
    st.lists(
        st.fixed_dictionaries(
            {"text": st.text(min_size=1).filter(str.strip), "n": st.none() | st.integers(-(2**63), 2**63 - 1)}
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["zstd", "lz4", None]),
    st.integers(1, 7),
)
def test_what_arrow_writes_is_what_is_read(
    tmp_path: Path, rows: list[dict], compression: str | None, size: int
) -> None:
    table = pa.Table.from_pylist(rows, pa.schema([("text", pa.string()), ("n", pa.int64())]))
    for writer in (arrow_file, arrow_stream):
        (tmp_path / "a.arrow").write_bytes(writer(table, compression=compression, max_chunksize=size))
        found = documents(read(str(tmp_path / "a.arrow")))
        assert [each.text for each in found] == [row["text"] for row in rows]
        assert [each.metadata for each in found] == [
            {"n": str(row["n"])} if row["n"] is not None else {} for row in rows
        ]
    (tmp_path / "a.orc").write_bytes(orc(table, compression="zstd"))
    assert texts(read(str(tmp_path / "a.orc"))) == [row["text"] for row in rows]
