"""Marks from files: exports, and tables by people or other programs."""

import io
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.file import TABLES, File, reading
from exemplar.data.readers.parquet_table import read_columns
from exemplar.data.readers.tables import open_table
from exemplar.data.readers.values import plain_text
from exemplar.data.sources.columns import listed
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.sessions.export import unescape_formula

MOST_BYTES = 50_000_000  # of a file
MOST_ROWS = 1_000_000

_MARKS: dict[str, Mark] = {
    **dict.fromkeys(("relevant", "positive", "yes", "true", "1"), "positive"),
    **dict.fromkeys(("not relevant", "negative", "no", "false", "0"), "negative"),
    "unsure": "unsure",
}


def read_marks(
    content: bytes, name: str, known: Callable[[Iterable[str]], Container[str]] = lambda doc_ids: ()
) -> Feedback:
    """Read marks from a file that has at least the columns ``doc_id`` and ``mark``.

    A mark is relevant, positive, yes, true or 1; or not relevant, negative, no, false or 0. A blank cell is no mark.

    Parameters
    ----------
    name
        The file's name; its suffix is the format: .csv, .tsv, .jsonl, .ndjson, .json or .parquet.
    known
        Returns the documents that the corpus has, out of some. If the corpus has an id only without the apostrophe
        that ``as_csv`` puts in front, the mark belongs to that document. Marks on unknown documents are kept.

    Raises
    ------
    ExemplarError
        The file cannot be read, is too large, lacks a column, has an invalid mark, or marks a document both ways.
    """
    marks: dict[str, Mark] = {}
    for place, doc_id, mark in _marks_on_documents(content, name, known):
        if marks.setdefault(doc_id, mark) != mark:
            raise ExemplarError(
                f"{name} marks the document '{doc_id}' both ways, the second time in {place}; remove one of the marks"
            )
    kinds: tuple[Mark, ...] = ("positive", "negative", "unsure")
    return Feedback(*(tuple(doc_id for doc_id, mark in marks.items() if mark == kind) for kind in kinds))


def places_of_marks(
    content: bytes, name: str, known: Callable[[Iterable[str]], Container[str]] = lambda doc_ids: ()
) -> dict[str, str]:
    """Return the place of the last mark on every document in a file, such as "row 3"; see ``read_marks``."""
    return {doc_id: place for place, doc_id, _ in _marks_on_documents(content, name, known)}


def _marks_on_documents(
    content: bytes, name: str, known: Callable[[Iterable[str]], Container[str]]
) -> Iterator[tuple[str, str, Mark]]:
    """Yield the place, document and value of every mark."""
    kind = PurePath(name.lower()).suffix
    if kind not in TABLES:
        raise ExemplarError(f"marks can't be read from {name}: use a file whose name ends in {', '.join(TABLES)}")
    if len(content) > MOST_BYTES:
        raise ExemplarError(f"{name} is larger than 50 MB; remove all columns but doc_id and mark")
    rows = list(_marks_in(File(name, lambda: io.BytesIO(content), seekable=True)))
    in_corpus = known(form for _, doc_id, _ in rows for form in (doc_id, unescape_formula(doc_id)))
    for place, written, mark in rows:
        yield place, _doc_id_in(in_corpus, written, prefer_unescaped=kind == ".csv"), mark


def _doc_id_in(known: Container[str], written: str, *, prefer_unescaped: bool) -> str:
    """Return the document that a file means, which may have an apostrophe of ``as_csv`` in front of its id."""
    forms = [written, unescape_formula(written)]
    if prefer_unescaped:
        forms.reverse()
    return next((form for form in forms if form in known), written)


def _marks_in(file: File) -> Iterator[tuple[str, str, Mark]]:
    """Yield the place, document and value of every mark; rows count from 0."""
    for number, (doc_id_cell, mark_cell) in enumerate(_read_cells(file)):
        place = f"row {number}"
        doc_id = plain_text(doc_id_cell, f"the doc_id in {place} of {file.name}")
        word = plain_text(mark_cell, f"the mark in {place} of {file.name}")
        if word is None:
            continue
        if doc_id is None:
            raise ExemplarError(f"{place} of {file.name} has a mark but no doc_id; fill it in, or remove the mark")
        mark = _MARKS.get(" ".join(word.casefold().split()).removesuffix(".0"))  # 1.0 in a column that has gaps
        if mark is None:
            raise ExemplarError(
                f"'{word[:50]}' in {place} of {file.name} is not a mark; write relevant, not relevant, or nothing"
            )
        yield place, doc_id, mark


def _read_cells(file: File) -> list[tuple[Any, Any]]:
    with reading(file.name):
        table = open_table(file, ("doc_id", "mark"))
        names = [_column(name, table.columns) for name in ("doc_id", "mark")]
        cells: list[tuple[Any, Any]] = []
        for row in read_columns(file, names) if file.kind == ".parquet" else table.rows(names):
            if len(cells) == MOST_ROWS:
                raise ExemplarError(f"it has more than {MOST_ROWS:,} rows")
            if not isinstance(row, Problem):
                cells.append((row.get(names[0]), row.get(names[1])))
            elif row.left_out:
                raise ExemplarError(f"{row.where}: {row.reason}")
    return cells


def _column(column: str, names: Sequence[str]) -> str:
    matching = [name for name in names if name.strip().casefold() == column]
    if len(matching) != 1:
        problem = f"it has two columns named '{column}'" if matching else f"it has no column '{column}'"
        raise ExemplarError(f"{problem}; its columns are: {listed(names)}")
    return matching[0]
