"""The record of a screening: what was judged, in order and by which way it was found, and the random checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exemplar.retrieval.feedback import Mark


@dataclass(frozen=True, slots=True)
class Read:
    """A record that was judged.

    Attributes
    ----------
    found
        How it was found: ``{"list": "anchored", "rank": 3}``, ``{"random": 1}`` by the first random check,
        ``{"import": "file.csv"}``, ``{"column": "decision"}`` of the corpus; empty if that is not known.
    """

    doc_id: str
    mark: Mark
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_relevant(self) -> bool:
        """Whether it counts as relevant: unsure counts as relevant and not found."""
        return self.mark != "negative"

    @property
    def is_ranked(self) -> bool:
        """Whether a person came to it by reading a ranked list."""
        return "list" in self.found


@dataclass(frozen=True, slots=True)
class Draw:
    """A random check: what was drawn, and from what.

    Attributes
    ----------
    number
        1 for the first of the screening.
    doc_ids
        In random order.
    n_unread
        Number of records that were unread when these were drawn.
    read
        The records that were judged already then.
    covers
        Whether it was drawn from what the screening consists of now: neither filters nor corpus have changed since.
    """

    number: int
    doc_ids: tuple[str, ...]
    n_unread: int
    read: frozenset[str] = frozenset()
    covers: bool = True

    @property
    def n_read(self) -> int:
        """Number of records that were judged before it was drawn."""
        return len(self.read)


@dataclass(frozen=True, slots=True)
class Record:
    """A screening so far; a record is a text, whatever the number of its copies.

    Attributes
    ----------
    reads
        In the order of judgement.
    n_records
        Number of different texts that pass the session's filters, read or not.
    """

    reads: tuple[Read, ...]
    draws: tuple[Draw, ...]
    n_records: int
