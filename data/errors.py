"""The errors that a person can act on; everything else is a fault of the program and keeps its traceback."""

from collections.abc import Sequence
from typing import Literal

Hint = Literal["replace", "label_column", "without_see_also", "push", "install"]


class ExemplarError(ValueError):
    """A person can act on this: a bad file, a name that does not exist, a server that does not answer.

    The message says what is wrong. What to do about it differs between the terminal and the page, so each of them words
    the remedy by the hint.

    Parameters
    ----------
    message
        One sentence, without a capital letter at its start and without a full stop.
    hint
        Which remedy applies, if it differs between the terminal and the page:
        ``replace``: allow the corpus to be replaced; ``label_column``: build it with a column of labels;
        ``without_see_also``: build the documentation without its See Also sections;
        ``push``: put the corpus into Milvus; ``install``: install an extra.
    subject
        What the remedy is about, such as the name of a corpus or of an extra.
    """

    def __init__(self, message: str, *, hint: Hint | None = None, subject: str = "") -> None:
        super().__init__(message)
        self.hint: Hint | None = hint
        self.subject = subject


class CorpusNotFound(ExemplarError):
    """No corpus of this name has been built."""


class CorpusDamaged(ExemplarError):
    """The corpus's files contradict its manifest, or can't be read."""


class CorpusBusy(ExemplarError):
    """Another process is building this corpus."""


class JournalDamaged(ExemplarError):
    """The journal of a build has no plan that can be read."""


class EncoderMismatch(ExemplarError):
    """The loaded encoder is not the one that the corpus was built with."""


class IndexUnreachable(ExemplarError):
    """The server of an index does not answer, or refuses."""


class EvaluationDamaged(ExemplarError):
    """The file of an evaluation does not hold an evaluation."""


class TextColumnUnknown(ExemplarError):
    """No column of a table looks like the text.

    Attributes
    ----------
    columns
        The names of the table's columns, one of which a person has to choose.
    """

    def __init__(self, message: str, columns: Sequence[str]) -> None:
        super().__init__(message)
        self.columns = tuple(columns)
