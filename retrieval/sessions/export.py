"""Files of rankings and marks: written for other programs to read, marks read back."""

import csv
import io
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Problem
from exemplar.data.readers.file import TABLES, File, reading
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.values import plain_text
from exemplar.data.sources.columns import listed
from exemplar.data.text import one_line
from exemplar.retrieval.feedback import Feedback, Mark

MARK_NAMES: dict[Mark, str] = {"positive": "relevant", "negative": "not relevant"}
MOST_BYTES = 50_000_000  # of a file that marks are read from
MOST_UNPACKED = 1_000_000_000  # of a Parquet file
MOST_ROWS = 1_000_000

_MARKS: dict[str, Mark] = {
    **dict.fromkeys(("relevant", "positive", "yes", "true", "1"), "positive"),
    **dict.fromkeys(("not relevant", "negative", "no", "false", "0"), "negative"),
}
# What makes a spreadsheet run a cell: one of these, after blanks, quotes and what can't be seen. The wide ones count
# where Japanese is written. (https://owasp.org/www-community/attacks/CSV_Injection)
_FORMULA = re.compile("[\\s'\"\0-\x20\u200b-\u200f\u2060\ufeff]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@dataclass(frozen=True, slots=True)
class Column:
    """A ranking to export.

    Attributes
    ----------
    ranker
        Begins the names of its columns, ``knn_rank`` and ``knn_score``.
    doc_ids
        The ranking, best first.
    scores
        Of its documents, and of others that are exported beside them as far as they are known.
    """

    ranker: str
    doc_ids: Sequence[str]
    scores: Mapping[str, float]


def exported(feedback: Feedback, rankings: Sequence[Sequence[str]]) -> list[str]:
    """Return the documents of an export by ``doc_id``: those of each ranking in turn, then what else is marked."""
    return list(dict.fromkeys(chain(*rankings, feedback.positives, feedback.negatives)))


def export_table(corpus: DocumentStore, feedback: Feedback, columns: Sequence[Column] = ()) -> pa.Table:
    """Return documents with their marks, and with their rank and score in each ranking; without one, the marks alone.

    A rank is null where a document is not in that ranking, a text where it is no longer in the corpus: its mark is not
    lost.
    """
    doc_ids = exported(feedback, [column.doc_ids for column in columns])
    rows = corpus.rows_of(doc_ids)
    there = dict(zip(rows, corpus.documents_at(list(rows.values())), strict=True))
    documents = [there.get(doc_id) for doc_id in doc_ids]
    marks = dict.fromkeys(feedback.positives, MARK_NAMES["positive"])
    marks |= dict.fromkeys(feedback.negatives, MARK_NAMES["negative"])
    table = {
        "doc_id": pa.array(doc_ids, pa.large_string()),
        "text": pa.array([found and found.text for found in documents], pa.large_string()),
        "label": pa.array([found and found.label for found in documents], pa.large_string()),
        "mark": pa.array(map(marks.get, doc_ids), pa.large_string()),
    }
    for column in columns:
        ranks = {doc_id: rank for rank, doc_id in enumerate(column.doc_ids, start=1)}
        table[f"{column.ranker}_rank"] = pa.array(map(ranks.get, doc_ids), pa.int64())
        table[f"{column.ranker}_score"] = pa.array(map(column.scores.get, doc_ids), pa.float64())
    return pa.table(table)


def as_csv(table: pa.Table) -> bytes:
    """Return a table as CSV; a null is an empty cell.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as one types it there to say that it
    is text. A byte order mark comes first, without which Excel takes UTF-8 for another encoding.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(table.column_names)
    for row in _rows(table):
        writer.writerow(_defused(cell) if isinstance(cell, str) else cell for cell in row.values())
    return file.getvalue().encode("utf-8-sig")


def as_json_lines(table: pa.Table) -> bytes:
    """Return a table as JSON Lines, an object a row with all columns; exact."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(table)).encode()


def as_parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet; exact."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def read_marks(
    content: bytes, name: str, known: Callable[[Iterable[str]], Container[str]] = lambda doc_ids: ()
) -> Feedback:
    """Read marks from a file with the columns ``doc_id`` and ``mark``, which may have others.

    A mark is relevant, positive, yes, true or 1; or not relevant, negative, no, false or 0; or blank for none.

    Parameters
    ----------
    name
        The file's: its suffix says what it is, .csv, .tsv, .jsonl, .ndjson, .json or .parquet.
    known
        Returns which of some documents the corpus has; where only the id without the apostrophe that ``as_csv`` gave it
        is one of them, it is meant. Marks on other documents are read too.

    Raises
    ------
    ValueError
        The file can't be read, is too large, lacks a column, or says what is no mark, or both of one document; the
        message says where, and what to do.
    """
    kind = PurePath(name.lower()).suffix
    if kind not in TABLES:
        raise ValueError(f"marks can't be read from {name}: use a file whose name ends in {', '.join(TABLES)}")
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} is larger than 50 MB; keep its columns doc_id and mark alone")
    marks: dict[str, Mark] = {}
    found = list(_marks_in(File(name, lambda: io.BytesIO(content))))
    there = known(form for _, doc_id, _ in found for form in (doc_id, _undone(doc_id)))
    for place, doc_id, mark in found:
        meant = _meant(doc_id, there, first_undone=kind == ".csv")
        if marks.setdefault(meant, mark) != mark:
            raise ValueError(f"{name} marks the document '{meant}' both ways, the second time in {place}; decide")
    return Feedback(
        tuple(doc_id for doc_id, mark in marks.items() if mark == "positive"),
        tuple(doc_id for doc_id, mark in marks.items() if mark == "negative"),
    )


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=256):
        yield from batch.to_pylist()


def _defused(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _undone(text: str) -> str:
    """Take back what ``_defused`` did: of all texts, only those it changed begin like this."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def _meant(doc_id: str, known: Container[str], first_undone: bool) -> str:
    meanings = (_undone(doc_id), doc_id) if first_undone else (doc_id, _undone(doc_id))
    return next((meaning for meaning in meanings if meaning in known), doc_id)


def _marks_in(file: File) -> Iterator[tuple[str, str, Mark]]:
    """Yield each mark with its place and document; rows are counted from 0."""
    for number, (doc_id_cell, mark_cell) in enumerate(_read_cells(file)):
        place = f"row {number}"
        doc_id = plain_text(doc_id_cell, f"the doc_id in {place} of {file.name}")
        said = plain_text(mark_cell, f"the mark in {place} of {file.name}")
        if said is None:
            continue
        if doc_id is None:
            raise ValueError(f"{place} of {file.name} has a mark but no doc_id; fill it in, or take the mark out")
        mark = _MARKS.get(" ".join(said.casefold().split()).removesuffix(".0"))  # 1.0 in a column that has gaps
        if mark is None:
            raise ValueError(
                f"'{said[:50]}' in {place} of {file.name} is no mark; write relevant or not relevant, or nothing"
            )
        yield place, doc_id, mark


def _read_cells(file: File) -> list[tuple[Any, Any]]:
    with reading(file.name):
        table = open_table(file, ("doc_id", "mark"))
        names = [_column(name, table.columns) for name in ("doc_id", "mark")]
        cells: list[tuple[Any, Any]] = []
        for row in _parquet_rows(file, names) if file.kind == ".parquet" else table.rows(names):
            if len(cells) == MOST_ROWS:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows")
            if not isinstance(row, Problem):
                cells.append((row.get(names[0]), row.get(names[1])))
            elif row.left_out:
                raise ValueError(f"{row.where}: {row.reason}")
    return cells


def _parquet_rows(file: File, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, of these columns alone.

    A text that is repeated is held once: a small file can repeat a huge one without end.
    """
    try:
        with pq.ParquetFile(file.open(), read_dictionary=list(names)) as parquet:
            groups = (parquet.metadata.row_group(n) for n in range(parquet.num_row_groups))
            if sum(group.total_byte_size for group in groups) > MOST_UNPACKED:
                raise ValueError("unpacked it is larger than 1 GB")
            for batch in parquet.iter_batches(columns=list(names)):
                for cells in zip(*(_listed(batch[name]) for name in names), strict=True):
                    yield dict(zip(names, cells, strict=True))
    except pa.ArrowException as error:
        raise ValueError(one_line(error)) from error


def _listed(column: Any) -> list[Any]:
    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    values = column.dictionary.to_pylist()
    return [None if place is None else values[place] for place in column.indices.to_pylist()]


def _column(wanted: str, names: Sequence[str]) -> str:
    found = [name for name in names if name.strip().casefold() == wanted]
    if len(found) != 1:
        problem = f"it has two columns named '{wanted}'" if found else f"it has no column '{wanted}'"
        raise ValueError(f"{problem}; its columns are: {listed(names)}")
    return found[0]
