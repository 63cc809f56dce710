"""Filters: which documents may be ranked at all, by label, by other columns, and by words of their text."""

import functools
import re
import reprlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.corpus.facets import UNLABELLED, metadata_cells
from exemplar.data.errors import ExemplarError

_MOST_CHARACTERS, _MOST_WORDS = 5_000, 200  # to look for in every text

# Scripts that put no blanks between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# RE2's own classes of blanks and letters are ASCII's.
_BLANKS = r"[\s\pZ\x{0b}\x{1c}-\x{1f}\x{85}]+"
_OF_A_WORD = r"\pL\pM\pN_"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must have to be ranked; an empty one lets all pass.

    Attributes
    ----------
    labels
        One of these is its label; UNLABELLED stands for none.
    fields
        For each of some columns, the values of which it has one.
    words, without
        Words, and phrases in double quotes: all of the first must occur in the text, none of the second may. Case
        doesn't matter, and a word is a whole one.
    """

    labels: tuple[str, ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: str = ""
    without: str = ""

    def __len__(self) -> int:
        """Return how many conditions there are."""
        return bool(self.labels) + len(self.fields) + len(terms(self.words)) + len(terms(self.without))

    def to_json(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        fields = {name: list(values) for name, values in self.fields}
        return {"labels": list(self.labels), "fields": fields, "words": self.words, "without": self.without}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Filters":
        """Return filters from JSON; ExemplarError if it does not hold any."""
        try:
            fields = tuple((str(name), tuple(map(str, values))) for name, values in content["fields"].items())
            return cls(tuple(map(str, content["labels"])), fields, str(content["words"]), str(content["without"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ExemplarError(f"these are no filters: {reprlib.repr(content)}") from error

    def check(self) -> None:
        """Raise ExemplarError if these can't be looked for."""
        typed = self.words + self.without
        if len(typed) > _MOST_CHARACTERS or len(terms(typed)) > _MOST_WORDS:
            most = f"{_MOST_WORDS:,} words or {_MOST_CHARACTERS:,} characters"
            raise ExemplarError(f"the filters hold more than {most} to look for; take some out")
        picked = [*self.labels, *(text for name, values in self.fields for text in (name, *values))]
        if any(re.search("[\ud800-\udfff]", text) for text in (typed, *picked)):  # as Python holds what is no UTF-8
            raise ExemplarError("the filters hold bytes that are no Unicode text")


class Selection(Protocol):
    """The documents that pass filters.

    Attributes
    ----------
    within
        What the corpus's index is told, so that their passages alone come back.
    n_documents
        How many there are.
    """

    @property
    def within(self) -> Any:
        """See above."""

    @property
    def n_documents(self) -> int:
        """See above."""

    def count(self, rows: Collection[int]) -> int:
        """Return how many of some documents are among them, by row."""

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of n random ones, ascending; of all where there are no more."""


class RowSelection:
    """A Selection of a corpus in memory.

    Parameters
    ----------
    document_rows
        ``(n_passages,)``, the row of each passage's document.
    rows
        The rows of the selected documents, ascending.
    """

    def __init__(self, document_rows: NDArray[np.int64], rows: NDArray[np.intp]) -> None:
        self._document_rows, self._rows = document_rows, rows

    @functools.cached_property
    def within(self) -> NDArray[np.intp]:
        """The rows of the passages of the selected documents."""
        selected = np.zeros(int(self._document_rows[-1]) + 1, dtype=bool)
        selected[self._rows] = True
        passages = np.flatnonzero(selected[self._document_rows])
        passages.flags.writeable = False
        return passages

    @property
    def n_documents(self) -> int:
        """Number of selected documents."""
        return self._rows.size

    def count(self, rows: Collection[int]) -> int:
        """Return how many of some documents, by row, are selected."""
        return int(np.isin(list(rows), self._rows).sum())

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of n random selected documents, ascending; of all if there are no more."""
        drawn = np.random.default_rng(seed).choice(self._rows, min(n, self._rows.size), replace=False)
        return np.sort(drawn)


def terms(words: str) -> list[str]:
    """Return the words and the quoted phrases of what was typed."""
    found = re.findall(r'"([^"]*)"|([^\s"]+)', words)
    return [term for phrase, word in found if (term := " ".join(phrase.split()) or word)]


def matching_rows(documents: pa.Table, filters: Filters) -> NDArray[np.intp]:
    """Return the rows of the documents that pass, ascending; ExemplarError if ``Filters.check`` raises it."""
    filters.check()
    passing = np.ones(documents.num_rows, dtype=bool)
    if filters.labels:
        labels = documents["label"].fill_null(UNLABELLED)
        passing &= pc.is_in(labels, value_set=pa.array(filters.labels, pa.large_string())).to_numpy()
    for name, values in filters.fields:
        passing &= _has_value(documents, name, values)
    for term in terms(filters.words):
        passing &= _has_term(documents, term)
    for term in terms(filters.without):
        passing &= ~_has_term(documents, term)
    return np.flatnonzero(passing)


def _has_value(documents: pa.Table, name: str, values: Sequence[str]) -> NDArray[np.bool_]:
    keys, of_keys, rows = metadata_cells(documents)
    wanted = pc.and_(pc.equal(keys, name), pc.is_in(of_keys, value_set=pa.array(values, pa.large_string())))
    passing = np.zeros(documents.num_rows, dtype=bool)
    passing[rows[wanted.to_numpy(zero_copy_only=False)]] = True
    return passing


def _has_term(documents: pa.Table, term: str) -> NDArray[np.bool_]:
    """Look for a term, its accents written either way."""
    forms = sorted({unicodedata.normalize(form, term) for form in ("NFC", "NFD")} | {term})
    pattern = "(?:" + "|".join(_BLANKS.join(map(_escaped, form.split())) for form in forms) + ")"
    if not _UNSPACED.search(term):
        pattern = f"(?:^|[^{_OF_A_WORD}]){pattern}(?:$|[^{_OF_A_WORD}])"
    found: NDArray[np.bool_] = pc.match_substring_regex(documents["text"], pattern=pattern, ignore_case=True).to_numpy()
    return found


def _escaped(word: str) -> str:
    return re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word)
