"""The settings of a session: rankers, page size, C, what a screening is to claim, who marks, and reasons."""

import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.rankers import DEFAULT_RANKER, RANKERS, Ranker

_TARGET = ("recall", "confidence")  # written where they are not the default
_SHARE = 0.95

# As reviews usually report them; a person may have a list of their own.
REASONS = (
    "wrong population",
    "wrong intervention",
    "wrong outcome",
    "wrong study design",
    "not available",
    "duplicate",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a search.

    Attributes
    ----------
    rankers
        The rankers of the columns, from the left: one or two.
    k
        The number of rows on a page.
    C
        The SVM's C; None takes the default for ranker and marks.
    hide_marked
        Leave marked documents out of the rankings.
    comfortable
        Show more of every document, in higher rows.
    recall, confidence
        The target of a screening: the share of the relevant documents that is to be found, with what confidence.
    reader
        Who marks; empty if the person gave no name.
    reasons
        Why a document may be not relevant, to choose from.
    """

    rankers: tuple[Ranker, ...] = ("knn", DEFAULT_RANKER)
    k: int = 25
    C: float | None = None
    hide_marked: bool = True
    comfortable: bool = False
    recall: float = _SHARE
    confidence: float = _SHARE
    reader: str = ""
    reasons: tuple[str, ...] = REASONS

    def __post_init__(self) -> None:
        fits = 1 <= len(self.rankers) <= 2 and set(self.rankers) <= set(RANKERS) and self.k >= 1
        is_target = all(0.5 <= getattr(self, name) <= 0.999 for name in _TARGET)
        if not fits or not is_target or not (self.C is None or 0 < self.C < math.inf):
            raise ValueError(f"these are not settings of a search: {self}")
        if len(set(self.rankers)) < len(self.rankers):
            raise ValueError("the two columns need different rankers")

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON; a reader and reasons only if the person gave them."""
        return {
            "rankers": list(self.rankers),
            "k": self.k,
            "C": self.C,
            "hide_marked": self.hide_marked,
            "comfortable": self.comfortable,
            **{name: share for name in _TARGET if (share := getattr(self, name)) != _SHARE},
            **({"reader": self.reader} if self.reader else {}),
            **({"reasons": list(self.reasons)} if self.reasons != REASONS else {}),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Settings":
        """Return settings from JSON of this or an earlier version; raises ExemplarError if they are invalid."""
        try:
            return cls(
                tuple(content["rankers"]),
                int(content["k"]),
                content["C"],
                bool(content["hide_marked"]),
                bool(content.get("comfortable", False)),
                float(content.get("recall", _SHARE)),
                float(content.get("confidence", _SHARE)),
                str(content.get("reader", "")),
                tuple(map(str, content.get("reasons", REASONS))),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ExemplarError(f"these are not settings of a search: {reprlib.repr(content)}") from error
