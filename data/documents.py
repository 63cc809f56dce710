"""Documents, and the problems that a source has with some of its rows."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One row of a source; ``doc_id`` is its identity, stable across rebuilds.

    Attributes
    ----------
    metadata
        The cells of all other columns as text, without missing and blank cells.
    numbered
        Whether the id is the row's number, because the source has no column of ids.
    """

    doc_id: str
    text: str
    label: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A row or file that could not be read as it is.

    Attributes
    ----------
    where
        The place in the source. Rows are numbered from 0, as doc_ids are.
    reason
        What is wrong. Problems of the same kind have the same words, so that ``Problems`` can count kinds.
    left_out
        Whether the source gives no document for it; otherwise the document was repaired or kept.
    """

    where: str
    reason: str
    left_out: bool = True


class Problems:
    """Counts of problems by kind, with the first place of every kind."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._first: dict[tuple[str, bool], str] = {}

    def add(self, problem: Problem) -> None:
        """Count a problem."""
        kind = (problem.reason, problem.left_out)
        self._counts[kind] += 1
        self._first.setdefault(kind, problem.where)

    def lines(self) -> Iterator[str]:
        """Yield one line per kind, the most frequent kind first."""
        for (reason, left_out), n in self._counts.most_common():
            more = f" and {n - 1:,} more" if n > 1 else ""
            yield f"{'Left out' if left_out else 'Kept'}: {self._first[reason, left_out]}{more}: {reason}."


def text_hash(text: bytes) -> int:
    """Return a 64-bit BLAKE2b hash of an encoded text."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def signed_hash(text: str) -> int:
    """Return ``text_hash`` as a signed 64-bit integer, the type that most databases have."""
    return int.from_bytes(text_hash(text.encode()).to_bytes(8, "little"), "little", signed=True)
