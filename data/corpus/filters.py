"""Filters: which documents may be ranked at all, by label, by other columns, and by words of their text."""

import functools
import itertools
import json
import re
import reprlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from exemplar.data.arrow import keys_and_items

if TYPE_CHECKING:
    from exemplar.data.corpus.corpus import Corpus

UNLABELLED = ""  # stands for no label among labels
MOST_VALUES = 5_000  # of a column that can be picked from
MOST_COLUMNS = 100  # that can be picked from

_LOOKED_AT = 1_000  # columns, for those
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

    def as_json(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        fields = {name: list(values) for name, values in self.fields}
        return {"labels": list(self.labels), "fields": fields, "words": self.words, "without": self.without}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Filters":
        """Return filters from JSON; a ValueError says so if it holds none."""
        try:
            fields = tuple((str(name), tuple(map(str, values))) for name, values in content["fields"].items())
            return cls(tuple(map(str, content["labels"])), fields, str(content["words"]), str(content["without"]))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"these are no filters: {reprlib.repr(content)}") from error

    def check(self) -> None:
        """Raise ValueError if these can't be looked for."""
        typed = self.words + self.without
        if len(typed) > _MOST_CHARACTERS or len(terms(typed)) > _MOST_WORDS:
            most = f"{_MOST_WORDS:,} words or {_MOST_CHARACTERS:,} characters"
            raise ValueError(f"the filters hold more than {most} to look for; take some out")
        picked = [*self.labels, *(text for name, values in self.fields for text in (name, *values))]
        if any(re.search("[\ud800-\udfff]", text) for text in (typed, *picked)):  # as Python holds what is no UTF-8
            raise ValueError("the filters hold bytes that are no Unicode text")


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


class Matching:
    """A Selection of a corpus in memory, by the rows of its documents."""

    def __init__(self, corpus: "Corpus", rows: NDArray[np.intp]) -> None:
        self._corpus, self._rows = corpus, rows

    @functools.cached_property
    def within(self) -> NDArray[np.intp]:
        """The rows of their passages."""
        chosen = np.zeros(self._corpus.n_documents, dtype=bool)
        chosen[self._rows] = True
        passages = np.flatnonzero(chosen[self._corpus.document_rows])
        passages.flags.writeable = False
        return passages

    @property
    def n_documents(self) -> int:
        """How many there are."""
        return self._rows.size

    def count(self, rows: Collection[int]) -> int:
        """Return how many of some documents are among them, by row."""
        return int(np.isin(list(rows), self._rows).sum())

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of n random ones, ascending; of all where there are no more."""
        drawn = np.random.default_rng(seed).choice(self._rows, min(n, self._rows.size), replace=False)
        return np.sort(drawn)


@dataclass(frozen=True, slots=True)
class Choices:
    """What documents can be filtered by: their labels, and the values of their other columns, each with its count."""

    labels: dict[str, int]
    fields: dict[str, dict[str, int]]

    def as_json(self, most: int) -> str:
        """Return the choices as JSON of at most so many characters: the most common values of each."""
        for n_values in (MOST_VALUES, 1000, 200, 50, 10, 1):
            kept = {name: _first(values, n_values) for name, values in self.fields.items()}
            text = json.dumps({"labels": _first(self.labels, n_values), "fields": kept})
            if len(text) <= most:
                return text
        return json.dumps({"labels": {}, "fields": {}})

    @classmethod
    def from_json(cls, text: str) -> "Choices":
        """Return choices from JSON; none where it holds none."""
        try:
            content = json.loads(text)
            return cls(dict(content["labels"]), {name: dict(values) for name, values in content["fields"].items()})
        except (KeyError, TypeError, AttributeError, ValueError):
            return cls({}, {})


def choices_of(corpus: "Corpus") -> Choices:
    """Return what the documents of a corpus can be filtered by."""
    return Choices(label_counts(corpus), field_counts(corpus))


def _first(values: Mapping[str, int], n: int) -> dict[str, int]:
    return dict(list(values.items())[:n])


def terms(words: str) -> list[str]:
    """Return the words and the quoted phrases of what was typed."""
    found = re.findall(r'"([^"]*)"|([^\s"]+)', words)
    return [term for phrase, word in found if (term := " ".join(phrase.split()) or word)]


def matching_rows(corpus: "Corpus", filters: Filters) -> NDArray[np.intp]:
    """Return the rows of the documents that pass, ascending; ValueError if the filters can't be looked for."""
    filters.check()
    passing = np.ones(corpus.documents.num_rows, dtype=bool)
    if filters.labels:
        labels = corpus.documents["label"].fill_null(UNLABELLED)
        passing &= pc.is_in(labels, value_set=pa.array(filters.labels, pa.large_string())).to_numpy()
    for name, values in filters.fields:
        passing &= _has_value(corpus, name, values)
    for term in terms(filters.words):
        passing &= _has_term(corpus, term)
    for term in terms(filters.without):
        passing &= ~_has_term(corpus, term)
    return np.flatnonzero(passing)


def label_counts(corpus: "Corpus") -> dict[str, int]:
    """Return how many documents have each label, the most common first; UNLABELLED counts those without."""
    return _counts(corpus.documents["label"].fill_null(UNLABELLED))


def field_counts(corpus: "Corpus") -> dict[str, dict[str, int]]:
    """Return the values of each other column with how many documents have them, the most common first.

    Columns of more than 5,000 values, and those that have another in every document, are left out: one looks for these
    by words. Of more than 100 columns those that most documents have are taken.
    """
    keys, values, _ = _entries(corpus)
    found: dict[str, dict[str, int]] = {}
    for name, n in itertools.islice(_counts(keys).items(), _LOOKED_AT):
        of_it = values.filter(pc.equal(keys, name))
        n_values = pc.count_distinct(of_it).as_py()
        if n_values <= MOST_VALUES and (n_values < n or n_values == 1):
            found[name] = _counts(of_it)
        if len(found) == MOST_COLUMNS:
            break
    return dict(sorted(found.items()))


def _counts(values: Any) -> dict[str, int]:
    counted = pc.value_counts(values).to_pylist()
    return {
        each["values"]: each["counts"] for each in sorted(counted, key=lambda each: (-each["counts"], each["values"]))
    }


def _has_value(corpus: "Corpus", name: str, values: Sequence[str]) -> NDArray[np.bool_]:
    keys, of_keys, rows = _entries(corpus)
    wanted = pc.and_(pc.equal(keys, name), pc.is_in(of_keys, value_set=pa.array(values, pa.large_string())))
    passing = np.zeros(corpus.documents.num_rows, dtype=bool)
    passing[rows[wanted.to_numpy(zero_copy_only=False)]] = True
    return passing


def _entries(corpus: "Corpus") -> tuple[Any, Any, NDArray[np.int64]]:
    """Return all cells of the other columns: names, values, and the rows that they stand in."""
    column = corpus.documents["metadata"]
    chunks = column.chunks or [pa.array([], column.type)]
    lengths = np.concatenate([_lengths(chunk) for chunk in chunks])
    rows = np.repeat(np.arange(lengths.size), lengths)
    parts = [pa.StructArray.from_arrays(keys_and_items(chunk), names=["key", "value"]) for chunk in chunks]
    table = pa.Table.from_struct_array(pa.chunked_array(parts))
    return table["key"].combine_chunks(), table["value"].combine_chunks(), rows


def _lengths(chunk: Any) -> NDArray[np.int64]:
    offsets = chunk.offsets.to_numpy()
    lengths: NDArray[np.int64] = np.diff(offsets).astype(np.int64)
    lengths[~chunk.is_valid().to_numpy(zero_copy_only=False)] = 0
    return lengths


def _has_term(corpus: "Corpus", term: str) -> NDArray[np.bool_]:
    """Look for a term, its accents written either way."""
    forms = sorted({unicodedata.normalize(form, term) for form in ("NFC", "NFD")} | {term})
    pattern = "(?:" + "|".join(_BLANKS.join(map(_escaped, form.split())) for form in forms) + ")"
    if not _UNSPACED.search(term):
        pattern = f"(?:^|[^{_OF_A_WORD}]){pattern}(?:$|[^{_OF_A_WORD}])"
    found: NDArray[np.bool_] = pc.match_substring_regex(
        corpus.documents["text"], pattern=pattern, ignore_case=True
    ).to_numpy()
    return found


def _escaped(word: str) -> str:
    return re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word)
