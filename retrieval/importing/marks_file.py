"""Marks from files: exports, and tables by people or other programs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import reading
from exemplar.data.files.table import Row
from exemplar.data.sources.columns import Columns, listed
from exemplar.retrieval.feedback import Mark
from exemplar.retrieval.importing.mark_column import MOST_VALUES, MarkColumn
from exemplar.retrieval.importing.mark_roles import Roles, roles_of
from exemplar.retrieval.importing.mark_rows import MarkRow, Texts, mark_row, with_mark, with_places
from exemplar.retrieval.importing.mark_tables import MarkTable, open_marks
from exemplar.retrieval.importing.mark_words import is_usual, mark_meant

MOST_ROWS = 1_000_000  # with a mark or a note
MOST_CHARACTERS = 500_000_000  # of their different texts and their notes

_FIRST: tuple[Mark, ...] = ("positive", "negative", "unsure")  # of a row whose labels mean several, the first
_SENTIMENTS = frozenset({"positive", "negative"})  # marks in a column of marks, but not in one of labels
_SHEETS = frozenset({"csv", "tsv", "xlsx", "ods"})  # formats that spreadsheets write
_GUARDED = frozenset({"csv", "tsv"})  # formats in which exports guard cells against being run as formulas


@dataclass(frozen=True, slots=True)
class MarkFile:
    """The marks in a file.

    Attributes
    ----------
    left_out
        A sentence for each row that can't be read, with its id and place.
    has_titles
        Whether the texts of the rows come with their titles.
    escaped
        Whether ids and texts may have an apostrophe in front, which exports to CSV put there.
    labels
        The column whose values are no marks by themselves, so that no row has a mark before ``with_meaning``; else
        None.
    columns
        The names of all columns of the file.
    is_sheet
        Whether a spreadsheet may have written the file, and taken ids for numbers.
    """

    rows: tuple[MarkRow, ...]
    left_out: tuple[str, ...] = ()
    has_titles: bool = True
    escaped: bool = False
    labels: MarkColumn | None = None
    columns: tuple[str, ...] = ()
    is_sheet: bool = False

    def with_meaning(self, meaning: Mapping[str, Mark], others: Mark | None = None) -> "MarkFile":
        """Return the file with marks by the values in its column of labels; rows that then say nothing are gone.

        Parameters
        ----------
        meaning
            The mark that a value means.
        others
            The mark that all other values mean; None if they mean none.
        """
        rows = []
        for row in self.rows:
            found = {meaning.get(word, others) for word in row.words}
            mark = next((each for each in _FIRST if each in found), None)
            if mark or row.note or row.reason:
                rows.append(replace(row, mark=mark, words=()))
        return replace(self, rows=tuple(rows), labels=None)


def read_marks(
    content: bytes | Path,
    name: str,
    columns: Columns = Columns(),  # noqa: B008 - it is immutable
    column: str | None = None,
) -> MarkFile:
    """Read the marks in a file, and the notes, reasons and readers beside them; a blank cell is no mark.

    The file has a column with marks or labels, or notes in which a program for screening wrote them, and columns with
    ids, texts, hashes of texts, DOIs or PubMed ids. The column of ids has a usual name or the name that it has in the
    corpus, or is the only one whose name ends in "id", or the only one beside the marks.

    Parameters
    ----------
    content
        The bytes of a file of any format with rows, packed or in a zip too, or its path, or that of a folder that
        ``datasets`` saved.
    name
        The file's name; its suffix is its format where its content does not show it.
    columns
        The columns of the source from which the corpus was built.
    column
        The column with the marks, or with labels that can become marks; by default the one with a usual name.

    Raises
    ------
    ExemplarError
        The file can't be read, is too large, or lacks a column.
    """
    with reading(name), open_marks(content, name) as table:
        return _read(table, columns, column)


def columns_of(content: bytes | Path, name: str) -> tuple[str, ...]:
    """Return the names of a file's columns, of which one can be chosen for ``read_marks``; raises as it does."""
    with reading(name), open_marks(content, name) as table:
        return table.columns


def _read(table: MarkTable, columns: Columns, column: str | None) -> MarkFile:
    roles = roles_of(table.columns, columns, column, are_references=table.are_references)
    rows, left_out = _rows(table.rows(roles.columns()), roles)
    if roles.mark is None and not any(row.words for row in rows):
        raise ExemplarError(f"it has no column 'mark'; its columns are: {listed(table.columns)}")
    if roles.task:
        rows = _of_one_task(rows)
    escaped, is_sheet = table.format in _GUARDED, table.format in _SHEETS
    file = MarkFile((), (), roles.title is not None, escaped, columns=table.columns, is_sheet=is_sheet)
    labels = _labels(roles, rows)
    if labels is not None:
        return replace(file, rows=tuple(_joined(rows)), left_out=tuple(left_out), labels=labels)
    marked: list[MarkRow] = []
    for row in rows:
        try:
            marked.append(with_mark(row))
        except ExemplarError as error:
            left_out.append(str(error))
    return replace(file, rows=tuple(marked), left_out=tuple(left_out))


def _rows(rows: Iterable[Row | Problem], roles: Roles) -> tuple[list[MarkRow], list[str]]:
    """Return what the rows of a file say, and a sentence for each that can't be read."""
    texts: Texts = {}
    found: list[MarkRow] = []
    left_out: list[str] = []
    n_characters = n_texts = 0
    for place, row in with_places(rows):
        try:
            said = mark_row(row, roles, place, texts)
        except ExemplarError as error:
            left_out.append(str(error))
            continue
        if said is None:
            continue
        found.append(said)
        n_characters += len(said.note) + sum(map(len, said.words))
        if said.text is not None and len(texts) > n_texts:
            n_texts = len(texts)
            n_characters += len(said.text.text)
        if len(found) > MOST_ROWS:
            raise ExemplarError(f"it has more than {MOST_ROWS:,} rows with a mark or a note")
        if n_characters > MOST_CHARACTERS:
            raise ExemplarError(
                f"the texts and notes of its marks have more than {MOST_CHARACTERS:,} characters; remove the columns "
                "of texts, and keep the ids or the hashes of the texts"
            )
    return found, left_out


def _labels(roles: Roles, rows: Sequence[MarkRow]) -> MarkColumn | None:
    """Return the column of marks if a person must say which of its values mean which mark."""
    values = Counter(word for row in rows for word in row.words)
    column = MarkColumn(roles.mark, roles.mark or "", dict(values.most_common()))
    if not values or roles.mark is None:
        return None
    is_known = any(mark_meant(value) for value in values)
    if roles.is_label:
        is_known = column.decides and _SENTIMENTS.isdisjoint(map(str.casefold, values))
    elif roles.mark.strip().casefold() == "mark" or not is_usual(roles.mark):
        is_known = True
    if is_known:
        return None
    if len(values) > MOST_VALUES:
        raise ExemplarError(
            f"its column '{roles.mark}' has more than {MOST_VALUES:,} values, too many to say which are marks"
        )
    return column


def _joined(rows: Iterable[MarkRow]) -> Iterable[MarkRow]:
    """Return rows with labels, those on the same text as one: tools write a row for each label."""
    joined: dict[tuple[object, ...], MarkRow] = {}
    for row in rows:
        key = (row.doc_id, row.text_hash, row.text, row.doi, row.pmid)
        first = joined.setdefault(key, row)
        if first is not row:
            joined[key] = replace(first, words=tuple(dict.fromkeys((*first.words, *row.words))))
    return joined.values()


def _of_one_task(rows: list[MarkRow]) -> list[MarkRow]:
    """Return the examples of Prodigy with the answers alone if all are about one label."""
    split = [word.rpartition(": ") for row in rows for word in row.words]
    if len({task for task, _, _ in split}) > 1:
        return rows
    return [replace(row, words=tuple(word.rpartition(": ")[2] for word in row.words)) for row in rows]
