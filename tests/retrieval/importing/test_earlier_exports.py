import io
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pytest

from exemplar.data.arrow import DOCUMENT_SCHEMA, row_of
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.documents import Document
from exemplar.data.files.file import File
from exemplar.data.readers.tables import open_table
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.importing.added_marks import added_marks
from exemplar.retrieval.importing.marks_file import read_marks
from exemplar.retrieval.sessions.events import NotesAdded
from exemplar.retrieval.sessions.marks import Marks
from tests.support.earlier_exports import (
    as_csv,
    as_json_lines,
    as_parquet,
    export_table,
)

MARKS = Feedback(("5", "gone"), ("1",))
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


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text_in_csv(animals: Corpus, formula: str) -> None:
    corpus = corpus_of(animals, [formula], [formula], [formula])
    table = export_table(corpus, Feedback((formula,)))
    [row] = rows_of(as_csv(table), ".csv")
    assert [row[name] for name in ("doc_id", "title", "text", "labels")] == [f"'{formula}"] * 4
    found = added_marks(read_marks(as_csv(table), "marks.csv"), corpus, Marks())
    assert (found.event.marks, found.n_lost) == (Feedback((formula,)), 0)
    [line] = rows_of(as_json_lines(table), ".jsonl")
    assert line["text"] == formula


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_spreadsheet_would_not_run_is_left_alone(animals: Corpus, text: str) -> None:
    table = export_table(corpus_of(animals, [text], [text], [None]), Feedback((text,)))
    [row] = rows_of(as_csv(table), ".csv")
    assert (row["doc_id"], row["text"]) == (text, text)
