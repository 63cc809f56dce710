import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exemplar.retrieval.index.dense import DenseIndex

COMPASS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)


def test_best_rows_come_first_with_their_scores() -> None:
    rows, scores = DenseIndex(COMPASS).top_k([0.6, 0.8], 3)
    assert rows.tolist() == [1, 0, 2]
    np.testing.assert_allclose(scores, [0.8, 0.6, -0.6], atol=1e-6)


def test_intercept_is_added_to_every_score() -> None:
    _, scores = DenseIndex(COMPASS).top_k([1, 0], 4, b=-2.0)
    assert scores.tolist() == [-1, -2, -2, -3]


def test_ties_are_broken_by_row_also_at_the_last_place() -> None:
    rows, _ = DenseIndex(np.repeat(COMPASS[:1], 50, axis=0)).top_k([1, 0], 7)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_excluded_rows_do_not_come_back_even_when_fewer_are_left() -> None:
    rows, _ = DenseIndex(COMPASS).top_k([1, 0], 4, exclude=[0, 0, 3])
    assert rows.tolist() == [1, 2]


def test_nothing_left_is_an_empty_answer() -> None:
    rows, scores = DenseIndex(COMPASS).top_k([1, 0], 4, exclude=range(4))
    assert rows.tolist() == scores.tolist() == []


def test_only_rows_within_come_back() -> None:
    rows, scores = DenseIndex(COMPASS).top_k([1, 0], 4, b=0.5, within=[3, 2, 3, 0], exclude=[0])
    assert rows.tolist() == [3, 2]
    assert scores.tolist() == [0.5, -0.5]
    assert DenseIndex(COMPASS).top_k([1, 0], 4, within=[])[0].tolist() == []


def test_only_scores_above_come_back() -> None:
    index = DenseIndex(COMPASS)
    assert index.top_k([1, 0], 4, above=-1)[0].tolist() == [0, 1, 3]
    assert index.top_k([1, 0], 4, b=-1.0, above=-1)[0].tolist() == [0]
    assert index.top_k([1, 0], 2, above=-1)[0].tolist() == [0, 1]
    assert index.top_k([1, 0], 4, above=1)[0].tolist() == []


def test_a_sample_is_of_different_rows_and_the_same_each_time() -> None:
    index = DenseIndex(np.repeat(COMPASS, 25, axis=0))
    rows = index.sample(40, seed=3)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert (len(rows), rows.min() >= 0, rows.max() < 100) == (40, True, True)
    assert rows.tolist() == index.sample(40, seed=3).tolist()
    assert rows.tolist() != index.sample(40, seed=4).tolist()
    assert index.sample(100, seed=3).tolist() == index.sample(1000, seed=3).tolist() == list(range(100))


def test_a_range_is_read_without_a_copy() -> None:
    vectors = DenseIndex(COMPASS).vectors(range(1, 3))
    assert vectors.tolist() == [[0, 1], [-1, 0]]
    assert np.shares_memory(vectors, COMPASS)
    assert not vectors.flags.writeable


def test_all_rows_are_ranked_without_a_copy_in_double_precision() -> None:
    vectors = np.repeat(COMPASS, 50_000, axis=0).repeat(32, axis=1)
    tracemalloc.start()
    rows, _ = DenseIndex(vectors).top_k(np.ones(64), len(vectors))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 200_000
    assert peak < vectors.nbytes / 2


def test_vectors_come_in_the_order_asked_for() -> None:
    assert DenseIndex(COMPASS).vectors([2, 0]).tolist() == [[-1, 0], [1, 0]]


def test_double_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(n, dim\) float32 vectors, got \(4, 2\) float64"):
        DenseIndex(COMPASS.astype(float))  # type: ignore[arg-type]


small = hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.integers(-2, 2).map(float))


@given(
    vectors=small,
    w=hnp.arrays(np.float32, 3, elements=st.integers(-2, 2).map(float)),
    k=st.integers(1, 35),
    exclude=st.lists(st.integers(0, 29)),
    within=st.none() | st.lists(st.integers(0, 29)),
    above=st.none() | st.integers(-8, 8),
)
def test_top_k_is_a_stable_sort_of_all_scores(
    vectors: np.ndarray, w: np.ndarray, k: int, exclude: list[int], within: list[int] | None, above: int | None
) -> None:
    n = len(vectors)
    exclude, within = [row for row in exclude if row < n], within and [row for row in within if row < n]
    rows, scores = DenseIndex(vectors).top_k(w, k, exclude=exclude, within=within, above=above)
    everything = vectors @ w
    allowed = set(range(n) if within is None else within) - set(exclude)
    allowed = {row for row in allowed if above is None or everything[row] > above}
    expected = sorted(allowed, key=lambda row: (-everything[row], row))[:k]
    assert rows.tolist() == expected
    assert scores.tolist() == everything[expected].tolist()


def test_equal_rows_tie_wherever_they_stand() -> None:
    vectors = np.random.default_rng(0).normal(size=(1001, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    same = np.r_[2:400, 999:1001]
    vectors[same] = vectors[2]
    rows, scores = DenseIndex(vectors).top_k(vectors[2] + 0.01 * vectors[0], 450)
    assert rows[: len(same)].tolist() == same.tolist()
    assert len(set(scores[: len(same)])) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e39])
def test_weights_without_a_direction_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="the weights hold NaN, infinity, or numbers that float32 cannot multiply"):
        DenseIndex(COMPASS).top_k([bad, 0], 1)
