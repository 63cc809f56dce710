"""Which rows of a corpus an export has, and in which order."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.rankers import RANKERS, Ranker

Which = Literal["all", "relevant", "not relevant", "unsure", "marked", "unmarked", "passing", "first"]
Order = Literal["file", "rank"]

WHICH: dict[Which, str] = {
    "all": "every row",
    "relevant": "the rows marked as relevant",
    "not relevant": "the rows marked as not relevant",
    "unsure": "the rows marked as unsure",
    "marked": "all rows with a mark or a note",
    "unmarked": "all rows without a mark",
    "passing": "all rows that pass the filters",
    "first": "the first rows of a list",
}
OF_MARKS: tuple[Which, ...] = ("all", "relevant", "not relevant", "unsure", "marked")  # without the corpus too

_NONE: dict[Which, str] = {
    "relevant": "no row is marked as relevant",
    "not relevant": "no row is marked as not relevant",
    "unsure": "no row is marked as unsure",
    "marked": "no row has a mark or a note",
    "unmarked": "every row has a mark",
    "passing": "no row passes the filters",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows an export has.

    Attributes
    ----------
    n
        How many results of the list for ``first``; the copies of a result come along.
    ranker
        Whose list decides what is first, and the order by rank; None for the session's last one.
    order
        As in the file, or by rank: then rows that are not in the list follow, as in the file.

    Raises
    ------
    ExemplarError
        The choice is none of these, or no number fits it.
    """

    which: Which = "all"
    n: int | None = None
    order: Order = "file"
    ranker: Ranker | None = None

    def __post_init__(self) -> None:
        for value, known, what in (
            (self.which, get_args(Which), "rows to export"),
            (self.order, get_args(Order), "order of an export"),
            (self.ranker, (None, *RANKERS), "ranker"),
        ):
            if value not in known:
                names = ", ".join(str(each) for each in known if each)
                raise ExemplarError(f"the {what} can be {names}; got '{value}'")
        if (self.n is not None) != (self.which == "first"):
            raise ExemplarError("a number of rows belongs to the first rows of a list, and to nothing else")
        if self.n is not None and self.n < 1:
            raise ExemplarError(f"the number of rows must be at least 1, got {self.n}")

    @property
    def by_list(self) -> bool:
        """Whether a list decides about the rows or their order."""
        return self.which == "first" or self.order == "rank"

    @property
    def why_empty(self) -> str:
        """Why an export without rows has none."""
        return f"The file has no rows: {_NONE.get(self.which, 'there are none')}."

    def in_words(self) -> str:
        """Return the choice in words."""
        rows = f"the first {self.n:,} of a list" if self.n else WHICH[self.which]
        return f"{rows}, {'in the order of the file' if self.order == 'file' else 'by rank'}"

    def to_json(self) -> dict[str, Any]:
        """Return the choice as JSON."""
        chosen = {"rows": self.which, "n": self.n, "order": self.order, "ranker": self.ranker}
        return {name: value for name, value in chosen.items() if value is not None}
