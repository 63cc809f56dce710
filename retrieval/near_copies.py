"""Near copies among the texts of a list: a character apart, or a copyright notice or a sentence in addition.

Long texts are compared by the containment of their shingles (Broder, "On the resemblance and containment of documents",
1997), short ones by a single edit: one character more, less or another, or two that changed places (Damerau, "A
technique for computer detection and correction of spelling errors", 1964). Shingles are compared only where sketches of
them are similar (Li, Owen and Zhang, "One permutation hashing", NIPS 2012).
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from exemplar.data.documents import full_text
from exemplar.retrieval.ranking import Result

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

    A text that is a near copy has no near copies itself.
    """
    keys = [_key(text) for text in texts]
    shingles = [_shingles(key) for key in keys]
    sketches = np.stack([_sketch(each) for each in shingles]) if texts else np.empty((0, _BINS), np.uint64)
    by_key: dict[str, int] = {}
    by_end: dict[str, list[int]] = {}
    long: list[int] = []
    originals: list[int | None] = []
    for place, key in enumerate(keys):
        ends = [f"{key[:8]}…", f"…{key[-8:]}"] if len(key) >= _SHORT else []  # an edit leaves one of them as it is
        similar = [by_key[key]] if key in by_key else []
        edited = {other for end in ends for other in by_end.get(end, ())}
        similar += [other for other in edited if _is_one_edit(key, keys[other])]
        if len(key) >= _LONG:
            likely = np.mean(sketches[long] == sketches[place], axis=1) >= _LIKELY
            similar += [long[n] for n in np.flatnonzero(likely) if _are_alike(shingles[place], shingles[long[n]])]
        originals.append(min(similar, default=None))
        if not similar:
            by_key[key] = place
            for end in ends:
                by_end.setdefault(end, []).append(place)
            long += [place] if len(key) >= _LONG else []
    return originals


def _key(text: str) -> str:
    """Return what of a text is compared: without case, runs of blanks, a copyright notice at its end, punctuation."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} {text[-_LONGEST // 2 :]}"
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    without_notice = _NOTICE.sub("", folded).strip()
    words = " ".join(re.sub(r"[^\w\s]|_", " ", without_notice).split())
    return words if len(words) >= _SHORT else without_notice or folded


def _shingles(key: str) -> NDArray[np.uint64]:
    """Return the different stretches of five characters of a long key as numbers, ascending; of others none."""
    if len(key) < _LONG:
        return np.empty(0, np.uint64)
    characters = np.frombuffer(key.encode("utf-32-le", errors="replace"), np.uint32).astype(np.uint64)
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


def _are_alike(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> bool:
    fewer, more = sorted((first.size, second.size))
    if fewer < _SHORTER * more:
        return False
    return np.intersect1d(first, second, assume_unique=True).size >= _CONTAINED * fewer


def _is_one_edit(first: str, second: str) -> bool:
    """Return whether one edit makes a text the other; a digit is no slip, since it tells texts apart."""
    pairs = enumerate(zip(first, second, strict=False))
    start = next((n for n, (a, b) in pairs if a != b), min(len(first), len(second)))
    rest = first[start:], second[start:]
    shortest = min(map(len, rest))
    end = next((n for n in range(shortest) if rest[0][-1 - n] != rest[1][-1 - n]), shortest)
    a, b = (each[: len(each) - end] for each in rest)
    swapped = len(a) == 2 and a == b[::-1]
    return (swapped or max(len(a), len(b)) <= 1) and not any(map(str.isdigit, a + b))
