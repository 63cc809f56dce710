import numpy as np
import pytest

from exemplar.data.encoders.base import unit_rows
from exemplar.retrieval.index.scan import scan


@pytest.mark.parametrize("b", [-3.0, -1.6, -1.3, -0.9, 0.5])  # none, a few, some, most, all above the margin
@pytest.mark.parametrize(("precise", "tolerance"), [(False, 1e-5), (True, 1e-12)])
def test_a_scan_is_the_sum_over_all_rows_but_those_left_out(b: float, precise: bool, tolerance: float) -> None:
    rng = np.random.default_rng(0)
    X, w = unit_rows(rng.normal(size=(9001, 40))), 1.5 * unit_rows(rng.normal(size=(1, 40)))[0].astype(float)
    left_out = np.array([0, 5, 2047, 2048, 9000])

    found = scan(X, w, b, left_out, precise=precise)

    scores = X.astype(float) @ w + b
    hinge = np.maximum(0, 1 + scores)
    hinge[left_out] = 0
    pull = hinge @ np.column_stack([X.astype(float), np.ones(len(X))])
    np.testing.assert_allclose(found.scores, scores, atol=tolerance)
    assert found.violators.tolist() == np.flatnonzero(hinge).tolist()
    np.testing.assert_allclose(found.loss, hinge @ hinge, rtol=tolerance)
    np.testing.assert_allclose(found.pull, pull, rtol=tolerance, atol=tolerance * max(1, hinge.sum()))


def test_everything_left_out_is_no_loss() -> None:
    X = np.eye(3, dtype=np.float32)
    found = scan(X, np.ones(3), 0.0, np.arange(3))
    assert (found.violators.tolist(), found.loss, found.pull.tolist()) == ([], 0, [0, 0, 0, 0])
    assert found.scores.tolist() == [1, 1, 1]
