"""Texts a single edit apart: one character more, less or another, or two neighbours that changed places.

These are the edits of Damerau, "A technique for computer detection and correction of spelling errors", 1964. Texts that
one edit joins are found by the hashes that they share, not pair by pair. A hash is the sum of the characters, each
times the random weight of its position (Carter and Wegman, "Universal classes of hash functions", 1979).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def is_one_edit(first: str, second: str) -> bool:
    """Return whether one edit makes a text the other; a digit is no slip, since it tells texts apart."""
    pairs = enumerate(zip(first, second, strict=False))
    start = next((n for n, (a, b) in pairs if a != b), min(len(first), len(second)))
    rest = first[start:], second[start:]
    shortest = min(map(len, rest))
    end = next((n for n in range(shortest) if rest[0][-1 - n] != rest[1][-1 - n]), shortest)
    a, b = (each[: len(each) - end] for each in rest)
    swapped = len(a) == 2 and a == b[::-1]
    return (swapped or max(len(a), len(b)) <= 1) and not any(map(str.isdigit, a + b))


def edit_tokens(texts: Sequence[str], shortest: int) -> list[set[int]]:
    """Return tokens of different texts; two texts that one edit joins, as for is_one_edit, have a token in common.

    A text's tokens are its hash, the hashes of other texts that it becomes without a character or with two neighbours
    exchanged, and hashes of it with a masked character, where another text has the same. So texts with a token in
    common are an edit apart, or are an edit apart from one text that has the token too. Texts of less than ``shortest``
    characters have no tokens.
    """
    weights = np.random.PCG64(0).random_raw(max(map(len, texts), default=0))
    by_length: dict[int, list[int]] = {}
    for place, text in enumerate(texts):
        if len(text) >= shortest:
            by_length.setdefault(len(text), []).append(place)
    hashes = {
        length: np.array([_weighed(texts[place], weights).sum() for place in places], np.uint64)
        for length, places in by_length.items()
    }
    tokens: list[set[int]] = [set() for _ in texts]
    for length, places in by_length.items():
        shorter, same = (np.sort(hashes.get(each, np.empty(0, np.uint64))) for each in (length - 1, length))
        masked = []
        for place, own in zip(places, hashes[length].tolist(), strict=True):
            edited = _Edited.of(texts[place], weights)
            masked.append(edited.masked)
            tokens[place] = {own, *known_values(edited.shorter, shorter), *known_values(edited.swapped, same)}
        values, times = np.unique(np.concatenate(masked), return_counts=True)
        shared = values[times > 1]
        for place, each in zip(places, masked, strict=True):
            tokens[place].update(known_values(each, shared))
    return tokens


def characters_of(text: str) -> NDArray[np.uint64]:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), np.uint32).astype(np.uint64)


def known_values(values: NDArray[np.uint64], known: NDArray[np.uint64]) -> list[int]:
    """Return those of some values that are known; ``known`` is ascending."""
    if not known.size:
        return []
    found: list[int] = values[known[np.searchsorted(known, values).clip(max=known.size - 1)] == values].tolist()
    return found


def _weighed(text: str, weights: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the characters of a text times their weights, which add up to the text's hash; none is 0."""
    return (characters_of(text) + np.uint64(1)) * weights[: len(text)]


@dataclass(frozen=True, slots=True)
class _Edited:
    """Hashes of a text after every edit that touches no digit.

    Attributes
    ----------
    shorter
        Without one of its characters.
    swapped
        With two neighbours exchanged.
    masked
        With 0 in place of one of its characters.
    """

    shorter: NDArray[np.uint64]
    swapped: NDArray[np.uint64]
    masked: NDArray[np.uint64]

    @classmethod
    def of(cls, text: str, weights: NDArray[np.uint64]) -> "_Edited":
        weights = weights[: len(text)]
        weighed = _weighed(text, weights)
        characters = characters_of(text) + np.uint64(1)
        moved = np.append(characters[1:] * weights[:-1], np.uint64(0))  # each a position further to the front
        before, behind = np.cumsum(weighed) - weighed, np.cumsum(moved[::-1])[::-1]
        swaps = np.diff(characters) * (weights[:-1] - weights[1:])
        free = ~np.frombuffer(bytes(map(str.isdigit, text)), np.bool_)
        own = weighed.sum()
        return cls((before + behind)[free], (own + swaps)[free[:-1] & free[1:]], (own - weighed)[free])
