"""Exact bounds on the relevant records among the unread, by the hypergeometric distribution.

A draw at random from N records of which K are relevant contains k relevant ones with the probability that
``scipy.stats.hypergeom`` gives. A bound on K inverts its distribution function: it is the last K with which the draw
would not be rarer than ``alpha``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exemplar.data.errors import ExemplarError

LOWEST, HIGHEST = 0.5, 0.999  # of a target's recall and confidence


@dataclass(frozen=True, slots=True)
class Target:
    """What a review wants to claim: that this share of the relevant records is found, with this confidence."""

    recall: float = 0.95
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("recall", "confidence"):
            value = getattr(self, name)
            if not LOWEST <= value <= HIGHEST:
                raise ExemplarError(f"the target {name} must be between {LOWEST} and {HIGHEST}, got {value}")

    @property
    def alpha(self) -> float:
        """The chance of a false claim that remains."""
        return 1 - self.confidence


def most_relevant(n_unread: int, n_drawn: int, n_relevant: int, alpha: float) -> int:
    """Return the upper bound on the relevant records among the unread, those in a draw from them included.

    The largest K with ``P(X <= n_relevant) > alpha`` for X relevant in a random draw; were more relevant, so few in the
    draw would have at most the chance alpha.
    """
    return _last(
        lambda K: chance_of_at_most(n_relevant, n_unread, K, n_drawn) > alpha,
        n_relevant,
        n_unread - n_drawn + n_relevant,
    )


def fewest_relevant(n_unread: int, n_drawn: int, n_relevant: int, alpha: float) -> int:
    """Return the lower bound on the relevant records among the unread, as ``most_relevant`` returns the upper one."""
    highest = n_unread - n_drawn + n_relevant
    return highest - _last(
        lambda less: 1 - chance_of_at_most(n_relevant - 1, n_unread, highest - less, n_drawn) > alpha,
        0,
        highest - n_relevant,
    )


def fewest_that_miss(n_found: int, n_unsure: int, recall: float) -> int:
    """Return how many relevant records left make the recall lower than a target; 0 if it is lower already.

    Unsure records count as relevant and not found: recall = found / (found + unsure + left). Without any relevant
    record the recall is not defined, and one that is left is enough.
    """
    most = Fraction(n_found) / Fraction(recall).limit_denominator(10**6)  # relevant records in all
    return max(0, int(most) - n_found - n_unsure + 1)


def draw_needed(n_unread: int, n_found: int, n_unsure: int, recall: float, alpha: float, most: int = 0) -> int | None:
    """Return the smallest random draw after which the target may be claimed, though it has up to so many relevant ones.

    None if no draw is large enough, because too much is unsure.
    """

    def fails(n_drawn: int) -> bool:
        k = min(most, n_drawn)
        missing = fewest_that_miss(n_found + k, n_unsure, recall)
        if not 0 < missing <= n_unread - n_drawn:
            return missing == 0
        return chance_of_at_most(k, n_unread, missing + k, n_drawn) > alpha

    if fails(n_unread):
        return None
    return _last(lambda n_drawn: n_drawn < 0 or fails(n_drawn), -1, n_unread) + 1


def chance_of_at_most(n_relevant: int, n_unread: int, K: int, n_drawn: int) -> float:
    """Return P(X <= n_relevant) for X relevant ones in a random draw from records of which K are relevant.

    It is the distribution function of ``scipy.stats.hypergeom``, which takes some hundred times as long on 25,000
    records, to an absolute error of about 1e-9.
    """
    from scipy.special import gammaln

    first, last = max(0, n_drawn - (n_unread - K)), min(K, n_drawn)
    if not first <= n_relevant < last:
        return float(n_relevant >= last)
    x = np.arange(first, n_relevant + 1)
    # The logarithms of C(K, x) C(N - K, n - x) / C(N, n), but for what does not depend on x.
    below = (x + 1, K - x + 1, n_drawn - x + 1, n_unread - K - n_drawn + x + 1)
    sizes = (K, n_unread - K, n_drawn, n_unread - n_drawn)
    same = sum(math.lgamma(size + 1) for size in sizes) - math.lgamma(n_unread + 1)
    chance = np.exp(same - sum(gammaln(each) for each in below)).sum()
    return round(min(1.0, float(chance)), 12)  # so that 1 draw of 20 has the chance 0.05


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the last number from low to high for which a condition holds, which holds for low and then ends once."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
