"""What a source gives: documents, and what was odd about some."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One row of a source; ``doc_id`` is its identity, stable across rebuilds.

    ``metadata`` holds all other columns as text, without missing and blank cells. ``numbered``: the id is its row's
    number, because nothing in the source identifies it.
    """

    doc_id: str
    text: str
    label: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd in a source: where, and what; the same words for the same kind, so that kinds can be counted.

    Rows are counted from 0, as doc_ids are. Unless ``left_out`` the document was mended or kept.
    """

    where: str
    reason: str
    left_out: bool = True


class Problems:
    """What was odd about a source's documents, by its kind, and where each kind was met first."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._first: dict[tuple[str, bool], str] = {}

    def add(self, problem: Problem) -> None:
        """Count a problem."""
        kind = (problem.reason, problem.left_out)
        self._counts[kind] += 1
        self._first.setdefault(kind, problem.where)

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind."""
        for (reason, left_out), n in self._counts.most_common():
            more = f" and {n - 1:,} more" if n > 1 else ""
            yield f"{'Left out' if left_out else 'Kept'}: {self._first[reason, left_out]}{more}: {reason}."


def text_hash(text: bytes) -> int:
    """Return 64 bits that tell texts apart."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def signed_hash(text: str) -> int:
    """Return the same 64 bits as a number that may be negative, as most databases have them."""
    return int.from_bytes(text_hash(text.encode()).to_bytes(8, "little"), "little", signed=True)
