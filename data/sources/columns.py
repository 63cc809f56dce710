"""Which columns of a table are what, and its rows as documents."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.readers.table import Row, Table
from exemplar.data.readers.values import MOST_CHARACTERS, TOO_LONG, listed_text, metadata_text, plain_text

TEXT_COLUMNS = ("text", "content", "review", "abstract", "document", "body")
TITLE_COLUMNS = ("title",)
LABEL_COLUMNS = ("label", "category", "class")
ID_COLUMNS = ("_id", "doc_id", "id")

OFF = "none"

_MOST_ID = 10_000  # characters; every document's id is held in memory
_LISTED = 50  # columns that a message names

Placed = tuple[str, Document | Problem]  # with the place that a message about it names


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are; None for those that are guessed or not there."""

    text: str | None = None
    title: str | None = None
    label: str | None = None
    id: str | None = None

    def names(self) -> list[str]:
        """Return the columns that are named."""
        return [name for name in (self.text, self.title, self.label, self.id) if name is not None]


def listed(names: Sequence[str]) -> str:
    """Return the names of columns for a message: not more, and not longer, than a person reads."""
    shown = [name if len(name) <= 100 else f"{name[:100]}..." for name in names[:_LISTED]]
    more = [f"and {len(names) - _LISTED:,} more"] if len(names) > _LISTED else []
    return ", ".join(shown + more)


def guess_columns(names: Sequence[str]) -> Columns:
    """Return what the columns are by their usual names; None for what none is called."""
    guesses = (TEXT_COLUMNS, TITLE_COLUMNS, LABEL_COLUMNS, ID_COLUMNS)
    return Columns(*(_guess(names, usual, ()) for usual in guesses))


def pick_columns(names: Sequence[str], asked: Columns, where: str, *, list_names: bool = True) -> Columns:
    """Return what the columns are: the named ones, else by their usual names.

    Parameters
    ----------
    where
        Names the table in messages.
    list_names
        Whether messages list the table's columns.

    Raises
    ------
    TextColumnUnknown
        None looks like the text.
    ExemplarError
        A column is not there, or two have the same name.
    """
    if repeated := next((name for name, n in Counter(names).items() if n > 1), None):
        raise ExemplarError(f"{where} has two columns named '{repeated}'; rename one")

    listing = f"; its columns are: {listed(names)}" if list_names else ""

    def pick(name: str | None, guesses: Iterable[str], taken: Collection[str]) -> str | None:
        if name is None:
            return _guess(names, guesses, taken)
        if name not in names and name != OFF:
            raise ExemplarError(f"{where} has no column '{name}'{listing}")
        return name if name in names else None

    text = pick(asked.text, TEXT_COLUMNS, asked.names())
    if text is None:
        raise TextColumnUnknown(f"say which column of {where} holds the text{listing}", columns=names)
    taken = [text, *asked.names()]
    title = pick(asked.title, TITLE_COLUMNS, taken)
    label, doc_id = pick(asked.label, LABEL_COLUMNS, taken), pick(asked.id, ID_COLUMNS, taken)
    return Columns(text, title if title != text else None, label, doc_id)


def read_rows(
    table: Table, chosen: Columns, at: Callable[[str], str] = str, doc_id: Callable[[int], str] = str
) -> Iterator[Placed]:
    """Yield each row's document, or what is wrong with it, and where it stands; rows are counted from 0.

    Parameters
    ----------
    at
        Makes "row 17" a place that people can find.
    doc_id
        Makes a row's number the id where no column holds one.
    """
    number = 0
    for row in table.rows(chosen.names()):
        if isinstance(row, Problem):
            yield row.where, row
            number += row.left_out
            continue
        place = at(f"row {number}")
        for found in _read_row(row, chosen, doc_id(number)):
            yield place, found if isinstance(found, Document) else Problem(place, *found)
        number += 1


def unique(read: Callable[[], Iterator[Placed]], refused: str) -> Iterator[Placed]:
    """Yield what is read as long as no two documents have the same id.

    Raises
    ------
    ExemplarError
        Two have; the message begins with ``refused``.
    """
    seen: set[str] = set()
    for place, found in read():
        if isinstance(found, Document):
            if found.doc_id in seen:
                # Keeping every place would cost more memory than the ids; reading again costs only those who get this.
                first = next(place for place, other in read() if _has_id(other, found.doc_id))
                raise ExemplarError(
                    f"{refused}: {_two_places(first, place)} both have '{found.doc_id}'; "
                    "choose another id column, or none for row numbers"
                )
            seen.add(found.doc_id)
        yield place, found


def _guess(names: Sequence[str], guesses: Iterable[str], taken: Collection[str]) -> str | None:
    free = [name for name in names if name not in taken]
    return next((name for guess in guesses for name in free if name.strip().casefold() == guess), None)


def _read_row(row: Row, chosen: Columns, number: str) -> Iterator[Document | tuple[str, bool]]:
    """Yield the row's document; or why there is none, and what was odd: the reason, and whether it is left out."""
    label = None
    try:
        text = plain_text(row.get(chosen.text or ""), "the text")
        doc_id = plain_text(row.get(chosen.id), "the id") if chosen.id else number
        if doc_id and len(doc_id) > _MOST_ID:
            raise ExemplarError(f"the id is longer than {_MOST_ID:,} characters")
    except ExemplarError as error:
        yield str(error), True
        return
    text = _titled(row, chosen.title, text)
    if text is None or doc_id is None or len(text) > MOST_CHARACTERS:
        yield "no text" if text is None else "no id" if doc_id is None else TOO_LONG, True
        return
    try:
        label = listed_text(row.get(chosen.label), "the label") if chosen.label else None
    except ExemplarError:
        yield "the label is no plain text", False
    yield Document(doc_id, text, label, _metadata(row, chosen.names()), numbered=chosen.id is None)


def _titled(row: Row, column: str | None, text: str | None) -> str | None:
    title = metadata_text(row.get(column)) if column else None
    return f"{title}\n\n{text}" if title and text else text


def _metadata(row: Row, taken: Collection[str]) -> dict[str, str]:
    cells = ((name, metadata_text(cell)) for name, cell in row.items() if name not in taken)
    return {name: text for name, text in cells if text is not None}


def _has_id(found: Document | Problem, doc_id: str) -> bool:
    return isinstance(found, Document) and found.doc_id == doc_id


def _two_places(first: str, second: str) -> str:
    if first.startswith("row ") and second.startswith("row "):
        return f"rows {first.removeprefix('row ')} and {second.removeprefix('row ')}"
    return f"{first} and {second}"
