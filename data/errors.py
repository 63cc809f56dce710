"""The errors that a person can act on; everything else is a fault of the program and keeps its traceback."""

from collections.abc import Iterable, Sequence
from typing import Literal

Hint = Literal[
    "replace",
    "add",
    "full",
    "leave_out",
    "text_column",
    "label_column",
    "without_see_also",
    "format",
    "table",
    "encoding",
    "retrain",
    "model",
]


class ExemplarError(ValueError):
    """A person can act on this: a bad file, a name that does not exist, a server that does not answer.

    The message says what is wrong. If the remedy differs between the terminal and the page, a hint names it, and both
    put it into their own words.

    Parameters
    ----------
    message
        One sentence without a capital letter at its start and without a full stop.
    hint
        The remedy, if it differs between the terminal and the page:
        ``replace``: allow the corpus to be replaced; ``add``: add the source to it, or allow that;
        ``full``: make full vectors, not quick ones; ``leave_out``: build it without the added source;
        ``text_column``: say which column holds the text; ``label_column``: build it with a column of labels;
        ``without_see_also``: build the documentation without its See Also sections;
        ``format``, ``table``, ``encoding``: say which one a file has, or which of its tables is read;
        ``retrain``: train a saved search on the corpus at hand; ``model``: name the model that a saved search needs.
    """

    def __init__(self, message: str, *, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.hint: Hint | None = hint


class CorpusNotFound(ExemplarError):
    """No corpus has this name."""


class CorpusDamaged(ExemplarError):
    """The files of a corpus contradict its manifest, or can't be read."""


class CorpusBusy(ExemplarError):
    """Another process builds this corpus."""


class AddedSourceUnreadable(ExemplarError):
    """A source that a corpus took later is gone, or can't be read.

    Attributes
    ----------
    source
        Which one, as its ``SourceSpec`` names it; a person may build the corpus without it.
    """

    def __init__(self, message: str, source: str, *, hint: Hint) -> None:
        super().__init__(message, hint=hint)
        self.source = source


class JournalDamaged(ExemplarError):
    """The journal of a build has no readable plan."""


class EncoderMismatch(ExemplarError):
    """The loaded encoder differs from the one that built the corpus."""


class NoQuickEncoder(ExemplarError):
    """A model has no quick encoder; the message says why."""


class IndexUnreachable(ExemplarError):
    """The server of an index does not answer, or refuses a request."""


class EvaluationDamaged(ExemplarError):
    """The file of an evaluation does not hold an evaluation."""


class TextColumnUnknown(ExemplarError):
    """No column of a table has a usual name for the text.

    Attributes
    ----------
    columns
        The names of the table's columns; a person has to choose one of them.
    tables
        The names of the file's tables, if it has several: another one may be meant.
    """

    def __init__(self, message: str, columns: Sequence[str], tables: Sequence[str] = ()) -> None:
        super().__init__(message, hint="text_column")
        self.columns, self.tables = tuple(columns), tuple(tables)


class TableUnknown(ExemplarError):
    """A file has several tables of which none is chosen, or none of the chosen name.

    Attributes
    ----------
    tables
        The names of the tables, sheets or lists; a person has to choose one of them.
    """

    def __init__(self, message: str, tables: Iterable[str]) -> None:
        super().__init__(message, hint="table")
        self.tables = tuple(tables)
