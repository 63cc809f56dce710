import numpy as np
import pytest
from scipy.sparse import csr_array

from exemplar.data.encoders.base import unit_rows
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part


@pytest.mark.parametrize("precise", [False, True])
def test_a_part_is_an_index_of_its_rows(precise: bool) -> None:
    index = DenseIndex(unit_rows(np.random.default_rng(0).normal(0.3, 1, (500, 12))))
    part = index.part(200, 1)
    assert part is index.part(200, 1)
    rows = index.sample(200, 1)
    np.testing.assert_array_equal(part.rows, rows)
    alone = DenseIndex(index.vectors(rows))
    w, left_out = np.random.default_rng(1).normal(size=12), np.array([0, 7, 199])
    read, expected = (each.scan(w, -0.4, left_out, precise=precise) for each in (part, alone))
    np.testing.assert_allclose(read.scores, expected.scores, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(read.violators, expected.violators)
    np.testing.assert_allclose(read.pull, expected.pull, rtol=1e-4)
    assert read.loss == pytest.approx(expected.loss, rel=1e-5)
    np.testing.assert_array_equal(part.features(np.array([5, 0])).vectors, alone.vectors([5, 0]))


def test_another_part_is_drawn_anew() -> None:
    index = DenseIndex(unit_rows(np.random.default_rng(0).normal(size=(500, 12))))
    assert not np.array_equal(index.part(200, 1).rows, index.part(200, 2).rows)
    assert index.part(100, 2).n == 100


def test_words_stay_beside_vectors() -> None:
    rng = np.random.default_rng(2)
    vectors = unit_rows(rng.normal(size=(50, 8)))
    words = np.where(rng.random((50, 5)) < 0.3, rng.random((50, 5)), 0).astype(np.float32)
    part = Part(np.arange(50), Features(vectors, csr_array(words)))
    alone = DenseIndex(np.hstack([vectors, words]), longest=3.0)
    assert part.dim == 13
    w, left_out = rng.normal(size=13), np.array([3])
    read, expected = (each.scan(w, -0.4, left_out) for each in (part, alone))
    np.testing.assert_allclose(read.scores, expected.scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(read.pull, expected.pull, rtol=1e-4)
    np.testing.assert_allclose(part.features(np.array([9])).to_array(), alone.vectors([9]))
