"""The roles of a table's columns: text, title, label, id."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.files.file import UNREADABLE
from exemplar.data.files.table import Table
from exemplar.data.files.usual_names import ID_COLUMNS, LABEL_COLUMNS, TAGS, TEXT_COLUMNS, TITLE_COLUMNS, plain_name
from exemplar.data.readers.nested_cells import cell_at, text_in
from exemplar.data.sources.exports import Export, export_with
from exemplar.data.text import listed as listed_names

# What annotation tools write beside a text: columns that show the tool, and those that a column of labels is not.
_LABEL_STUDIO = frozenset({"annotation_id", "annotator", "lead_time"})
_NO_LABELS = _LABEL_STUDIO | {"created_at", "updated_at", "id", "agreement"}
_PRODIGY = frozenset({"_input_hash", "_task_hash"})
_DOCCANO = frozenset({"relations", "Comments"})

OFF = "none"

_ABSTRACTS = frozenset({"abstract", "abstract note", "abstract text"})
_MOST_PEEKED = 100  # rows that show which column has the longest texts
_LEAST_TEXT = 12  # characters, which the cells of a column with texts have in the mean
_WORDS = re.compile(r"[^\W\d_] +[^\W\d_]")
_LONGEST_QUESTION = 200  # characters of a survey's question in a message
_MOST_LISTED = 50  # names of columns in a message


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
    """Return the names of columns for a message."""
    return listed_names(names, _MOST_LISTED)


def guess_columns(names: Sequence[str]) -> Columns:
    """Return the roles of columns by their usual names; None for a role if no column has such a name."""
    texts, titles, labels, ids = _usual_names(names)
    text = _guess(names, texts, ())
    title, doc_id = (_guess(names, usual, (), text or "") for usual in (titles, ids))
    return Columns(text, title, _guess_label(names, labels, text, [each for each in (text, title) if each]), doc_id)


def pick_columns_of(
    table: Table, requested: Columns, where: str, *, list_names: bool = True, hint: str = ""
) -> Columns:
    """Return the roles of a table's columns, as ``pick_columns`` does; a nested one of lists is not guessed as text.

    Of such a table, such as one of questions with ``answers.text``, the first rows are read.
    """
    not_texts: list[str] = []
    while True:
        chosen = pick_columns(table.columns, requested, where, list_names=list_names, hint=hint, not_texts=not_texts)
        text = chosen.text
        if text is None or requested.text is not None or "." not in text or not _has_lists(table, text):
            return chosen
        not_texts.append(text)


def pick_columns(
    names: Sequence[str],
    requested: Columns,
    where: str,
    *,
    list_names: bool = True,
    hint: str = "",
    not_texts: Collection[str] = (),
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
    not_texts
        Columns that are not the text, whatever their names.

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
    text = pick(requested.text, texts, [*requested.names(), *not_texts])
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
    return f"the longest texts are in '{listed([longest])}'{question}"


def _has_lists(table: Table, column: str) -> bool:
    """Return whether the first cells of a column are lists which are neither conversations nor parts of a text."""
    cells: list[Any] = []
    with suppress(*UNREADABLE):
        for row in itertools.islice(table.rows((column,)), _MOST_PEEKED):
            cell = None if isinstance(row, Problem) else text_in(cell_at(row, column), column)
            if cell is not None:
                cells.append(cell)
    return bool(cells) and all(isinstance(cell, list) for cell in cells)


def _usual_names(names: Sequence[str]) -> tuple[Sequence[str], ...]:
    """Return the usual names of columns for texts, titles, labels and ids; those of an export if it is a known one."""
    if (export := _export(names)) is None:
        return TEXT_COLUMNS, TITLE_COLUMNS, LABEL_COLUMNS, ID_COLUMNS
    return (export.text,), (export.title,), [name for name in LABEL_COLUMNS if name != TAGS], export.ids


def is_known_export(names: Sequence[str]) -> bool:
    """Return whether columns are those of a table that a well-known program or database exports."""
    return _export(names) is not None


def is_abstract(column: str | None) -> bool:
    """Return whether a column is called as those of abstracts are."""
    return plain_name((column or "").rpartition(".")[2]) in _ABSTRACTS


def _export(names: Sequence[str]) -> Export | None:
    return export_with(set(map(plain_name, names)))


def _guess(names: Sequence[str], usual: Iterable[str], taken: Collection[str], beside: str | None = None) -> str | None:
    """Return the column with the most telling name; a nested one only if no other has a usual name.

    Parameters
    ----------
    beside
        The column of the text; nested ones must lie in the same object, or in one that this lies in: the nearest is
        taken. None if any object will do.
    """
    free = [name for name in names if name not in taken]
    plain = {name: plain_name(name) for name in free}
    nested = {name: plain_name(name.rpartition(".")[2]) for name in free if "." in name}
    by_object: list[dict[str, str]] = [nested]
    if beside is not None:
        by_object = [
            {name: last for name, last in nested.items() if name.rpartition(".")[0] == within}
            for within in _objects_around(beside)
        ]
    return next(
        (name for named in (plain, *by_object) for guess in usual for name in named if guess in (name, named[name])),
        None,
    )


def _objects_around(column: str) -> list[str]:
    """Return the names of the objects that a column lies in, the nearest first."""
    parts = column.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def _guess_label(names: Sequence[str], usual: Iterable[str], text: str | None, taken: Collection[str]) -> str | None:
    """Return the column of labels by its usual name, or by what annotation tools write beside it."""
    if found := _guess(names, usual, taken, text or ""):
        return found
    if "annotations" in names and (text or "").startswith("data."):  # Label Studio
        return "annotations"
    if "accept" in names and "options" in names and _PRODIGY.intersection(names):
        return "accept"
    if "spans" in names and _PRODIGY.intersection(names):
        return "spans"
    if "entities" in names and _DOCCANO.intersection(names):
        return "entities"
    if _LABEL_STUDIO.issubset(names):
        others = [name for name in names if name not in _NO_LABELS and name not in taken]
        return others[0] if len(others) == 1 else None
    return None


def _folded(name: str) -> str:
    """Return a name in one line, as messages show it."""
    return " ".join(name.split())
