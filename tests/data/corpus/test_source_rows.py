"""The rows of a source beside its corpus: every one as it was read, with the reason if it gave no document."""

import datetime
import decimal
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.catalog import verify_corpus
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.corpus.source_rows import ROWS, SourceRow, source_rows
from exemplar.data.errors import CorpusDamaged
from exemplar.data.files import file
from tests.support.fake_encoder import FakeEncoder
from tests.support.reading import read


def built(path: Path) -> Corpus:
    return build_corpus(read(str(path)), FakeEncoder())


def test_every_row_of_a_file_is_kept_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('id,title,text,note\n 7 ,A,a, \n8,,,no text\n,B,b,x\n9,"C" c,c,y,z\n')
    corpus = built(path)
    assert list(source_rows(corpus.manifest)) == [
        SourceRow(0, "rows.csv", 2, {"id": " 7 ", "title": "A", "text": "a", "note": " "}, None),
        SourceRow(None, "rows.csv", 3, {"id": "8", "title": "", "text": "", "note": "no text"}, "no text", "line 3"),
        SourceRow(1, "rows.csv", 4, {"id": "", "title": "B", "text": "b", "note": "x"}, None),
        SourceRow(
            None,
            "rows.csv",
            5,
            {"line": '9,"C" c,c,y,z\n'},
            "a stray quote, and the row does not fit the header",
            "line 5",
        ),
    ]
    assert corpus.doc_ids([0, 1]) == ["7", "2"]


def test_files_of_a_folder_are_kept_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("a text")
    (folder / "b.txt").write_text(" ")
    (folder / "c.jsonl").write_text('{"text": "c", "n": {"deep": [1, null]}}\nbroken\n')
    (folder / "d.bin").write_text("d")
    rows = list(source_rows(built(folder).manifest))
    assert sorted(rows, key=lambda row: row.file or "") == [
        SourceRow(0, "a.txt", None, {}, None),
        SourceRow(None, "b.txt", None, {}, "no text", "b.txt"),
        SourceRow(1, "c.jsonl", 1, {"text": "c", "n": {"deep": [1, None]}}, None),
        SourceRow(None, "c.jsonl", 2, {"line": "broken\n"}, "no JSON", "c.jsonl, line 2"),
        SourceRow(None, "d.bin", None, {}, "not a kind that is read", "d.bin"),
    ]


def test_what_json_lacks_is_kept_as_text(tmp_path: Path) -> None:
    row = {"text": "a", "day": datetime.date(2026, 1, 2), "price": decimal.Decimal("1.50"), "n": 7, "none": None}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "rows.parquet")
    (kept,) = source_rows(built(tmp_path / "rows.parquet").manifest)
    assert kept.cells == {"text": "a", "day": "2026-01-02", "price": "1.50", "n": 7, "none": None}


def test_many_rows_without_documents_are_kept(tmp_path: Path) -> None:
    lines = [json.dumps({"text": "" if n % 5000 else "a", "n": n}) for n in range(20_001)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    rows = list(source_rows(built(tmp_path / "rows.jsonl").manifest))
    assert [row.cells["n"] for row in rows] == list(range(20_001))
    assert [row.document for row in rows if row.reason is None] == [0, 1, 2, 3, 4]


def test_rows_are_renewed_though_no_document_changes(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,note\na,\n,x\n")
    first = built(path)
    path.write_text("text,note\na,\n,y\n")
    second = built(path)
    assert first.manifest.build == second.manifest.build
    assert [row.cells["note"] for row in source_rows(second.manifest)] == ["", "y"]
    assert verify_corpus("rows") == []


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_damage_is_told_and_mended(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text\na\n\nb\n")
    corpus = built(path)
    rows = list(source_rows(corpus.manifest))
    kept = corpus_folder("rows") / corpus.manifest.build / ROWS
    kept.unlink() if content is None else kept.write_bytes(content)
    assert list(map(str, verify_corpus("rows"))) == [ROWS]
    with pytest.raises(CorpusDamaged, match=r"the rows of the corpus 'rows' can't be read: .*; build it again"):
        list(source_rows(corpus.manifest))
    assert list(source_rows(built(path).manifest)) == rows
    assert verify_corpus("rows") == []


def test_what_repeats_or_has_no_end_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LEAST_UNPACKED", 2**20)
    text = "the same text in every row " * 100
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"text": text, "n": n % 2}) + "\n" for n in range(3000)))
    assert [row.cells["n"] for row in source_rows(built(tmp_path / "rows.jsonl").manifest)] == [0, 1] * 1500
    monkeypatch.setattr("exemplar.data.corpus.source_rows._MOST_CHARACTERS", 1000)
    (tmp_path / "few.csv").write_text(f"text,note\na,x\n{text},y\n")
    rows = list(source_rows(built(tmp_path / "few.csv").manifest))
    assert [row.cells for row in rows] == [{"text": "a", "note": "x"}, {}]
