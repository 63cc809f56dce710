"""Documents, and the problems that a source has with some of its rows."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_BETWEEN = "\n\n"  # a title and its text


@dataclass(frozen=True, slots=True)
class Document:
    """One row of a source; ``doc_id`` is its identity, stable across rebuilds.

    Attributes
    ----------
    text, title
        At least one of them is not blank; a document with a title alone has an empty text.
    metadata
        The cells of all other columns as text, without missing and blank cells.
    numbered
        Whether the id is the row's number, because the source has no column of ids.
    file, line
        The file that the document comes from, and the line, counted from 1, on which its row begins; None if the source
        has no files or lines.
    cells
        All cells of its row by column, as they are in the file.
    """

    doc_id: str
    text: str
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    numbered: bool = field(default=False, compare=False)
    file: str | None = field(default=None, compare=False)
    line: int | None = field(default=None, compare=False)
    cells: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def full_text(self) -> str:
        """The title, an empty line, and the text: what is embedded, and what a passage's bounds count in."""
        return full_text(self.title, self.text)

    @property
    def text_start(self) -> int:
        """The position in ``full_text`` at which the text begins."""
        return len(self.full_text) - len(self.text)


def full_text(title: str | None, text: str) -> str:
    """Return a title and a text as one; either may be missing."""
    return f"{title}{_BETWEEN}{text}" if title and text else title or text


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
    cells, file, line
        Of a row that is left out, as for ``Document``.
    """

    where: str
    reason: str
    left_out: bool = True
    cells: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    file: str | None = field(default=None, compare=False)
    line: int | None = field(default=None, compare=False)


def split_title(text: str, title_length: int | None) -> tuple[str | None, str]:
    """Return the title and the text that make up a full text, of which the first characters are the title."""
    if not title_length:
        return None, text
    return text[:title_length], text[title_length + len(_BETWEEN) :]


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

    @property
    def any_left_out(self) -> bool:
        """Whether a problem left something out."""
        return any(left_out for _, left_out in self._counts)

    def lines(self) -> Iterator[str]:
        """Yield one line per kind, the most frequent kind first."""
        for (reason, left_out), n in self._counts.most_common():
            more = f" and {n - 1:,} more" if n > 1 else ""
            yield f"{'Left out' if left_out else 'Kept'}: {self._first[reason, left_out]}{more}: {reason}."


def text_hash(text: bytes | memoryview) -> int:
    """Return a 64-bit BLAKE2b hash of an encoded text."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def hash_in_words(number: int) -> str:
    """Return a hash of 64 bits as 16 hexadecimal digits."""
    return f"{number % 2**64:016x}"


def signed_hash(text: str) -> int:
    """Return ``text_hash`` as a signed 64-bit integer, the type that most databases have."""
    return _signed(text_hash(text.encode()))


def signed_number(words: str) -> int:
    """Return a hash of 16 hexadecimal digits as a signed 64-bit integer."""
    return _signed(int(words, 16))


def _signed(number: int) -> int:
    return int.from_bytes(number.to_bytes(8, "little"), "little", signed=True)
