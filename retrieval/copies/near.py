"""Near copies among the texts of a list: a character apart, or a copyright notice or a sentence in addition.

Long texts are compared by the containment of their shingles (Broder, "On the resemblance and containment of documents",
1997), short ones by a single edit. Shingles are compared only where sketches of them are similar (Li, Owen and Zhang,
"One permutation hashing", NIPS 2012).
"""

import heapq
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.documents import full_text
from exemplar.retrieval.copies.one_edit import characters_of, edit_tokens, is_one_edit, known_values
from exemplar.retrieval.ranking import Result

_MOST = 10_000  # texts of a list that are compared
_LONGEST = 4_000  # characters of a text that are compared, half of them from its end
_SHORT = 20  # characters below which one character may be the whole difference, as in "film" and "films"
_LONG = 100  # characters above which shingles are compared
_SHINGLE = 5  # characters
_CONTAINED = 0.9  # of the shingles of the shorter text
_SHORTER = 0.8  # of the longer text's length, at least
_BINS = 128  # of a sketch
# Of the bins, at least so many are equal. Near copies share 2 of 3 shingles or more, so that this is four standard
# deviations of a sketch below.
_LIKELY = 0.5
_COMPARED = 16  # texts, those with the most rare shingles in common, that a long text is compared with at most

_NOTICE = re.compile(
    r"(?:©|\(c\)\s*(?:19|20)\d\d|\bcopyright\s*(?:©|\(c\))?\s*(?:19|20)\d\d|\ball rights reserved\b"
    r"|\bthis article is protected by copyright\b).{0,300}\Z",
    re.DOTALL,
)


def near_copies_together(results: Sequence[Result]) -> list[tuple[Result, Result | None]]:
    """Return results with every near copy directly under the first result that it is a near copy of.

    Returns
    -------
        Each result, and the result of which it is a near copy; None if it is of none. Ranks stay as they are.
    """
    originals = near_copies([full_text(result.title, result.text) for result in results])
    followers: dict[int, list[int]] = {}
    for place, original in enumerate(originals):
        if original is not None:
            followers.setdefault(original, []).append(place)
    together: list[tuple[Result, Result | None]] = []
    for place, original in enumerate(originals):
        if original is None:
            together.append((results[place], None))
            together += [(results[follower], results[place]) for follower in followers.get(place, [])]
    return together


def near_copies(texts: Sequence[str]) -> list[int | None]:
    """Return for every text the place of the first text that it is a near copy of; None if it is of none.

    A text that is a near copy has no near copies itself. Two bounds keep long lists fast: texts behind the first 10,000
    are near copies of none, and a long text is compared with those 16 whose sketches share the most rare shingles.
    """
    numbers: dict[str, int] = {}
    numbered = [numbers.setdefault(_key(text), len(numbers)) for text in texts[:_MOST]]
    numbers_of_originals = _originals(list(numbers))
    first: dict[int, int] = {}
    originals: list[int | None] = []
    for place, number in enumerate(numbered):
        first.setdefault(number, place)
        original = first[numbers_of_originals[number]]
        originals.append(None if original == place else original)
    return originals + [None] * (len(texts) - len(originals))


def _originals(keys: Sequence[str]) -> list[int]:
    """Return for every key the place of the first one that it is a near copy of; its own if it is of none."""
    by_token: dict[int, int] = {}
    long = _LongTexts(keys)
    originals: list[int] = []
    for place, (key, tokens) in enumerate(zip(keys, edit_tokens(keys, _SHORT), strict=True)):
        edited = {by_token[token] for token in tokens if token in by_token}
        similar = [other for other in edited if is_one_edit(key, keys[other])]
        similar += long.originals_of(place)
        originals.append(min(similar, default=place))
        if not similar:
            long.add_original(place)
            # One original a token is enough: an original that all texts with the token are an edit from has no second
            # beside it, and if there are several, the text that all are an edit from is a copy.
            for token in tokens:
                by_token.setdefault(token, place)
    return originals


def _key(text: str) -> str:
    """Return what of a text is compared: without case, runs of blanks, a copyright notice at its end, punctuation."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} {text[-_LONGEST // 2 :]}"
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    without_notice = _NOTICE.sub("", folded).strip()
    words = " ".join(re.sub(r"[^\w\s]|_", " ", without_notice).split())
    return words if len(words) >= _SHORT else without_notice or folded


class _LongTexts:
    """The long ones of some keys, by their places, and which of them are near copies of none."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._shingles = {place: _shingles(key) for place, key in enumerate(keys) if len(key) >= _LONG}
        self._sketches = {place: _sketch(shingles) for place, shingles in self._shingles.items()}
        values, times = np.unique(np.array(list(self._sketches.values()), np.uint64), return_counts=True)
        shared = values[(times > 1) & (values > 0)]
        self._tokens = {place: known_values(sketch, shared) for place, sketch in self._sketches.items()}
        self._by_token: dict[int, list[int]] = {}  # originals, at most _COMPARED

    def originals_of(self, place: int) -> list[int]:
        """Return the originals that a key is a near copy of."""
        weights: dict[int, float] = {}  # a shingle says the more, the fewer texts have it
        for token in self._tokens.get(place, ()):
            others = self._by_token.get(token, ())
            for other in others:
                weights[other] = weights.get(other, 0) + 1 / len(others)
        likely = heapq.nlargest(_COMPARED, weights, key=weights.__getitem__)
        return [other for other in likely if self._are_similar(place, other) and self._are_alike(place, other)]

    def add_original(self, place: int) -> None:
        """Make a key an original, if it is long."""
        for token in self._tokens.get(place, ()):
            others = self._by_token.setdefault(token, [])
            if len(others) < _COMPARED:
                others.append(place)

    def _are_similar(self, first: int, second: int) -> bool:
        return bool(np.mean(self._sketches[first] == self._sketches[second]) >= _LIKELY)

    def _are_alike(self, first: int, second: int) -> bool:
        shingles = self._shingles[first], self._shingles[second]
        fewer, more = sorted(each.size for each in shingles)
        if fewer < _SHORTER * more:
            return False
        return np.intersect1d(*shingles, assume_unique=True).size >= _CONTAINED * fewer


def _shingles(key: str) -> NDArray[np.uint64]:
    """Return the different stretches of five characters of a key as numbers, ascending."""
    characters = characters_of(key)
    n = characters.size - _SHINGLE + 1
    mixed = np.zeros(n, np.uint64)
    for start in range(_SHINGLE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + characters[start : start + n]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return np.unique(mixed ^ (mixed >> np.uint64(32)))


def _sketch(shingles: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the least shingle of every bin, ``(128,)``; 0 for an empty bin."""
    bins, first = np.unique(shingles // np.uint64(2**64 // _BINS), return_index=True)
    sketch = np.zeros(_BINS, np.uint64)
    sketch[bins] = shingles[first]
    return sketch
