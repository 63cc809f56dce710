"""Files of marks as earlier versions exported them, which an import still reads."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.documents import Document
from exemplar.data.encoders.base import VectorKind
from exemplar.data.tabular.formulas import escape_formula
from exemplar.retrieval.feedback import MARK_NAMES, Feedback
from exemplar.retrieval.sessions.identity import ELSEWHERE, STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText

_TEXTS = pa.large_list(pa.large_string())


@dataclass(frozen=True, slots=True)
class Column:
    """A ranking to export.

    Attributes
    ----------
    ranker
        The prefix of its columns, as in ``knn_rank`` and ``knn_score``.
    doc_ids
        The ranked documents, best first.
    scores
        Scores by ``doc_id``, of the ranked documents and of any other exported ones that have a score.
    vectors
        The kind of vectors of the ranking.
    """

    ranker: str
    doc_ids: Sequence[str]
    scores: Mapping[str, float]
    vectors: VectorKind


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of an export: a document as it is now, or the text of a mark that has lost its document."""

    doc_id: str
    text: Document | MarkedText | None
    text_hash: str | None
    mark: str | None
    state: str | None = None


def export_table(
    corpus: DocumentStore,
    feedback: Feedback,
    columns: Sequence[Column] = (),
    present: PresentMarks | None = None,
    notes: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    readers: Mapping[str, str] | None = None,
) -> pa.Table:
    """Return documents with their marks and notes, and with their rank and score in every ranking.

    Without a ranking, the table has the marked and the noted documents alone; with one, the column ``vectors`` names
    the kind of vectors, and a rank is null if the document is not in that ranking. A marked document that has not the
    marked text any more has a row of its own with that text, as far as it is known, and with what became of it in the
    column ``mark_state``. Every copy of a marked text has a row with the mark. The column ``mark_origin`` says which
    marks were made on another corpus of this name.

    Parameters
    ----------
    present
        What the marks mean for the corpus; by default all marked documents have the marked texts.
    notes, reasons, readers
        The notes on documents, the reasons why documents are not relevant, and who marked them, by ``doc_id``.
    """
    notes, reasons = ({doc_id: text for doc_id, text in (each or {}).items() if text} for each in (notes, reasons))
    lines = _lines(corpus, feedback, columns, present, [*notes, *reasons])
    doc_ids = [line.doc_id for line in lines]
    elsewhere = present.elsewhere if present else ()
    origins = [ELSEWHERE if line.mark and line.doc_id in elsewhere else None for line in lines]
    labels = [list(line.text.labels) if isinstance(line.text, Document) else None for line in lines]
    table = {
        "doc_id": pa.array(doc_ids, pa.large_string()),
        "title": pa.array([line.text and line.text.title for line in lines], pa.large_string()),
        "text": pa.array([line.text and line.text.text for line in lines], pa.large_string()),
        "text_hash": pa.array([line.text_hash for line in lines], pa.large_string()),
        "labels": pa.array(labels, _TEXTS),
        "mark": pa.array([line.mark for line in lines], pa.large_string()),
        "mark_state": pa.array([line.state for line in lines], pa.large_string()),
        "mark_origin": pa.array(origins, pa.large_string()),
        "note": pa.array([notes.get(doc_id) for doc_id in doc_ids], pa.large_string()),
        "reason": pa.array([reasons.get(doc_id) for doc_id in doc_ids], pa.large_string()),
        "reader": pa.array(_readers_of(lines, readers or {}, present), pa.large_string()),
    }
    if columns:
        table["vectors"] = pa.array([columns[0].vectors] * len(lines), pa.large_string())
    for column in columns:
        ranks = {doc_id: rank for rank, doc_id in enumerate(column.doc_ids, start=1)}
        here = [None if line.state else line.doc_id for line in lines]
        table[f"{column.ranker}_rank"] = pa.array([ranks.get(doc_id or "") for doc_id in here], pa.int64())
        table[f"{column.ranker}_score"] = pa.array([column.scores.get(doc_id or "") for doc_id in here], pa.float64())
    return pa.table(table)


def _lines(
    corpus: DocumentStore,
    feedback: Feedback,
    columns: Sequence[Column],
    present: PresentMarks | None,
    noted: Sequence[str],
) -> list[_Line]:
    """Return the rows of an export: the ranked documents in turn, then other marked ones, then other noted ones."""
    states = present.states if present else {}
    ranked = dict.fromkeys(chain.from_iterable(column.doc_ids for column in columns))
    marks = {doc_id: MARK_NAMES[mark] for mark, doc_ids in feedback.by_mark() for doc_id in doc_ids}
    if present:
        marks = {doc_id: MARK_NAMES[mark] for doc_id, mark in present.by_document().items()} | marks
    noted = [doc_id for doc_id in noted if doc_id not in ranked and doc_id not in marks]
    rows = corpus.rows_of([*ranked, *(doc_id for doc_id in marks if doc_id not in states), *noted])
    known = dict(zip(rows, corpus.documents_at(list(rows.values())), strict=True))
    hashes = dict(zip(rows, corpus.text_hashes(list(rows.values())), strict=True))
    lines = [
        _Line(doc_id, known.get(doc_id), hashes.get(doc_id), None if doc_id in states else marks.get(doc_id))
        for doc_id in ranked
    ]
    for doc_id, mark in [*marks.items(), *dict.fromkeys(noted).items()]:
        if doc_id in states:
            text = present.texts.get(doc_id) if present else None
            lines.append(_Line(doc_id, text, None if text is None else text.text_hash, mark, STATES[states[doc_id]]))
        elif doc_id not in ranked:
            state = None if doc_id in known else STATES["gone"]
            lines.append(_Line(doc_id, known.get(doc_id), hashes.get(doc_id), mark, state))
    return lines


def _readers_of(lines: Sequence[_Line], readers: Mapping[str, str], present: PresentMarks | None) -> list[str | None]:
    """Return who marked the documents of rows; what is marked as a copy of another document has that one's reader."""
    of = {
        copy: readers[doc_id]
        for doc_id, copies in (present.copies if present else {}).items()
        if doc_id in readers
        for copy in copies
    } | dict(readers)
    return [of.get(line.doc_id) if line.mark else None for line in lines]


def as_csv(table: pa.Table) -> bytes:
    """Return a table as CSV; a null is an empty cell, and labels are joined by semicolons.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which marks a cell as text there. The
    file starts with a byte order mark, without which Excel does not read it as UTF-8.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(table.column_names)
    for row in _rows(table):
        cells = ("; ".join(cell) if isinstance(cell, list) else cell for cell in row.values())
        writer.writerow(escape_formula(cell) if isinstance(cell, str) else cell for cell in cells)
    return file.getvalue().encode("utf-8-sig")


def as_json_lines(table: pa.Table) -> bytes:
    """Return a table as JSON Lines, an object with all columns for every row; values are exact."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(table)).encode()


def as_parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet; values are exact."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=256):
        yield from batch.to_pylist()
