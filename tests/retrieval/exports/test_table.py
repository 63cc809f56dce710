import io
import json
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exemplar.data.arrow import DOCUMENT_SCHEMA, row_of
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.files.file import File
from exemplar.data.readers.tables import open_table
from exemplar.retrieval.exports.table import (
    Column,
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
    exported_doc_ids,
)
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.sessions.events import NotesAdded
from exemplar.retrieval.sessions.identity import STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText, Marks
from tests.support.corpora import ANIMALS

LEFT_AWAY = ["text_hash", "mark_origin", "note", "reason", "reader"]
MARKS = Feedback(("5", "gone"), ("1",))
COLUMNS = [
    Column("knn", ("3", "1"), {"3": 0.5, "1": 0.25, "7": 0.125, "5": -1.0}, "quick"),
    Column("anchored", ("7", "3"), {"7": 2.0, "3": 1 / 3, "1": -1e-17, "5": 0.0}, "quick"),
]
WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    ".csv": as_csv,
    ".jsonl": as_json_lines,
    ".parquet": as_parquet,
}
FORMULAS = [
    "=1+1",
    "+x",
    "-1-1",
    "@SUM(A1)",
    "\t=1+1",
    "\rx",
    "\nx",
    "  =cmd|' /C calc'!A0",
    '"=1+1',
    "'=1+1",
    "''=1",
    "\N{NO-BREAK SPACE}=1",
    "\N{ZERO WIDTH NO-BREAK SPACE}=1",
    "\0=1",
    "\N{FULLWIDTH EQUALS SIGN}1",
]
HARMLESS = ["a", "-1", "+1,5", "-2.5e-3", "1-1", "'quoted' =", "it's =1", "a\n=b", "\N{EM DASH} dash", "'"]


def corpus_of(corpus: Corpus, doc_ids: list[str], texts: list[str], labels: list[str | None]) -> Corpus:
    documents = (
        Document(doc_id, text, () if label is None else (label,), title=text)
        for doc_id, text, label in zip(doc_ids, texts, labels, strict=True)
    )
    return replace(corpus, documents=pa.Table.from_pylist(list(map(row_of, documents)), schema=DOCUMENT_SCHEMA))


def rows_of(content: bytes, suffix: str) -> list[dict]:
    """Read a file as a source of documents would."""
    table = open_table(File(f"export{suffix}", lambda: io.BytesIO(content)))
    rows = [dict(row) for row in table.rows(table.columns)]
    return [{name: None if cell == "" else cell for name, cell in row.items()} for row in rows]


def test_a_row_has_the_marks_ranks_and_scores_of_all_columns(animals: Corpus) -> None:
    table = export_table(animals, MARKS, COLUMNS)
    own = ["doc_id", "title", "text", "text_hash", "labels", "mark", "mark_state", "mark_origin", "note"]
    own += ["reason", "reader"]
    assert table.column_names == [*own, "vectors", "knn_rank", "knn_score", "anchored_rank", "anchored_score"]
    hashes = [MarkedText(None, ANIMALS[row]).text_hash for row in (3, 1, 7, 5)]
    assert table["text_hash"].to_pylist() == [*hashes, None]
    assert table["mark_origin"].to_pylist() == [None] * 5
    assert table["vectors"].to_pylist() == ["quick"] * 5
    assert [tuple(row.values()) for row in table.drop_columns([*LEFT_AWAY, "vectors"]).to_pylist()] == [
        ("3", None, ANIMALS[3], ["animal"], None, None, 1, 0.5, 2, 1 / 3),
        ("1", None, ANIMALS[1], ["animal"], "not relevant", None, 2, 0.25, None, -1e-17),
        ("7", None, ANIMALS[7], ["market"], None, None, None, 0.125, 1, 2.0),
        ("5", None, ANIMALS[5], ["market"], "relevant", None, None, -1.0, None, 0.0),
        ("gone", None, None, None, "relevant", "not in this corpus", None, None, None, None),
    ]
    assert exported_doc_ids(PresentMarks(MARKS), [column.doc_ids for column in COLUMNS]) == table["doc_id"].to_pylist()


def test_without_a_ranking_the_marks_alone_are_exported(animals: Corpus) -> None:
    table = export_table(animals, MARKS).drop_columns(LEFT_AWAY)
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == [
        ("5", None, ANIMALS[5], ["market"], "relevant", None),
        ("gone", None, None, None, "relevant", "not in this corpus"),
        ("1", None, ANIMALS[1], ["animal"], "not relevant", None),
    ]


def test_a_mark_that_has_lost_its_document_is_exported_with_the_text_it_was_made_on(animals: Corpus) -> None:
    lost = MarkedText("A", "b")
    present = PresentMarks(Feedback(), {"3": "changed", "x": "gone", "5": "unknown"}, {"3": lost})
    table = export_table(animals, Feedback(("3", "x"), ("5",)), COLUMNS[:1], present)
    assert table["text_hash"].to_pylist()[2:] == [lost.text_hash, None, None]
    rows = [tuple(row.values()) for row in table.drop_columns([*LEFT_AWAY, "vectors"]).to_pylist()]
    assert rows == [
        ("3", None, ANIMALS[3], ["animal"], None, None, 1, 0.5),
        ("1", None, ANIMALS[1], ["animal"], None, None, 2, 0.25),
        ("3", "A", "b", None, "relevant", "its text has changed since", None, None),
        ("x", None, None, None, "relevant", "not in this corpus", None, None),
        ("5", None, None, None, "not relevant", "text unknown", None, None),
    ]


def test_marks_that_were_made_on_another_corpus_of_the_name_are_told(animals: Corpus) -> None:
    lost = MarkedText(None, "b")
    present = PresentMarks(Feedback(("5",)), {"0 (ab)": "gone"}, {"0 (ab)": lost}, frozenset({"5", "0 (ab)"}))
    table = export_table(animals, Feedback(("5", "0 (ab)"), ("1",)), COLUMNS[:1], present)
    assert [(row["doc_id"], row["mark_state"], row["mark_origin"]) for row in table.to_pylist()] == [
        ("3", None, None),
        ("1", None, None),
        ("5", None, "made on another corpus of this name"),
        ("0 (ab)", "not in this corpus", "made on another corpus of this name"),
    ]


def test_notes_stand_in_a_column_and_noted_documents_have_rows(animals: Corpus) -> None:
    notes = {"8": "rain", "3": "see table 2", "1": "no", "lost": "where is it?", "9": "", "gone": "was good"}
    table = export_table(animals, MARKS, COLUMNS[:1], notes=notes)
    assert [(row["doc_id"], row["text"], row["mark"], row["note"]) for row in table.to_pylist()] == [
        ("3", ANIMALS[3], None, "see table 2"),
        ("1", ANIMALS[1], "not relevant", "no"),
        ("5", ANIMALS[5], "relevant", None),
        ("gone", None, "relevant", "was good"),
        ("8", ANIMALS[8], None, "rain"),
        ("lost", None, None, "where is it?"),
    ]
    assert table["mark_state"].to_pylist() == [None, None, None, STATES["gone"], None, STATES["gone"]]
    assert table["text_hash"].to_pylist()[4] == MarkedText(None, ANIMALS[8]).text_hash
    alone = export_table(animals, Feedback(), notes=notes)
    assert alone["doc_id"].to_pylist() == ["8", "3", "1", "lost", "gone"]
    exported = exported_doc_ids(PresentMarks(MARKS), [COLUMNS[0].doc_ids], ["8", "3", "lost"])
    assert exported == ["3", "1", "5", "gone", "8", "lost"]


def test_a_note_on_a_text_that_has_changed_stands_beside_its_mark(animals: Corpus) -> None:
    present = PresentMarks(Feedback(), {"3": "changed"}, {"3": MarkedText("A", "b")})
    table = export_table(animals, Feedback(("3",)), present=present, notes={"3": "why?"})
    assert [(row["text"], row["mark"], row["note"]) for row in table.to_pylist()] == [("b", "relevant", "why?")]


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_export_with_notes_is_read_again(animals: Corpus, suffix: str) -> None:
    notes = {"5": "=1+1", "8": 'two\nlines, "quoted"'}
    content = WRITERS[suffix](export_table(animals, MARKS, notes=notes))
    escaped = "'=1+1" if suffix == ".csv" else "=1+1"
    assert {row["doc_id"]: row["note"] for row in rows_of(content, suffix)} == {
        "5": escaped,
        "gone": None,
        "1": None,
        "8": notes["8"],
    }
    imported = added_marks(read_marks(content, f"marks{suffix}"), animals, Marks()).event.marks
    assert imported == Feedback(("5",), ("1",))


@pytest.mark.parametrize("suffix", WRITERS)
def test_marks_with_readers_notes_and_reasons_are_exported_and_read_again(animals: Corpus, suffix: str) -> None:
    marks = Feedback(("5",), ("1", "2"))
    notes, reasons = {"5": "=1+1", "8": "no mark"}, {"1": "-far off", "8": "old"}
    content = WRITERS[suffix](
        export_table(animals, marks, notes=notes, reasons=reasons, readers={"5": "@ann", "1": "bob", "8": "ann"})
    )
    rows = {row["doc_id"]: (row["mark"], row["reason"], row["reader"]) for row in rows_of(content, suffix)}
    sign = "'" if suffix == ".csv" else ""
    assert rows == {
        "5": ("relevant", None, f"{sign}@ann"),
        "1": ("not relevant", f"{sign}-far off", "bob"),
        "2": ("not relevant", None, None),
        "8": (None, "old", None),
    }
    found = added_marks(read_marks(content, f"marks{suffix}"), animals, Marks())
    assert (found.event.marks, found.event.readers) == (marks, {"5": "@ann", "1": "bob"})
    assert (found.notes, found.left_out) == (NotesAdded(notes, reasons), ())


def test_a_copy_of_a_marked_document_has_its_reader(animals: Corpus) -> None:
    present = PresentMarks(Feedback(("5",)), copies={"5": ("5", "7")})
    table = export_table(animals, Feedback(("5",)), present=present, readers={"5": "ann"})
    assert [(row["doc_id"], row["reader"]) for row in table.to_pylist()] == [("5", "ann"), ("7", "ann")]


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_export_of_nothing_has_its_columns(animals: Corpus, suffix: str) -> None:
    table = export_table(animals, Feedback(), [Column("knn", (), {}, "full")])
    content = WRITERS[suffix](table)
    if suffix == ".jsonl":
        assert content == b""
    else:
        assert open_table(File(f"x{suffix}", lambda: io.BytesIO(content))).columns == tuple(table.column_names)


def test_csv_is_read_by_pandas_with_numbers_as_numbers(animals: Corpus) -> None:
    table = export_table(animals, MARKS, COLUMNS)
    frame = pd.read_csv(io.BytesIO(as_csv(table)), dtype={"doc_id": str})
    assert list(frame.columns) == table.column_names
    assert frame["anchored_score"][:4].tolist() == [1 / 3, -1e-17, 2.0, 0.0]
    assert frame["knn_rank"][:2].tolist() == [1, 2]
    assert frame["mark"].fillna("").tolist() == ["", "not relevant", "", "relevant", "relevant"]
    assert as_csv(table).startswith(b"\xef\xbb\xbfdoc_id,title,text,text_hash,labels,")


def test_json_lines_and_parquet_are_exact(animals: Corpus) -> None:
    table = export_table(animals, MARKS, COLUMNS)
    assert [json.loads(line) for line in as_json_lines(table).decode().split("\n")[:-1]] == table.to_pylist()
    assert pq.read_table(io.BytesIO(as_parquet(table))).equals(table)


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text_in_csv(animals: Corpus, formula: str) -> None:
    corpus = corpus_of(animals, [formula], [formula], [formula])
    table = export_table(corpus, Feedback((formula,)), [Column("knn", (formula,), {formula: -1.5}, "full")])
    [row] = rows_of(as_csv(table), ".csv")
    assert [row[name] for name in ("doc_id", "title", "text", "labels")] == [f"'{formula}"] * 4
    assert row["knn_score"] == "-1.5"
    found = added_marks(read_marks(as_csv(table), "marks.csv"), corpus, Marks())
    assert (found.event.marks, found.n_lost) == (Feedback((formula,)), 0)
    [line] = rows_of(as_json_lines(table), ".jsonl")
    assert line["text"] == formula


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_spreadsheet_would_not_run_is_left_alone(animals: Corpus, text: str) -> None:
    table = export_table(corpus_of(animals, [text], [text], [None]), Feedback((text,)))
    [row] = rows_of(as_csv(table), ".csv")
    assert (row["doc_id"], row["text"]) == (text, text)
