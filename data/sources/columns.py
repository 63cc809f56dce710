"""The roles of a table's columns (text, title, label, id), and its rows as documents."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exemplar.data.documents import Document, Problem, full_text
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.readers.table import Row, Table
from exemplar.data.readers.values import MOST_CHARACTERS, TOO_LONG, listed_texts, metadata_text, plain_text

# Usual names, the most telling first; upper case, blanks, hyphens and underscores do not count.
TEXT_COLUMNS = (
    *("text", "content", "review", "abstract", "abstract note", "abstract text", "document", "body", "body text"),
    *("full text", "description", "selftext", "message"),
)
TITLE_COLUMNS = ("title", "article title", "document title", "headline", "subject", "summary")
LABEL_COLUMNS = ("label", "labels", "category", "class")
ID_COLUMNS = ("_id", "doc_id", "id")

OFF = "none"

_MOST_ID = 10_000  # characters; the ids of all documents stay in memory
_MOST_LISTED = 50  # names of columns in a message

Located = tuple[str, Document | Problem]  # its position in the source for messages, and what the source gives


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
        """Return what each role is taken by, such as ``text Body, title Subject, no label, id by row``."""
        label = f"label {self.label}" if self.label else "no label"
        title = f"title {self.title}" if self.title else "no title"
        return f"text {self.text}, {title}, {label}, {f'id {self.id}' if self.id else 'ids by row'}"

    def names(self) -> list[str]:
        """Return the names that are not None."""
        return [name for name in (self.text, self.title, self.label, self.id) if name is not None]


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message, with long names and long lists cut."""
    shown = [name if len(name) <= 100 else f"{name[:100]}..." for name in names[:_MOST_LISTED]]
    more = [f"and {len(names) - _MOST_LISTED:,} more"] if len(names) > _MOST_LISTED else []
    return ", ".join(shown + more)


def guess_columns(names: Sequence[str]) -> Columns:
    """Return the roles of columns by their usual names; None for a role if no column has such a name."""
    guesses = (TEXT_COLUMNS, TITLE_COLUMNS, LABEL_COLUMNS, ID_COLUMNS)
    return Columns(*(_guess(names, usual, ()) for usual in guesses))


def pick_columns(names: Sequence[str], requested: Columns, where: str, *, list_names: bool = True) -> Columns:
    """Return the roles of columns: the requested names, else the usual names.

    Parameters
    ----------
    where
        What messages call the table.
    list_names
        Whether messages list the table's columns.

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

    def pick(name: str | None, usual: Iterable[str], taken: Collection[str]) -> str | None:
        if name is None:
            return _guess(names, usual, taken)
        if name not in names and name != OFF:
            raise ExemplarError(f"{where} has no column '{name}'{listing}")
        return name if name in names else None

    text = pick(requested.text, TEXT_COLUMNS, requested.names())
    if text is None:
        raise TextColumnUnknown(f"say which column of {where} holds the text{listing}", columns=names)
    taken = [text, *requested.names()]
    title = pick(requested.title, TITLE_COLUMNS, taken)
    label, doc_id = pick(requested.label, LABEL_COLUMNS, taken), pick(requested.id, ID_COLUMNS, taken)
    return Columns(text, title if title != text else None, label, doc_id)


def read_rows(
    table: Table, chosen: Columns, at: Callable[[str], str] = str, doc_id: Callable[[int], str] = str
) -> Iterator[Located]:
    """Yield every row's document or problems with their position; rows are numbered from 0.

    Parameters
    ----------
    at
        Turns a position such as "row 17" into one that people find, such as "a.csv, row 17".
    doc_id
        Turns the number of a row into its id if no column has ids.
    """
    number = 0
    for row in table.rows(chosen.names()):
        if isinstance(row, Problem):
            yield row.where, row
            number += row.left_out
            continue
        where = at(f"row {number}")
        for result in _read_row(row, chosen, doc_id(number)):
            yield where, result if isinstance(result, Document) else Problem(where, *result)
        number += 1


def unique(read: Callable[[], Iterator[Located]], refusal: str) -> Iterator[Located]:
    """Yield what ``read`` yields, and check that all documents have different ids.

    Raises
    ------
    ExemplarError
        Two documents have the same id; the message begins with ``refusal``.
    """
    seen: set[str] = set()
    for where, item in read():
        if isinstance(item, Document):
            if item.doc_id in seen:
                # To keep all positions would cost more memory than the ids; only this error costs a second read.
                first = next(position for position, other in read() if _has_id(other, item.doc_id))
                raise ExemplarError(
                    f"{refusal}: {_two_positions(first, where)} both have '{item.doc_id}'; "
                    "choose another id column, or none for row numbers"
                )
            seen.add(item.doc_id)
        yield where, item


def _guess(names: Sequence[str], usual: Iterable[str], taken: Collection[str]) -> str | None:
    free = [name for name in names if name not in taken]
    return next((name for guess in usual for name in free if _plain_name(name) == _plain_name(guess)), None)


def _plain_name(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.casefold())).strip()


def _read_row(row: Row, chosen: Columns, default_id: str) -> Iterator[Document | tuple[str, bool]]:
    """Yield the document of a row; for a problem, its reason and whether the row is left out."""
    labels: tuple[str, ...] = ()
    try:
        text = plain_text(row.get(chosen.text or ""), "the text")
        doc_id = plain_text(row.get(chosen.id), "the id") if chosen.id else default_id
        if doc_id and len(doc_id) > _MOST_ID:
            raise ExemplarError(f"the id is longer than {_MOST_ID:,} characters")
    except ExemplarError as error:
        yield str(error), True
        return
    title = metadata_text(row.get(chosen.title)) if chosen.title else None
    if not (text or title) or doc_id is None or len(full_text(title, text or "")) > MOST_CHARACTERS:
        yield "no text" if not (text or title) else "no id" if doc_id is None else TOO_LONG, True
        return
    try:
        labels = listed_texts(row.get(chosen.label), "the label") if chosen.label else ()
    except ExemplarError:
        yield "the label is no plain text", False
    yield Document(
        doc_id, text or "", labels, _metadata(row, chosen.names()), title, numbered=chosen.id is None, cells=row
    )


def _metadata(row: Row, taken: Collection[str]) -> dict[str, str]:
    cells = ((name, metadata_text(cell)) for name, cell in row.items() if name not in taken)
    return {name: text for name, text in cells if text is not None}


def _has_id(item: Document | Problem, doc_id: str) -> bool:
    return isinstance(item, Document) and item.doc_id == doc_id


def _two_positions(first: str, second: str) -> str:
    if first.startswith("row ") and second.startswith("row "):
        return f"rows {first.removeprefix('row ')} and {second.removeprefix('row ')}"
    return f"{first} and {second}"
