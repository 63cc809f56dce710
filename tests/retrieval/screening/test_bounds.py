from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.screening import bounds
from exemplar.retrieval.screening.bounds import Target, draw_needed, fewest_relevant, fewest_that_miss, most_relevant

ALPHAS = (0.0123, 0.05, 0.31, 0.47)
SIZES = [(N, n) for N in (1, 2, 7, 12) for n in range(N + 1)]


def chance_of_at_most(k: int, N: int, K: int, n: int) -> Fraction:
    """Return P(X <= k) for X relevant in a draw of n from N records, K of them relevant, by counting draws."""
    return Fraction(sum(comb(K, x) * comb(N - K, n - x) for x in range(min(k, n, K) + 1) if n - x <= N - K), comb(N, n))


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(("N", "n"), SIZES)
def test_bounds_are_those_that_counting_all_draws_gives(N: int, n: int, alpha: float) -> None:
    for k in range(n + 1):
        possible = range(k, N - n + k + 1)
        high = max(K for K in possible if chance_of_at_most(k, N, K, n) > alpha)
        low = min(K for K in possible if 1 - chance_of_at_most(k - 1, N, K, n) > alpha)
        assert (fewest_relevant(N, n, k, alpha), most_relevant(N, n, k, alpha)) == (low, high)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(("N", "n"), [(12, 4), (60, 20), (200, 150)])
def test_each_bound_is_wrong_in_at_most_alpha_of_all_draws(N: int, n: int, alpha: float) -> None:
    highs = [most_relevant(N, n, k, alpha) for k in range(n + 1)]
    lows = [fewest_relevant(N, n, k, alpha) for k in range(n + 1)]
    too_low, too_high = [], []
    for K in range(N + 1):
        chances = {k: Fraction(comb(K, k) * comb(N - K, n - k), comb(N, n)) for k in range(n + 1) if n - k <= N - K}
        too_low.append(sum(chance for k, chance in chances.items() if highs[k] < K))
        too_high.append(sum(chance for k, chance in chances.items() if lows[k] > K))
    assert 0 < max(too_low) <= alpha
    assert 0 < max(too_high) <= alpha


DRAWS = st.integers(2, 400).flatmap(
    lambda N: st.integers(1, N - 1).flatmap(
        lambda n: st.tuples(st.just(N), st.just(n), st.integers(0, n - 1), st.floats(0.001, 0.4))
    )
)


@given(DRAWS)
@settings(max_examples=60, deadline=None)
def test_bounds_move_with_what_is_known(draw: tuple[int, int, int, float]) -> None:
    N, n, k, alpha = draw
    high = most_relevant(N, n, k, alpha)
    assert high < most_relevant(N, n, k + 1, alpha), "one more relevant in the draw"
    assert high - k <= N - n
    assert most_relevant(N, n + 1, k, alpha) <= high, "one more drawn"
    assert most_relevant(N, n, k, 1.5 * alpha) <= high <= most_relevant(N, n, k, alpha / 2), "less confidence, more"
    assert k <= fewest_relevant(N, n, k, alpha) <= high
    assert most_relevant(N + 1, n, k, alpha) >= high


@pytest.mark.parametrize(
    ("found", "unsure", "recall", "missing"),
    [
        (19, 0, 0.95, 2),  # 19 of 20 are 95%
        (18, 0, 0.95, 1),  # 18 of 19 are less
        (95, 0, 0.95, 6),
        (95, 2, 0.95, 4),
        (95, 5, 0.95, 1),
        (95, 6, 0.95, 0),  # missed already
        (95, 60, 0.95, 0),
        (1, 0, 0.5, 2),
        (0, 0, 0.95, 1),
        (9, 0, 0.9, 2),  # 0.9 is less than 9/10 as a float
        (7, 0, 0.7, 4),
    ],
)
def test_fewest_that_miss(found: int, unsure: int, recall: float, missing: int) -> None:
    assert fewest_that_miss(found, unsure, recall) == missing


@given(st.integers(1, 2000), st.integers(0, 50), st.sampled_from([0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]))
def test_one_less_than_misses_reaches_the_target(found: int, unsure: int, recall: float) -> None:
    missing, target = fewest_that_miss(found, unsure, recall), Fraction(str(recall))
    assert Fraction(found, found + unsure + missing) < target
    assert not missing or Fraction(found, found + unsure + missing - 1) >= target


@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize(("N", "found", "unsure"), [(40, 19, 0), (200, 60, 1), (12, 1, 0), (1, 30, 0)])
def test_the_smallest_draw_that_suffices(N: int, found: int, unsure: int, most: int) -> None:
    def suffices(n: int) -> bool:
        k = min(most, n)
        return most_relevant(N, n, k, 0.05) - k < fewest_that_miss(found + k, unsure, 0.95)

    needed = draw_needed(N, found, unsure, 0.95, 0.05, most)
    assert needed == next(n for n in range(N + 1) if suffices(n))


def test_no_draw_suffices_while_too_much_is_unsure() -> None:
    assert draw_needed(40, 19, 2, 0.95, 0.05) is None
    assert draw_needed(40, 19, 1, 0.95, 0.05) == 38, "1 of 40 is missed by 38 drawn in 1 of 20 draws"


@pytest.mark.parametrize("values", [(0.2, 0.95), (0.95, 0.2), (1.0, 0.95), (0.95, 1.0), (float("nan"), 0.9), (95, 0.9)])
def test_a_target_is_a_share(values: tuple[float, float]) -> None:
    with pytest.raises(ExemplarError, match=r"^the target (recall|confidence) must be between 0\.5 and 0\.999, got "):
        Target(*values)


@pytest.mark.parametrize("n_unread", [1, 7, 60, 2_000, 25_000])
def test_the_distribution_function_is_that_of_scipy(n_unread: int) -> None:
    random = np.random.default_rng(n_unread)
    for K, n_drawn in random.integers(0, n_unread + 1, (20, 2)).tolist():
        for k in {-1, 0, 1, 5, K * n_drawn // n_unread, min(K, n_drawn)}:
            expected = hypergeom.cdf(k, n_unread, K, n_drawn)
            assert bounds.chance_of_at_most(k, n_unread, K, n_drawn) == pytest.approx(expected, abs=1e-8)
