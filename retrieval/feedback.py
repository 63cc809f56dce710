"""Feedback: the documents that a person marked, as an immutable value."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from exemplar.data.errors import ExemplarError

Mark = Literal["positive", "negative", "unsure"]
# In texts and files.
MARK_NAMES: dict[Mark, str] = {"positive": "relevant", "negative": "not relevant", "unsure": "unsure"}


@dataclass(frozen=True, slots=True)
class Feedback:
    """The marked documents by ``doc_id``, in the order in which they were marked.

    Attributes
    ----------
    unsure
        Trains nothing.
    positive_texts, negative_texts
        Full texts that were marked and that no document of the corpus has any more; they train as documents do.

    Raises
    ------
    ExemplarError
        A document is marked twice, or both ways.
    """

    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    positive_texts: tuple[str, ...] = ()
    negative_texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        marked = self.marked
        if len(set(marked)) < len(marked):
            [(twice, _)] = Counter(marked).most_common(1)
            raise ExemplarError(f"the document '{twice}' is marked more than once")

    @property
    def marked(self) -> tuple[str, ...]:
        """All marked documents of the corpus."""
        return self.positives + self.negatives + self.unsure

    def __len__(self) -> int:
        return len(self.marked) + len(self.positive_texts) + len(self.negative_texts)

    def mark_of(self, doc_id: str) -> Mark | None:
        """Return the mark of a document, if it has one."""
        return next((mark for mark, doc_ids in self.by_mark() if doc_id in doc_ids), None)

    def by_mark(self) -> list[tuple[Mark, tuple[str, ...]]]:
        """Return the marked documents by their mark."""
        return [("positive", self.positives), ("negative", self.negatives), ("unsure", self.unsure)]

    @staticmethod
    def of(mark: Mark, doc_ids: tuple[str, ...]) -> "Feedback":
        """Return feedback that marks documents in one way."""
        given: dict[Mark, tuple[str, ...]] = {mark: doc_ids}
        return Feedback(given.get("positive", ()), given.get("negative", ()), given.get("unsure", ()))

    def within(self, doc_ids: Container[str]) -> "Feedback":
        """Return only the marks on some documents, and those on texts."""
        positives, negatives, unsure = (
            tuple(doc_id for doc_id in marked if doc_id in doc_ids) for _, marked in self.by_mark()
        )
        return Feedback(positives, negatives, unsure, self.positive_texts, self.negative_texts)
