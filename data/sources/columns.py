"""The roles of a table's columns (text, title, label, id), and its rows as documents."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Document, Problem, full_text
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, file_of, line_of, position_of
from exemplar.data.files.values import (
    MOST_CHARACTERS,
    TOO_LONG,
    id_text,
    is_float_of_whole,
    listed_texts,
    metadata_text,
    plain_text,
)
from exemplar.data.readers.nested_cells import cell_at, cells_beside, labels_in, objects_of, readable, text_in
from exemplar.data.sources.exports import NO_ABSTRACT, Export, export_with
from exemplar.data.sources.html_cells import HtmlCells, find_html
from exemplar.data.texts.hard_wraps import one_line_title, without_hard_wraps

# Usual names, the most telling first; upper case, blanks, hyphens and underscores do not count.
TEXT_COLUMNS = (
    *("text", "content", "review", "abstract", "abstract note", "abstract text", "document", "body", "body text"),
    *("full text", "description", "selftext", "message", "contents", "cooked", "abstract inverted index"),
    *("messages", "conversations", "conversation", "chat messages", "mapping", "data"),
)
TITLE_COLUMNS = ("title", "article title", "document title", "display name", "headline", "subject", "summary")
_TAGS = "Tags"  # as Stack Exchange writes it
LABEL_COLUMNS = (
    *("label", "labels", "category", "class", "decision", "screening decision", "final decision", "asreview label"),
    *("asreview included", "label included", "final included", "included", "include"),
    _TAGS,
)
ID_COLUMNS = (
    *("_id", "doc id", "id", "pmid", "eid", "covidence #", "paperid", "paper id", "corpusid", "corpus id", "record id"),
    "accession number",
)
# What annotation tools write beside a text: columns that show the tool, and those that a column of labels is not.
_LABEL_STUDIO = frozenset({"annotation_id", "annotator", "lead_time"})
_NO_LABELS = _LABEL_STUDIO | {"created_at", "updated_at", "id", "agreement"}
_PRODIGY = frozenset({"_input_hash", "_task_hash"})

OFF = "none"

_ABSTRACTS = frozenset({"abstract", "abstract note", "abstract text"})
_MOST_ID = 10_000  # characters; the ids of all documents stay in memory
_MOST_PEEKED = 100  # rows whose ids show whether a spreadsheet turned all of them into fractions
_LEAST_TEXT = 12  # characters, which the cells of a column with texts have in the mean
_WORDS = re.compile(r"[^\W\d_] +[^\W\d_]")
_LONGEST_QUESTION = 200  # characters of a survey's question in a message
_MOST_LISTED = 50  # names of columns in a message
_OF_EARLIER = "ids of an earlier file; they stand after the name of this one"

Documents = Iterator[Document | Problem]


@dataclass(frozen=True, slots=True)
class Columns:
    """The name of the column in each role; None if it is to be guessed, or if no column has the role."""

    text: str | None = None
    title: str | None = None
    label: str | None = None
    id: str | None = None

    def chosen(self) -> "Columns":
        """Return the roles without those that are switched off."""
        return Columns(*(None if name == OFF else name for name in (self.text, self.title, self.label, self.id)))

    def in_words(self) -> str:
        """Return what each role is taken by, such as ``text Body, title Subject, no label, ids by row``."""
        text = f"text {_folded(self.text)}" if self.text else "no text"
        label = f"label {_folded(self.label)}" if self.label else "no label"
        title = f"title {_folded(self.title)}" if self.title else "no title"
        return f"{text}, {title}, {label}, {f'id {_folded(self.id)}' if self.id else 'ids by row'}"

    def names(self) -> list[str]:
        """Return the names that are not None."""
        return [name for name in (self.text, self.title, self.label, self.id) if name is not None]


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message, with long names and long lists cut."""
    folded = (_folded(name) for name in names[:_MOST_LISTED])
    shown = [name if len(name) <= 100 else f"{name[:100]}..." for name in folded]
    more = [f"and {len(names) - _MOST_LISTED:,} more"] if len(names) > _MOST_LISTED else []
    return ", ".join(shown + more)


def guess_columns(names: Sequence[str]) -> Columns:
    """Return the roles of columns by their usual names; None for a role if no column has such a name."""
    texts, titles, labels, ids = _usual_names(names)
    text = _guess(names, texts, ())
    title, doc_id = (_guess(names, usual, (), text or "") for usual in (titles, ids))
    return Columns(text, title, _guess_label(names, labels, text, [each for each in (text, title) if each]), doc_id)


def pick_columns(
    names: Sequence[str], requested: Columns, where: str, *, list_names: bool = True, hint: str = ""
) -> Columns:
    """Return the roles of columns: the requested names, else the usual names.

    Blanks around and line breaks within a requested name do not count.

    Parameters
    ----------
    where
        What messages call the table.
    list_names
        Whether messages list the table's columns.
    hint
        What messages end with.

    Raises
    ------
    TextColumnUnknown
        No column has a usual name for the text.
    ExemplarError
        A requested column does not exist, or two columns have the same name.
    """
    if repeated := next((name for name, n in Counter(names).items() if n > 1), None):
        raise ExemplarError(f"{where} has two columns named '{repeated}'; rename one")

    listing = f"; its columns are: {listed(names)}" if list_names else ""
    ending = f"; {hint}" if hint else ""

    def pick(name: str | None, usual: Iterable[str], taken: Collection[str], beside: str | None = None) -> str | None:
        if name is None:
            return _guess(names, usual, taken, beside)
        found = name if name in names else next((each for each in names if _folded(each) == _folded(name)), None)
        if found is None and name != OFF:
            raise ExemplarError(f"{where} has no column '{name}'{listing}{ending}")
        return found

    texts, titles, labels, ids = _usual_names(names)
    text = pick(requested.text, texts, requested.names())
    taken = [*filter(None, [text]), *requested.names()]
    title = pick(requested.title, titles, taken, text or "")
    if text is None and not (title and (requested.text == OFF or _export(names))):
        raise TextColumnUnknown(f"say which column of {where} holds the text{listing}{ending}", columns=names)
    if requested.label is None:
        label = _guess_label(names, labels, text, [*taken, *filter(None, [title])])
    else:
        label = pick(requested.label, labels, taken)
    doc_id = pick(requested.id, ids, taken, text or "")
    return Columns(text, title if title != text else None, label, doc_id)


def holds_text(requested: Columns) -> Callable[[Sequence[str]], bool]:
    """Return what tells whether a table with these columns holds documents, by the requested and the usual names."""

    def holds(names: Sequence[str]) -> bool:
        try:
            pick_columns(names, requested, "it", list_names=False)
        except ExemplarError:
            return False
        return True

    return holds


def text_hint(table: Table) -> str:
    """Return which column has the longest texts, for where none has a usual name; empty if none has texts."""
    lengths: Counter[str] = Counter()
    n_texts: Counter[str] = Counter()
    for row in itertools.islice(table.rows(()), _MOST_PEEKED):
        for name in table.columns:
            cell = None if isinstance(row, Problem) else cell_at(row, name)
            if isinstance(cell, str) and _WORDS.search(cell):
                lengths[name] += len(cell)
                n_texts[name] += 1
    longest = max(lengths, key=lambda name: lengths[name], default=None)
    if longest is None or lengths[longest] < _LEAST_TEXT * n_texts[longest]:
        return ""
    question = f" ({table.questions[longest][:_LONGEST_QUESTION]})" if longest in table.questions else ""
    return f"the longest texts are in '{_folded(longest)}'{question}"


def read_rows(table: Table, chosen: Columns, taken: set[str], file: File | None = None) -> Documents:
    """Yield every row's document and problems; rows are numbered from 0.

    A row whose id is missing, or that of an earlier row of the table, goes by its number, as all rows do if no column
    has ids. An id that a document of an earlier file has is put after the name of the file.

    Parameters
    ----------
    taken
        The ids of documents that were read before, to which those of the table are added.
    file
        The file of the table, if it has one.
    """
    number, names = 0, frozenset(chosen.names())
    roles = _Roles(
        chosen, names, objects_of(names), _last_name(chosen.text) in _ABSTRACTS, _export(table.columns) is not None
    )
    rows, html = find_html(table, table.rows(names), chosen.text, chosen.id, file)
    rows, are_floats = _with_floats(rows, chosen.id)
    yield from html.problems
    ids = _Ids(taken, file)
    try:
        for row in rows:
            if isinstance(row, Problem):
                yield row
                number += row.left_out
                continue
            yield from _read_row(roles, ids, _Place(file, number, row, html), are_floats)
            number += 1
    finally:
        taken |= ids.own


def _with_floats(rows: Iterator[Row | Problem], column: str | None) -> tuple[Iterator[Row | Problem], bool]:
    """Return rows, and whether all ids of the first ones are whole numbers with a fraction of zero."""
    if column is None:
        return rows, False
    first: list[Row | Problem] = []
    n_floats = 0
    for row in itertools.islice(rows, _MOST_PEEKED):
        first.append(row)
        cell = None if isinstance(row, Problem) else cell_at(row, column)
        if is_float_of_whole(cell):
            n_floats += 1
        elif not (cell is None or (isinstance(cell, str) and not cell.strip())):
            return itertools.chain(first, rows), False
    return itertools.chain(first, rows), n_floats > 0


def _usual_names(names: Sequence[str]) -> tuple[Sequence[str], ...]:
    """Return the usual names of columns for texts, titles, labels and ids; those of an export if it is a known one."""
    if (export := _export(names)) is None:
        return TEXT_COLUMNS, TITLE_COLUMNS, LABEL_COLUMNS, ID_COLUMNS
    return (export.text,), (export.title,), [name for name in LABEL_COLUMNS if name != _TAGS], export.ids


def _export(names: Sequence[str]) -> Export | None:
    return export_with(set(map(_plain_name, names)))


def _guess(names: Sequence[str], usual: Iterable[str], taken: Collection[str], beside: str | None = None) -> str | None:
    """Return the column with the most telling name; a nested one only if no other has a usual name.

    Parameters
    ----------
    beside
        The column of the text; nested ones must lie in the same object. None if any object will do.
    """
    free = [name for name in names if name not in taken]
    plain = {name: _plain_name(name) for name in free}
    nested = {
        name: _plain_name(name.rpartition(".")[2])
        for name in free
        if "." in name and (beside is None or name.rpartition(".")[0] == beside.rpartition(".")[0])
    }
    return next(
        (name for named in (plain, nested) for guess in usual for name in named if guess in (name, named[name])), None
    )


def _guess_label(names: Sequence[str], usual: Iterable[str], text: str | None, taken: Collection[str]) -> str | None:
    """Return the column of labels by its usual name, or by what annotation tools write beside it."""
    if found := _guess(names, usual, taken, text or ""):
        return found
    if "annotations" in names and (text or "").startswith("data."):  # Label Studio
        return "annotations"
    if "accept" in names and "options" in names and _PRODIGY.intersection(names):
        return "accept"
    if _LABEL_STUDIO.issubset(names):
        others = [name for name in names if name not in _NO_LABELS and name not in taken]
        return others[0] if len(others) == 1 else None
    return None


def _last_name(column: str | None) -> str:
    return _plain_name((column or "").rpartition(".")[2])


def _folded(name: str) -> str:
    """Return a name in one line, as messages show it."""
    return " ".join(name.split())


def _plain_name(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.casefold())).strip()


@dataclass(slots=True)
class _Place:
    """Where a row stands, and which of its cells hold HTML."""

    file: File | None
    number: int
    row: Row
    html: HtmlCells

    @property
    def where(self) -> str:
        position = position_of(self.row, self.number)
        return self.file.at(position) if self.file else position

    @property
    def doc_id(self) -> str:
        """The row's number; in a folder after the name of the file."""
        return f"{self.file.name}#{self.number}" if self.file and self.file.in_folder else str(self.number)

    def problem(self, reason: str, *, left_out: bool) -> Problem:
        return Problem(self.where, reason, left_out, self.row if left_out else {}, self.file_name, line_of(self.row))

    @property
    def file_name(self) -> str | None:
        return self.file.name if self.file else file_of(self.row)


class _Ids:
    """The ids of a table's rows, which those of earlier files do not repeat.

    Attributes
    ----------
    own
        Those that rows have so far.
    told
        The problem with the first id that a document of an earlier file has; None before it, and after it was taken.
    """

    def __init__(self, taken: Collection[str], file: File | None) -> None:
        self._taken, self._file = taken, file
        self.own: set[str] = set()
        self.told: Problem | None = None
        self._is_told = False

    def add(self, own_id: str) -> str | None:
        """Return what a row of this id goes by; None if an earlier row of the table has it."""
        if own_id in self.own:
            return None
        self.own.add(own_id)
        if own_id not in self._taken or self._file is None:
            return own_id
        if not self._is_told:
            self._is_told = True
            self.told = Problem(self._file.name, _OF_EARLIER, left_out=False, file=self._file.name)
        named = f"{self._file.name}#{own_id}"
        if named in self._taken or named in self.own:
            return None
        self.own.add(named)
        return named


@dataclass(frozen=True, slots=True)
class _Roles:
    """The columns in each role; ``opened`` are the names of the objects that they lie in."""

    chosen: Columns
    names: frozenset[str]
    opened: frozenset[str]
    is_abstract: bool
    is_export: bool


def _read_row(roles: _Roles, ids: _Ids, place: _Place, are_floats: bool) -> Documents:
    row, chosen = place.row, roles.chosen
    labels: tuple[str, ...] = ()
    try:
        cell = cell_at(row, chosen.text or "")
        text = (
            None
            if roles.is_export and _has_no_abstract(cell)
            else plain_text(text_in(cell, chosen.text or ""), "the text")
        )
    except ExemplarError as error:
        yield place.problem(str(error), left_out=True)
        return
    if text and roles.is_abstract:
        text = without_hard_wraps(text)
    title = metadata_text(cell_at(row, chosen.title)) if chosen.title else None
    if title:
        title = one_line_title(title)
    metadata = _metadata(row, roles)
    if place.html.columns:
        text, title, metadata, reasons = _without_html(place.html, chosen, text, title, metadata)
        yield from (place.problem(reason, left_out=False) for reason in reasons)
    if not (text or title) or len(full_text(title, text or "")) > MOST_CHARACTERS:
        yield place.problem(TOO_LONG if text or title else "no text", left_out=True)
        return
    if text is None and isinstance(cell, str) and cell.strip():
        yield place.problem(f"the text is only '{cell.strip():.50}'; the title stands alone", left_out=False)
    try:
        labels = listed_texts(labels_in(cell_at(row, chosen.label)), "the label") if chosen.label else ()
    except ExemplarError:
        yield place.problem("the label is no plain text", left_out=False)
    labels = tuple(place.html.text(chosen.label, label)[0] or label for label in labels)
    if labels and _is_rejected(row):
        labels = ()
        yield place.problem("rejected or ignored in Prodigy: its label is left out", left_out=False)
    own_id, reason = _own_id(row, chosen, ids, are_floats)
    if reason:
        yield place.problem(f"{reason}; it goes by the number of its row", left_out=False)
    if ids.told is not None:
        yield ids.told
        ids.told = None
    yield Document(
        own_id or place.doc_id,
        text or "",
        labels,
        metadata,
        title,
        numbered=own_id is None,
        file=place.file_name,
        line=line_of(row),
        cells=row,
    )


def _without_html(
    html: HtmlCells, chosen: Columns, text: str | None, title: str | None, metadata: dict[str, str]
) -> tuple[str | None, str | None, dict[str, str], list[str]]:
    """Return text, title and metadata without HTML, and why any of them stay HTML."""
    text, of_text = html.text(chosen.text, text)
    title, of_title = html.text(chosen.title, title)
    found = {name: html.text(name, cell) for name, cell in metadata.items()}
    plain = {name: cell for name, (cell, _) in found.items() if cell is not None}
    reasons = (of_text, of_title, *(reason for _, reason in found.values()))
    return text, title, plain, [reason for reason in reasons if reason]


def _has_no_abstract(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip().lower() in NO_ABSTRACT


def _is_rejected(row: Row) -> bool:
    """Return whether a row is an example of Prodigy that was rejected or ignored."""
    return row.get("answer", "accept") != "accept" and not _PRODIGY.isdisjoint(row)


def _own_id(row: Row, chosen: Columns, ids: _Ids, are_floats: bool) -> tuple[str | None, str]:
    """Return the id of a row, or why it has none though a column has ids."""
    if chosen.id is None:
        return None, ""
    try:
        own_id = id_text(cell_at(row, chosen.id), "the id", are_floats=are_floats)
    except ExemplarError as error:
        return None, str(error)
    if own_id is None:
        return None, "no id"
    if len(own_id) > _MOST_ID:
        return None, f"the id is longer than {_MOST_ID:,} characters"
    free_id = ids.add(own_id)
    return free_id, "" if free_id else "an earlier row has its id"


def _metadata(row: Row, roles: _Roles) -> dict[str, str]:
    cells = cells_beside(row, roles.names, roles.opened) if roles.opened else row.items()
    metadata = {}
    for name, cell in cells:
        if name not in roles.names and (text := metadata_text(readable(cell))) is not None:
            metadata[name] = text
    return metadata
