"""A column whose values can become marks, and what its values mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exemplar.data.files.usual_names import plain_name
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.importing.mark_words import is_decisive, is_usual, mark_meant

MOST_VALUES = 1_000  # of a column, among which a person chooses

_RAYYAN = "RAYYAN-INCLUSION"
_BRIEF = re.compile(r"\w|[+-]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class MarkColumn:
    """A column of a corpus or a file whose values can become marks.

    Attributes
    ----------
    column
        Its name; None for the labels of a corpus.
    name
        What people call it: of the labels, the name that they have in the source.
    values
        Number of documents by value, the most common first; a corpus in a database may list the most common alone.
    """

    column: str | None
    name: str
    values: Mapping[str, int]

    def meant(self) -> dict[Mark, list[str]]:
        """Return the values that mean a mark by the words that files of marks use.

        Numbers and letters mean marks if all of them do: 0, 1, 2 are grades, or names of classes.
        """
        meant = {value: mark_meant(value) for value in self.values}
        if not all(mark for value, mark in meant.items() if _BRIEF.fullmatch(value.strip())):
            meant = {value: mark for value, mark in meant.items() if not _BRIEF.fullmatch(value.strip())}
        return {mark: [value for value in meant if meant[value] == mark] for mark in MARK_NAMES}

    @property
    def decides(self) -> bool:
        """Whether it holds decisions, as its name and its values say."""
        meant = {value for values in self.meant().values() for value in values}
        if len(meant) < len(self.values):
            return bool(meant) and is_usual(self.name) and plain_name(self.name) != "label"
        return is_decisive(self.name) or _RAYYAN in " ".join(meant)
