import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

from exemplar.retrieval.index.features import Features, to_dense

ROWS = np.random.default_rng(0).normal(size=(6, 7)) * (np.random.default_rng(1).random((6, 7)) < 0.6)


def features(first: int, end: int, kind: str) -> Features:
    """Return some rows of three vector dimensions and four words."""
    vectors, words = np.split(ROWS[first:end], [3], axis=1)
    return Features(vectors, csr_array(words) if kind == "sparse" else words)


@pytest.mark.parametrize("kinds", [("sparse", "sparse"), ("dense", "sparse"), ("sparse", "dense"), ("dense", "dense")])
@pytest.mark.parametrize("cut", [0, 2, 6])
def test_parts_are_stacked_in_their_order(kinds: tuple[str, str], cut: int) -> None:
    found = Features.stacked([features(0, cut, kinds[0]), features(cut, 6, kinds[1])])
    assert len(found) == 6
    assert issparse(found.words) == ("sparse" in kinds)
    np.testing.assert_array_equal(found.to_array(), ROWS.astype(np.float32))


def test_parts_without_words_are_stacked_without_them() -> None:
    found = Features.stacked([Features(ROWS[:2]), Features(ROWS[2:])])
    assert found.words is None
    np.testing.assert_array_equal(found.vectors, ROWS)


@pytest.mark.parametrize("kind", ["sparse", "dense"])
def test_products_are_those_of_whole_rows(kind: str) -> None:
    found, w, z = features(0, 6, kind), np.arange(7.0), np.arange(6.0)
    np.testing.assert_allclose(found.dot(w), ROWS @ w)
    np.testing.assert_allclose(found.weighted_sum(z), z @ ROWS)
    np.testing.assert_array_equal(to_dense(found.words), ROWS[:, 3:])
    single = found.in_single_precision()
    for rows, dtype in ((single, np.float32), (single.precise(), np.float64)):
        assert (rows.vectors.dtype, rows.words.dtype) == (dtype, dtype)
        np.testing.assert_allclose(rows.dot(w.astype(dtype)), ROWS @ w, rtol=1e-5, atol=1e-5)


def test_rows_are_parted_where_others_have_words_apart() -> None:
    whole, parted = Features(ROWS), features(0, 6, "sparse")
    found = whole.like(parted)
    np.testing.assert_array_equal(found.vectors, ROWS[:, :3])
    np.testing.assert_array_equal(found.words, ROWS[:, 3:])
    assert whole.like(Features(ROWS)) is whole
    assert parted.like(features(0, 1, "dense")) is parted
