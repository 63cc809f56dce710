import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.index import DenseIndex

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


def test_vectors_come_in_the_order_asked_for() -> None:
    assert DenseIndex(COMPASS).vectors([2, 0]).tolist() == [[-1, 0], [1, 0]]


def test_double_precision_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(n, dim\) float32 vectors, got \(4, 2\) float64"):
        DenseIndex(COMPASS.astype(float))  # type: ignore[arg-type]


small = hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(3)), elements=st.integers(-2, 2).map(float))


@given(vectors=small, w=hnp.arrays(np.float32, 3, elements=st.integers(-2, 2).map(float)), k=st.integers(1, 35))
def test_top_k_is_a_stable_sort_of_all_scores(vectors: np.ndarray, w: np.ndarray, k: int) -> None:
    rows, scores = DenseIndex(vectors).top_k(w, k)
    everything = vectors @ w
    expected = sorted(range(len(vectors)), key=lambda row: (-everything[row], row))[:k]
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


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_without_a_direction_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        DenseIndex(COMPASS).top_k([bad, 0], 1)
