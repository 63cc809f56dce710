"""Counting: how often the terms of an analysis stand in texts."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.words.analysis import Analyser
from exemplar.data.words.characters import raw_words

CHUNK = 2**21  # words of texts that are counted together
MOST_RAW_WORDS = 2**19  # different words, as they stand in the texts, that are remembered with their terms
MOST_COUNT = 2**16 - 1  # of a term in a text

_LONGEST_RAW = 100  # characters of a word that is remembered


class RawWords(dict[str, int]):
    """The numbers of words as they stand in the texts, each with the numbers of its terms.

    Attributes
    ----------
    term_numbers
        By term, in the order in which the terms appeared.
    """

    def __init__(self, analyser: Analyser) -> None:
        super().__init__()
        self._analyser = analyser
        self.term_numbers: dict[str, int] = {}
        self.forget()

    def forget(self) -> None:
        """Forget all words, but no term."""
        self.clear()
        self._terms, self._ends = array("i"), array("q", [0])

    @property
    def n_words(self) -> int:
        """How many words have a number, those included that are too long to be remembered."""
        return len(self._ends) - 1

    def __missing__(self, word: str) -> int:
        number = self.n_words
        numbers = self.term_numbers
        self._terms.extend([numbers.setdefault(term, len(numbers)) for term in self._analyser.analyse(word)])
        self._ends.append(len(self._terms))
        if len(word) <= _LONGEST_RAW:
            self[word] = number
        return number

    def terms_of(self, words: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return for every word the number of its terms, and then all their terms."""
        ends = np.frombuffer(self._ends, np.int64)
        first, n_terms = ends[words], np.diff(ends)[words]
        return n_terms, np.frombuffer(self._terms, np.int32)[ranges(first, n_terms)]


@dataclass(frozen=True, slots=True, eq=False)
class TermCounts:
    """How often each of some terms stands in each of some texts, where it does.

    Attributes
    ----------
    texts, terms, counts
        ``(n_entries,)``: the number of a text, the number of a term, and the count.
    n_words
        ``(n_texts,)``: the terms of every text, repeated ones and others counted.
    """

    texts: NDArray[np.int64]
    terms: NDArray[np.int64]
    counts: NDArray[np.int64]
    n_words: NDArray[np.int64]


def count_terms(texts: Iterable[str], language: str, terms: Sequence[str]) -> TermCounts:
    """Count some terms, which differ, in texts; the numbers of texts and terms are their places."""
    words = RawWords(Analyser(language))
    words.term_numbers.update((term, number) for number, term in enumerate(terms))
    parts: list[TermCounts] = []
    chunk: list[NDArray[np.int32]] = []
    size = 0
    number_of = words.__getitem__
    for text in texts:
        found = raw_words(text)
        chunk.append(np.fromiter(map(number_of, found), np.int32, len(found)))
        size += len(found) + 1
        if size >= CHUNK:
            parts.append(_counted(chunk, words, len(terms)))
            chunk, size = [], 0
    parts.append(_counted(chunk, words, len(terms)))
    firsts = np.cumsum([0, *(len(part.n_words) for part in parts)])
    return TermCounts(
        np.concatenate([part.texts + first for part, first in zip(parts, firsts, strict=False)]),
        np.concatenate([part.terms for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.n_words for part in parts]),
    )


def _counted(chunk: list[NDArray[np.int32]], words: RawWords, n_terms: int) -> TermCounts:
    owners = np.repeat(np.arange(len(chunk)), [len(of_text) for of_text in chunk])
    n_of_words, terms = words.terms_of(np.concatenate([*chunk, np.empty(0, np.int32)]))
    if words.n_words > MOST_RAW_WORDS:
        words.forget()
    owners = np.repeat(owners, n_of_words)
    n_words = np.bincount(owners, minlength=len(chunk))
    wanted = terms < n_terms
    pairs, counts = np.unique(owners[wanted] * n_terms + terms[wanted], return_counts=True)
    texts, numbers = np.divmod(pairs, max(1, n_terms))
    return TermCounts(texts, numbers, np.minimum(counts, MOST_COUNT), n_words)


def ranges(first: NDArray[np.int64], lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of all ranges, one after another, from the first number and the length of each."""
    lengths = lengths.astype(np.int64, copy=False)
    ends = np.cumsum(lengths)
    numbers: NDArray[np.int64] = np.repeat(first - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)
    return numbers
