"""Marks from files: exports, and tables that people or other programs made."""

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
}


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
        Returns which of some documents the corpus has. If it has only the id without the apostrophe that ``as_csv``
        put in front, the mark is that document's. Marks on other documents are read too.

    Raises
    ------
    ExemplarError
        The file can't be read, is too large, lacks a column, holds what is no mark, or marks a document both ways; the
        message says where, and what to do.
    """
    kind = PurePath(name.lower()).suffix
    if kind not in TABLES:
        raise ExemplarError(f"marks can't be read from {name}: use a file whose name ends in {', '.join(TABLES)}")
    if len(content) > MOST_BYTES:
        raise ExemplarError(f"{name} is larger than 50 MB; keep its columns doc_id and mark alone")
    marks: dict[str, Mark] = {}
    rows = list(_marks_in(File(name, lambda: io.BytesIO(content), seekable=True)))
    in_corpus = known(form for _, doc_id, _ in rows for form in (doc_id, unescape_formula(doc_id)))
    for place, doc_id, mark in rows:
        meant = _meant(doc_id, in_corpus, first_unescaped=kind == ".csv")
        if marks.setdefault(meant, mark) != mark:
            raise ExemplarError(f"{name} marks the document '{meant}' both ways, the second time in {place}; decide")
    return Feedback(
        tuple(doc_id for doc_id, mark in marks.items() if mark == "positive"),
        tuple(doc_id for doc_id, mark in marks.items() if mark == "negative"),
    )


def _meant(doc_id: str, known: Container[str], first_unescaped: bool) -> str:
    meanings = [doc_id, unescape_formula(doc_id)]
    if first_unescaped:
        meanings.reverse()
    return next((meaning for meaning in meanings if meaning in known), doc_id)


def _marks_in(file: File) -> Iterator[tuple[str, str, Mark]]:
    """Yield each mark with its place and document; rows are counted from 0."""
    for number, (doc_id_cell, mark_cell) in enumerate(_read_cells(file)):
        place = f"row {number}"
        doc_id = plain_text(doc_id_cell, f"the doc_id in {place} of {file.name}")
        word = plain_text(mark_cell, f"the mark in {place} of {file.name}")
        if word is None:
            continue
        if doc_id is None:
            raise ExemplarError(f"{place} of {file.name} has a mark but no doc_id; fill it in, or take the mark out")
        mark = _MARKS.get(" ".join(word.casefold().split()).removesuffix(".0"))  # 1.0 in a column that has gaps
        if mark is None:
            raise ExemplarError(
                f"'{word[:50]}' in {place} of {file.name} is no mark; write relevant or not relevant, or nothing"
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


def _column(wanted: str, names: Sequence[str]) -> str:
    matching = [name for name in names if name.strip().casefold() == wanted]
    if len(matching) != 1:
        problem = f"it has two columns named '{wanted}'" if matching else f"it has no column '{wanted}'"
        raise ExemplarError(f"{problem}; its columns are: {listed(names)}")
    return matching[0]
