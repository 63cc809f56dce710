"""Filters restrict a ranking to documents by their labels, other columns, words, and when they came."""

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

from exemplar.data.corpus.arrivals import seconds_of
from exemplar.data.corpus.facets import UNLABELLED, label_counts, metadata_cells
from exemplar.data.errors import ExemplarError
from exemplar.data.text import listed

_MOST_CHARACTERS, _MOST_WORDS = 5_000, 200  # of all terms together: each is matched against every text

# Scripts without blanks between words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PIECE = re.compile(rf"{_UNSPACED.pattern}|(?:(?!{_UNSPACED.pattern})\w)+|\s+|.", re.DOTALL)
_BLANK_SIGN, _BACKSLASH_SIGN = "\N{OPEN BOX}", "\N{FULLWIDTH REVERSE SOLIDUS}"
# The classes of RE2 cover ASCII alone.
_BLANKS = r"[\s\pZ\x{0b}\x{1c}-\x{1f}\x{85}]+"
_WORD_CHARACTERS = r"\pL\pM\pN_"


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions that a document must meet to be ranked; without conditions every document passes.

    Attributes
    ----------
    labels
        The document has one of these labels; ``UNLABELLED`` matches documents without a label.
    fields
        Pairs of a column and values: the document has one of the values in that column.
    words, without
        Words, and phrases in double quotes. The text contains all terms of ``words`` and none of ``without``, as
        complete words in upper or lower case.
    since
        An ISO 8601 time or date, in UTC unless it names a zone: the document came into the corpus then or later.
    """

    labels: tuple[str, ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    words: str = ""
    without: str = ""
    since: str = ""

    def __len__(self) -> int:
        """Return the number of conditions."""
        typed = len(terms(self.words)) + len(terms(self.without))
        return bool(self.labels) + len(self.fields) + typed + bool(self.since)

    def to_json(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        fields = {name: list(values) for name, values in self.fields}
        content = {"labels": list(self.labels), "fields": fields, "words": self.words, "without": self.without}
        return content | ({"since": self.since} if self.since else {})

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Filters":
        """Return the filters in JSON; ExemplarError if the JSON does not hold filters."""
        try:
            fields = tuple((str(name), tuple(map(str, values))) for name, values in content["fields"].items())
            labels, since = tuple(map(str, content["labels"])), str(content.get("since", ""))
            return cls(labels, fields, str(content["words"]), str(content["without"]), since)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ExemplarError(f"these are not filters: {reprlib.repr(content)}") from error

    def check(self) -> None:
        """Raise ExemplarError if the filters are too long or not Unicode text, or ``since`` is no time."""
        if self.since:
            seconds_of(self.since)
        typed = self.words + self.without
        if len(typed) > _MOST_CHARACTERS or len(terms(typed)) > _MOST_WORDS:
            most = f"{_MOST_WORDS:,} words or {_MOST_CHARACTERS:,} characters"
            raise ExemplarError(f"the filters hold more than {most} to look for; take some out")
        picked = [*self.labels, *(text for name, values in self.fields for text in (name, *values))]
        if any(
            re.search("[\ud800-\udfff]", text) for text in (typed, *picked)
        ):  # how Python keeps bytes that are not UTF-8
            raise ExemplarError("the filters hold bytes that are not Unicode text; type them again")


class Selection(Protocol):
    """The documents that pass filters."""

    @property
    def within(self) -> Any:
        """The argument that restricts the corpus's index to the passages of these documents."""

    @property
    def n_documents(self) -> int:
        """Number of selected documents."""

    @property
    def n_texts(self) -> int:
        """Number of different texts among them; a database gives the number of documents."""

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows of the selected documents, ascending; a database transfers all of them."""

    def count(self, rows: Collection[int]) -> int:
        """Return how many of the documents at rows are selected."""

    def count_texts(self, rows: Collection[int]) -> int:
        """Return how many different texts the selected ones among the documents at rows have, as for ``n_texts``."""

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of n random selected documents, ascending; of all if fewer are selected."""


class RowSelection:
    """The Selection of a corpus in memory.

    Parameters
    ----------
    document_rows
        ``(n_passages,) int64``: the row of every passage's document, ascending.
    rows
        The rows of the selected documents, ascending.
    first_copies
        ``(n_documents,) int64``: for every document, the row of the first one that has its text.
    """

    def __init__(
        self, document_rows: NDArray[np.int64], rows: NDArray[np.intp], first_copies: NDArray[np.int64]
    ) -> None:
        self._document_rows, self._rows, self._first_copies = document_rows, rows, first_copies

    @functools.cached_property
    def within(self) -> NDArray[np.intp]:
        """The rows of the selected documents' passages, ascending and read-only."""
        selected = np.zeros(int(self._document_rows[-1]) + 1, dtype=bool)
        selected[self._rows] = True
        passages = np.flatnonzero(selected[self._document_rows])
        passages.flags.writeable = False
        return passages

    @property
    def n_documents(self) -> int:
        """Number of selected documents."""
        return self._rows.size

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows of the selected documents, ascending."""
        return self._rows

    @functools.cached_property
    def n_texts(self) -> int:
        """Number of different texts among them."""
        return np.unique(self._first_copies[self._rows]).size

    def count(self, rows: Collection[int]) -> int:
        """Return how many of the documents at rows are selected."""
        return int(np.isin(list(rows), self._rows).sum())

    def count_texts(self, rows: Collection[int]) -> int:
        """Return how many different texts the selected ones among the documents at rows have."""
        selected = np.intersect1d(np.array(sorted(rows), np.intp), self._rows)
        return np.unique(self._first_copies[selected]).size

    def draw(self, n: int, seed: int) -> NDArray[np.intp]:
        """Return the rows of n random selected documents, ascending; of all if fewer are selected."""
        drawn = np.random.default_rng(seed).choice(self._rows, min(n, self._rows.size), replace=False)
        return np.sort(drawn)


def terms(words: str) -> list[str]:
    """Return the words and the quoted phrases in a line of typed words."""
    matches = re.findall(r'"([^"]*)"|([^\s"]+)', words)
    return [term for phrase, word in matches if (term := " ".join(phrase.split()) or word)]


def folded(text: str) -> str:
    """Return a text so that words can be looked for as parts of it: lower case, with blanks around every word and sign.

    Each run of blanks becomes a sign of its own. A letter of a script without blanks between words counts as a word.
    """
    pieces = _PIECE.findall(unicodedata.normalize("NFC", text).lower())
    signs = (_BLANK_SIGN if piece.isspace() else piece.replace("\\", _BACKSLASH_SIGN) for piece in pieces)
    return f" {' '.join(signs)} "


def matching_rows(documents: pa.Table, filters: Filters, arrivals: NDArray[np.int64] | None = None) -> NDArray[np.intp]:
    """Return the rows of the documents that pass filters, ascending; ExemplarError if ``Filters.check`` raises it.

    Parameters
    ----------
    arrivals
        ``(n_documents,) int64``: when each document came, see ``arrivals``; None if it is unknown, so that all pass.
    """
    filters.check()
    passing = np.ones(documents.num_rows, dtype=bool)
    if filters.since and arrivals is not None:
        passing &= arrivals >= seconds_of(filters.since)
    if filters.labels:
        passing &= _has_label(documents["labels"], filters.labels)
    for name, values in filters.fields:
        passing &= _has_value(documents, name, values)
    for term in terms(filters.words):
        passing &= _has_term(documents, term)
    for term in terms(filters.without):
        passing &= ~_has_term(documents, term)
    return np.flatnonzero(passing)


def check_known(filters: Filters, documents: pa.Table, corpus: str) -> None:
    """Raise ExemplarError if no document has a column, or a label, of the filters; ``corpus`` is the name to show."""
    if filters.fields:
        columns = metadata_cells(documents)[0].unique().to_pylist()
        if other := next((name for name, _ in filters.fields if name not in columns), None):
            there = f"its columns are: {listed(sorted(columns))}" if columns else "it has no columns to filter by"
            raise ExemplarError(f"the corpus '{corpus}' has no column '{other:.100}'; {there}")
    if filters.labels:
        labels = label_counts(documents)
        if other := next((label for label in filters.labels if label not in (UNLABELLED, *labels)), None):
            there = listed([label for label in labels if label != UNLABELLED])
            there = f"its labels are: {there}" if there else "its documents have no labels"
            raise ExemplarError(f"the corpus '{corpus}' has no label '{other:.100}'; {there}")


def _has_label(labels: pa.ChunkedArray, wanted: Sequence[str]) -> NDArray[np.bool_]:
    n_labels = pc.list_value_length(labels).to_numpy()
    passing = (n_labels == 0) if UNLABELLED in wanted else np.zeros(len(labels), dtype=bool)
    matches = pc.is_in(pc.list_flatten(labels), value_set=pa.array(wanted, pa.large_string())).to_numpy()
    passing[np.repeat(np.arange(len(labels)), n_labels)[matches]] = True
    return passing


def _has_value(documents: pa.Table, name: str, values: Sequence[str]) -> NDArray[np.bool_]:
    names, cells, rows = metadata_cells(documents)
    matches = pc.and_(pc.equal(names, name), pc.is_in(cells, value_set=pa.array(values, pa.large_string())))
    passing = np.zeros(documents.num_rows, dtype=bool)
    passing[rows[matches.to_numpy(zero_copy_only=False)]] = True
    return passing


def _has_term(documents: pa.Table, term: str) -> NDArray[np.bool_]:
    """Return for every document whether its text contains a term, with accents composed or decomposed."""
    forms = sorted({unicodedata.normalize(form, term) for form in ("NFC", "NFD")} | {term})
    pattern = "(?:" + "|".join(_BLANKS.join(map(_escaped, form.split())) for form in forms) + ")"
    if not _UNSPACED.search(term):
        pattern = f"(?:^|[^{_WORD_CHARACTERS}]){pattern}(?:$|[^{_WORD_CHARACTERS}])"
    matches = pc.match_substring_regex(documents["text"], pattern=pattern, ignore_case=True)
    passing: NDArray[np.bool_] = matches.to_numpy()
    return passing


def _escaped(word: str) -> str:
    return re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word)
