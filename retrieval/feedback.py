"""Feedback: the documents that a person marked, as an immutable value."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from exemplar.data.errors import ExemplarError

Mark = Literal["positive", "negative"]
MARK_NAMES: dict[Mark, str] = {"positive": "relevant", "negative": "not relevant"}  # in texts and files


@dataclass(frozen=True, slots=True)
class Feedback:
    """The marked documents by ``doc_id``, in the order in which they were marked.

    Raises
    ------
    ExemplarError
        A document is marked twice, or both ways.
    """

    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        marked = self.positives + self.negatives
        if len(set(marked)) < len(marked):
            [(twice, _)] = Counter(marked).most_common(1)
            raise ExemplarError(f"the document '{twice}' is marked more than once")

    def __len__(self) -> int:
        return len(self.positives) + len(self.negatives)

    def mark_of(self, doc_id: str) -> Mark | None:
        """Return the mark of a document, if it has one."""
        if doc_id in self.positives:
            return "positive"
        return "negative" if doc_id in self.negatives else None

    def marked(self, doc_id: str, mark: Mark | None) -> "Feedback":
        """Return the feedback with a document's mark set, changed, or (None) removed."""
        if mark == self.mark_of(doc_id):
            return self
        positives = tuple(other for other in self.positives if other != doc_id)
        negatives = tuple(other for other in self.negatives if other != doc_id)
        return Feedback(
            (*positives, doc_id) if mark == "positive" else positives,
            (*negatives, doc_id) if mark == "negative" else negatives,
        )

    def joined(self, other: "Feedback") -> "Feedback":
        """Return these marks and the other's; if both mark a document, the other's mark counts."""
        others = {*other.positives, *other.negatives}
        positives = (doc_id for doc_id in self.positives if doc_id not in others)
        negatives = (doc_id for doc_id in self.negatives if doc_id not in others)
        return Feedback((*positives, *other.positives), (*negatives, *other.negatives))

    def within(self, doc_ids: Container[str]) -> "Feedback":
        """Return only the marks on some documents."""
        return Feedback(
            tuple(doc_id for doc_id in self.positives if doc_id in doc_ids),
            tuple(doc_id for doc_id in self.negatives if doc_id in doc_ids),
        )
