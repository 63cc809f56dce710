import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from exemplar.data.encoders.base import unit_rows
from exemplar.retrieval.index.base import Rows
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.topk_scan import topk_scan
from exemplar.retrieval.svm import fit
from exemplar.retrieval.svm.fit import NEGATIVE_WEIGHT, ExemplarSVM, fit_exemplar_svm
from exemplar.retrieval.svm.objective import LossWeights


def unit(n: int, dim: int, seed: int = 0, mean: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return unit_rows(rng.normal(size=(n, dim)) + mean * rng.normal(size=dim))


@pytest.fixture
def vectors() -> np.ndarray:
    return unit(300, 16)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """So many rows that samples stand for them."""
    return unit(12_000, 48, mean=0.7)


def linear_svc(X: np.ndarray, y: np.ndarray, c: np.ndarray) -> np.ndarray:
    svm = LinearSVC(C=1, tol=1e-8, max_iter=10_000, dual=False).fit(X.astype(float), y, sample_weight=c)
    return np.append(svm.coef_[0], svm.intercept_)


def reference(positives: np.ndarray, background: np.ndarray, T: float) -> np.ndarray:
    """Return (w, b) of LinearSVC with loss weight T for each class."""
    X = np.concatenate([positives, background])
    weights = np.repeat([T / len(positives), T / len(background)], [len(positives), len(background)])
    return linear_svc(X, np.arange(len(X)) < len(positives), weights)


def objective(w: np.ndarray, X: np.ndarray, y: np.ndarray, c: np.ndarray, anchor: float | np.ndarray = 0.0) -> float:
    hinge = np.maximum(0, 1 - y * (X.astype(float) @ w[:-1] + w[-1]))
    return float((w - anchor) @ (w - anchor) / 2 + c @ hinge**2)


def weights_of(svm: ExemplarSVM) -> np.ndarray:
    return np.append(svm.w, svm.b)


def top(X: np.ndarray, w: np.ndarray, k: int = 10) -> list[int]:
    return np.argsort(-(X.astype(float) @ w[:-1]), kind="stable")[:k].tolist()


def test_linear_svcs_own_c_gives_the_notebooks_classifier(vectors: np.ndarray) -> None:
    svm = fit_exemplar_svm(DenseIndex(vectors[1:]), vectors[:1], C=0.1, scale_c=False, until="exact")
    clf = LinearSVC(class_weight="balanced", C=0.1, tol=1e-8, max_iter=10_000, dual=False)
    clf.fit(vectors.astype(float), np.arange(300) == 0)
    np.testing.assert_allclose(weights_of(svm), np.append(clf.coef_[0], clf.intercept_), atol=1e-5)
    assert svm.stopped == "exact"


@pytest.mark.parametrize("n", [10, 300, 2500])
def test_c_means_c_on_a_thousand_rows_whatever_the_corpus(n: int) -> None:
    X = unit(n + 1, 16)
    svm = fit_exemplar_svm(DenseIndex(X[1:]), X[:1], C=0.1, until="exact")
    np.testing.assert_allclose(weights_of(svm), reference(X[:1], X[1:], T=50), atol=1e-5)


def test_positives_are_not_background_as_well(vectors: np.ndarray) -> None:
    svm = fit_exemplar_svm(DenseIndex(vectors), vectors[:3], exclude=[2, 0, 1, 1], C=1.0, until="exact")
    np.testing.assert_allclose(weights_of(svm), reference(vectors[:3], vectors[3:], T=500), atol=1e-5)


@pytest.mark.parametrize(("n", "heavier"), [(300, 1), (3000, 3)])
def test_a_marked_negative_weighs_some_background_rows_of_a_thousand(n: int, heavier: float) -> None:
    X = unit(n + 3, 16)  # the positive, two negatives, n background rows
    svm = fit_exemplar_svm(DenseIndex(X[1:]), X[:1], negatives=[1, 0, 1], C=0.1, until="exact")
    relative = np.r_[np.full(2, NEGATIVE_WEIGHT * heavier), np.ones(n)]
    expected = linear_svc(X, np.arange(n + 3) == 0, np.r_[50, 50 * relative / relative.sum()])
    np.testing.assert_allclose(weights_of(svm), expected, atol=1e-5)


@pytest.mark.parametrize("n", [300, 12_000])
def test_the_best_row_marked_as_not_wanted_leaves_the_top(n: int) -> None:
    X = unit(n, 48, mean=0.7)
    index = DenseIndex(X)
    before = fit_exemplar_svm(index, X[:1], exclude=[0])
    best = next(row for row in top(X, weights_of(before)) if row != 0)
    after = fit_exemplar_svm(index, X[:1], negatives=[best], exclude=[0])
    assert best not in top(X, weights_of(after), k=5)


def test_the_anchored_objective_is_minimised(vectors: np.ndarray) -> None:
    query, X = vectors[0], vectors[1:]
    anchor = np.append(3 * query.astype(float), -2)
    loss = LossWeights(np.array([10.0]), 0.5, 40)
    svm = fit_exemplar_svm(DenseIndex(X), query, [5, 9], loss=loss, anchor=anchor, until="exact")
    y, c = np.r_[1, np.full(299, -1)], np.r_[10, np.full(299, 40 / 297)]
    c[[6, 10]] = 0.25
    best = scipy.optimize.minimize(
        objective, anchor, (vectors, y, c, anchor), method="BFGS", options={"gtol": 1e-7, "maxiter": 10_000}
    )
    np.testing.assert_allclose(weights_of(svm), best.x, atol=1e-4)
    assert svm.objective == pytest.approx(best.fun, rel=1e-6)


def test_without_a_background_the_marks_alone_decide_and_no_row_is_scanned(vectors: np.ndarray) -> None:
    loss = LossWeights(np.array([3.0, 1.0, 0.5]), 6.0, 0.0)
    svm = fit_exemplar_svm(DenseIndex(vectors[40:]), vectors[:3], [9, 5, 30], negative_vectors=vectors[3:6], loss=loss)
    marked = np.concatenate([vectors[:6], vectors[[45, 49, 70]]])
    y, c = np.arange(9) < 3, np.r_[3, 1, 0.5, np.ones(6)]
    np.testing.assert_allclose(weights_of(svm), linear_svc(marked, y, c), atol=1e-5)
    assert (svm.stopped, svm.scans) == ("exact", 0)
    assert svm.objective == pytest.approx(objective(weights_of(svm), marked, 2 * y - 1, c), rel=1e-9)
    assert svm.support == np.count_nonzero((2 * y - 1) * (marked @ svm.w + svm.b) < 1)
    assert not svm.pull.any()


@pytest.mark.parametrize("weight", [1e-3, 1, 1e4])
def test_no_background_is_the_limit_of_a_light_one(vectors: np.ndarray, weight: float) -> None:
    index, anchor = DenseIndex(vectors[40:]), np.append(2 * vectors[7], -1)
    none, light = (
        fit_exemplar_svm(
            index,
            vectors[:20],
            range(50, 90),
            loss=LossWeights(np.full(20, weight), weight, background),
            anchor=anchor,
            until="exact",
        )
        for background in (0.0, 1e-12)
    )
    assert (none.scans, none.stopped) == (0, "exact")
    assert light.scans > 0
    np.testing.assert_allclose(weights_of(none), weights_of(light), atol=2e-5 * np.linalg.norm(weights_of(light)))


def test_the_anchor_rules_with_little_weight_on_the_data_and_the_svm_with_much() -> None:
    X = unit(3000, 6)  # holds the query, so that no classifier tells them apart, and the data alone determine one
    query, neighbour = X[:2]
    light, heavy = (
        fit_exemplar_svm(DenseIndex(X), query, C=C, anchor=np.append(neighbour, 0), until="exact") for C in (1e-9, 1e4)
    )
    plain = fit_exemplar_svm(DenseIndex(X), query, C=1e4, until="exact")
    assert top(X, weights_of(light)) == top(X, np.append(neighbour, 0))
    np.testing.assert_allclose(weights_of(heavy), weights_of(plain), atol=1e-3 * np.linalg.norm(plain.w))


cases = st.fixed_dictionaries(
    {
        "n": st.integers(1, 60) | st.integers(1, 3000) | st.integers(4000, 9000),
        "dim": st.integers(2, 96),
        "n_positives": st.integers(1, 50),
        "log_C": st.floats(-3, 1),
        "scale_c": st.booleans(),
        "mean": st.sampled_from([0.0, 0.5, 2.0]),
        "kind": st.sampled_from(["distinct", "duplicates", "near-duplicates", "positives in the background"]),
        "seed": st.integers(0, 2**32 - 1),
    }
)
plain_case = {"n": 2000, "dim": 32, "n_positives": 3, "log_C": 0, "scale_c": True, "mean": 0, "kind": "distinct"}


@pytest.mark.slow
@given(case=cases)
@example(case={**plain_case, "kind": "duplicates", "seed": 1})
@example(case={**plain_case, "n": 8000, "seed": 2})
@example(case={**plain_case, "n": 1, "dim": 2, "log_C": -2, "kind": "positives in the background", "seed": 3})
@settings(max_examples=100, deadline=None)
def test_exact_is_linear_svcs_answer(case: dict[str, object]) -> None:
    n, n_positives, C = case["n"], case["n_positives"], 10 ** case["log_C"]
    rng = np.random.default_rng(case["seed"])
    X = unit(n, case["dim"], case["seed"], case["mean"])
    positives = unit(n_positives, case["dim"], case["seed"] + 1)
    if case["kind"] == "duplicates":
        X = X[rng.integers(0, n // 3 + 1, n)]
    elif case["kind"] == "near-duplicates":
        X = unit_rows(X[rng.integers(0, n // 3 + 1, n)] + 1e-3 * rng.normal(size=X.shape))
    elif case["kind"] == "positives in the background":
        positives = X[rng.integers(0, n, n_positives)]

    svm = fit_exemplar_svm(DenseIndex(X), positives, C=C, scale_c=case["scale_c"], until="exact")

    T = 500 * C if case["scale_c"] else C * (n + n_positives) / 2
    expected = reference(positives, X, T)
    rows, y = np.concatenate([positives, X]), np.repeat([1, -1], [n_positives, n])
    c = np.repeat([T / n_positives, T / n], [n_positives, n])
    least = objective(expected, rows, y, c)
    assert svm.stopped == "exact"
    assert objective(weights_of(svm), rows, y, c) <= least * (1 + 1e-6)
    assert svm.objective == pytest.approx(least, rel=1e-5)
    # The same ten, but where rows tie: what counts is that LinearSVC finds ours as good as its own.
    scores = X.astype(float) @ expected[:-1]
    tie = 1e-5 * max(1.0, float(np.linalg.norm(expected)))
    np.testing.assert_allclose(scores[top(X, weights_of(svm))], scores[top(X, expected)], rtol=0, atol=tie)


@pytest.mark.parametrize("T", [5, 50, 500, 600.05])
def test_samples_that_stand_for_the_rest_do_not_show_in_the_result(many: np.ndarray, T: float) -> None:
    svm = fit_exemplar_svm(DenseIndex(many[1:]), many[:1], C=T / 500, until="exact")
    expected = reference(many[:1], many[1:], T)
    assert svm.stopped == "exact"
    assert top(many[1:], weights_of(svm)) == top(many[1:], expected)
    np.testing.assert_allclose(weights_of(svm), expected, atol=1e-4 * np.linalg.norm(expected))


@pytest.mark.slow
def test_a_sample_that_is_too_small_grows() -> None:
    X = unit(8000, 384)[np.random.default_rng(8000).integers(0, 2666, 8000)]
    positives = unit(300, 384, seed=1)
    svm = fit_exemplar_svm(DenseIndex(X), positives, C=6, scale_c=False, until="exact")
    expected = reference(positives, X, T=3 * 8300)
    assert svm.stopped == "exact"
    assert svm.scans <= 8  # with the sample as it is to begin with, 16
    assert top(X, weights_of(svm)) == top(X, expected)


def test_what_float32_rounds_off_does_not_keep_it_from_the_optimum() -> None:
    rng = np.random.default_rng(23_000)
    X = unit_rows(rng.normal(size=(23_000, 2)) + 10 * rng.normal(size=2))  # all much alike
    positive = X[rng.integers(0, 23_000, 1)]
    svm = fit_exemplar_svm(DenseIndex(X), positive, C=7.7, scale_c=False, until="exact")
    assert svm.stopped == "exact"  # in single precision alone it ends as "budget"


@pytest.mark.slow
def test_settled_has_the_exact_top_after_few_scans(many: np.ndarray) -> None:
    index = DenseIndex(many[20:])
    settled = [fit_exemplar_svm(index, query) for query in many[:20]]
    exact = [fit_exemplar_svm(index, query, until="exact") for query in many[:20]]
    assert [svm.stopped for svm in settled] == ["settled"] * 20
    assert max(svm.scans for svm in settled) <= 3
    same = [top(many[20:], weights_of(a)) == top(many[20:], weights_of(b)) for a, b in zip(settled, exact, strict=True)]
    assert all(same)


def test_a_part_of_a_large_corpus_can_leave_one_scan_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit(100_000, 48, mean=0.7)
    index, queries = DenseIndex(rows[12:]), rows[:12]
    exact = [fit_exemplar_svm(index, query, until="exact") for query in queries]
    monkeypatch.setattr(fit, "_PART", 20_000)
    settled = [fit_exemplar_svm(index, query) for query in queries]
    assert {svm.stopped for svm in settled} == {"settled"}
    assert min(svm.scans for svm in settled) == 1
    assert max(svm.scans for svm in settled) <= 3
    tops = [[index.top_k(svm.w, 10)[0].tolist() for svm in svms] for svms in (settled, exact)]
    assert sum(map(list.__eq__, *tops)) >= 11
    again = fit_exemplar_svm(index, queries[0], until="exact")
    assert again.stopped == "exact"
    np.testing.assert_allclose(weights_of(again), weights_of(exact[0]), atol=1e-4)


def test_what_is_not_reached_is_not_called_exact_or_settled(many: np.ndarray) -> None:
    rows, y = many, np.repeat([1, -1], [1, 11_999])
    c = np.repeat([50, 50 / 11_999], [1, 11_999])
    for until in ("settled", "exact"):
        svm = fit_exemplar_svm(DenseIndex(many[1:]), many[:1], until=until, max_scans=1)
        assert (svm.stopped, svm.scans) == ("budget", 1)
        assert svm.objective == pytest.approx(objective(weights_of(svm), rows, y, c), rel=1e-5)


def test_support_is_the_number_of_rows_with_loss(vectors: np.ndarray) -> None:
    svm = fit_exemplar_svm(DenseIndex(vectors[1:]), vectors[:1], until="exact")
    margins = np.r_[1, np.full(299, -1)] * (vectors @ svm.w + svm.b)
    assert svm.support == np.count_nonzero(margins < 1)
    assert 1 < svm.support < 300


class TopKIndex:
    """Has what an index of a vector database has: top-k queries of at most so many rows, and nothing read whole."""

    def __init__(self, vectors: np.ndarray, most: int, exact: bool = True) -> None:
        self._dense = DenseIndex(vectors)
        self.n, self.dim = vectors.shape
        self.most, self.exact = most, exact
        self.queries = 0

    def top_k(self, w: np.ndarray, k: int, **options: float) -> tuple[np.ndarray, np.ndarray]:
        assert k <= self.most
        self.queries += 1
        return self._dense.top_k(w, k, **options)

    def best(self, w: np.ndarray, k: int, b: float, *, prove: bool) -> tuple[np.ndarray, np.ndarray, bool]:
        return *self.top_k(w, k, b=b), self.exact

    def sample(self, m: int, seed: int) -> np.ndarray:
        return self._dense.sample(m, seed)

    def vectors(self, rows: Rows) -> np.ndarray:
        assert len(rows) <= max(self.most, 4096)
        return self._dense.vectors(rows)

    def features(self, rows: Rows) -> Features:
        return Features(self.vectors(rows))

    def scan(self, w: np.ndarray, b: float, left_out: np.ndarray, *, precise: bool = False) -> Scan:
        sample = self.sample(1024, seed=1)
        return topk_scan(self, w, b, left_out, sample=sample, most=self.most)


@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize("until", ["settled", "exact"])
def test_top_k_queries_alone_give_what_reading_the_corpus_gives(many: np.ndarray, anchored: bool, until: str) -> None:
    options = {
        "negatives": [5, 9],
        "exclude": [3],
        "anchor": np.append(2 * many[0], -1) if anchored else None,
        "until": until,
    }
    index = TopKIndex(many[1:], most=len(many))
    svm = fit_exemplar_svm(index, many[:1], **options)
    whole = fit_exemplar_svm(DenseIndex(many[1:]), many[:1], **options)
    assert (svm.stopped, svm.scans) == (whole.stopped, whole.scans)
    assert index.queries <= 2 * svm.scans
    assert index.n > 2 * svm.support
    np.testing.assert_allclose(weights_of(svm), weights_of(whole), atol=1e-5)


def test_where_a_query_cannot_return_all_that_counts_a_sample_stands_for_the_rest(many: np.ndarray) -> None:
    whole = fit_exemplar_svm(DenseIndex(many[1:]), many[:1], until="exact")
    svm = fit_exemplar_svm(TopKIndex(many[1:], most=whole.support // 3), many[:1], until="exact")
    assert svm.stopped in ("settled", "budget")
    assert svm.support == pytest.approx(whole.support, rel=0.2)
    assert set(top(many, weights_of(svm))[:10]) >= set(top(many, weights_of(whole))[:8])


def test_an_index_that_misses_rows_is_never_exact(many: np.ndarray) -> None:
    svm = fit_exemplar_svm(TopKIndex(many[1:], most=len(many), exact=False), many[:1], until="exact")
    assert svm.stopped in ("settled", "budget")


@pytest.mark.slow
@pytest.mark.parametrize("mapped", [False, True])
def test_it_takes_no_copy_of_the_corpus(tmp_path: Path, mapped: bool) -> None:
    X = unit(100_000, 128, mean=0.7)
    if mapped:
        np.save(tmp_path / "vectors.npy", X)
        X = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    index = DenseIndex(X)
    tracemalloc.start()
    fit_exemplar_svm(index, X[:1], exclude=[0], until="exact")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 4


def test_a_warm_start_from_the_solution_is_done_in_one_scan(many: np.ndarray) -> None:
    index = DenseIndex(many[1:])
    cold = fit_exemplar_svm(index, many[:1], until="exact")
    warm = fit_exemplar_svm(index, many[:1], until="exact", start=cold)
    assert (warm.stopped, warm.scans) == ("exact", 1)
    np.testing.assert_allclose(weights_of(warm), weights_of(cold), atol=1e-4)


def test_a_warm_start_does_not_change_the_answer(many: np.ndarray) -> None:
    index = DenseIndex(many)
    before = fit_exemplar_svm(index, many[:1], exclude=[0])
    marks = {"positives": many[[0, 7]], "negatives": [9], "exclude": [0, 7]}
    cold, warm = (fit_exemplar_svm(index, **marks, until="exact", start=start) for start in (None, before))
    assert warm.scans <= cold.scans
    np.testing.assert_allclose(weights_of(warm), weights_of(cold), atol=1e-4)


def test_same_inputs_give_the_same_classifier(many: np.ndarray) -> None:
    first, second = (fit_exemplar_svm(DenseIndex(many), many[:2], [5], exclude=[0, 1]) for _ in range(2))
    assert weights_of(first).tolist() == weights_of(second).tolist()


def test_thousands_of_marks(many: np.ndarray) -> None:
    positives, negatives = np.arange(2000), np.arange(2000, 5000)
    svm = fit_exemplar_svm(DenseIndex(many), many[positives], negatives, exclude=positives, until="exact")
    relative = np.r_[np.full(3000, NEGATIVE_WEIGHT * 7), np.ones(7000)]
    expected = linear_svc(many, np.arange(12_000) < 2000, np.r_[np.full(2000, 1 / 40), 50 * relative / relative.sum()])
    assert svm.stopped == "exact"
    np.testing.assert_allclose(weights_of(svm), expected, atol=1e-4)


def test_the_same_text_marked_both_ways_is_a_contradiction_not_an_error(vectors: np.ndarray) -> None:
    X = np.concatenate([vectors, vectors[:1]])
    svm = fit_exemplar_svm(DenseIndex(X), X[:1], negatives=[300], exclude=[0, 300], until="exact")
    c = np.r_[
        50, np.full(1, 50 * NEGATIVE_WEIGHT / (299 + NEGATIVE_WEIGHT)), np.full(299, 50 / (299 + NEGATIVE_WEIGHT))
    ]
    expected = linear_svc(X[[0, 300, *range(1, 300)]], np.arange(301) == 0, c)
    assert svm.stopped == "exact"
    np.testing.assert_allclose(weights_of(svm), expected, atol=1e-5)


def test_with_every_row_marked_the_marks_decide(vectors: np.ndarray) -> None:
    negatives = np.arange(3, 300)
    svm = fit_exemplar_svm(DenseIndex(vectors), vectors[:3], negatives, exclude=[0, 1, 2], until="exact")
    np.testing.assert_allclose(weights_of(svm), reference(vectors[:3], vectors[3:], T=50), atol=1e-5)


def test_without_any_negative_class_the_positives_decide() -> None:
    for n in (1, 2):
        X = np.eye(2, dtype=np.float32)[:n]
        svm = fit_exemplar_svm(DenseIndex(X), X, exclude=range(n))
        assert svm.stopped == "exact"
        assert np.ptp(X @ svm.w) == pytest.approx(0, abs=1e-6)
        assert np.all(X @ svm.w + svm.b > 0.9)


def test_a_corpus_of_one_text_alone_is_no_special_case() -> None:
    X = np.repeat(unit(1, 8), 5000, axis=0)
    for anchor in (None, np.append(X[0], 0)):
        svm = fit_exemplar_svm(DenseIndex(X), X[:1], anchor=anchor, until="exact")
        assert svm.stopped == "exact"
        assert np.isfinite(weights_of(svm)).all()


@pytest.mark.slow
def test_copies_before_the_top_do_not_hide_it(many: np.ndarray) -> None:
    plain = DenseIndex(many[20:])
    wrong = 0
    for query in many[:20]:
        rows, _ = plain.top_k(query, 60)
        crowded = np.concatenate([np.repeat(many[20 + rows[-1:]], 500, axis=0), many[20:]])
        settled, exact = (
            weights_of(fit_exemplar_svm(DenseIndex(crowded), query, until=u)) for u in ("settled", "exact")
        )
        wrong += top(crowded, settled) != top(crowded, exact)
    assert wrong == 0


def test_bad_input_is_a_clear_error(vectors: np.ndarray) -> None:
    index = DenseIndex(vectors)
    with pytest.raises(ValueError, match=r"at least one vector of 16 dimensions, got an array of shape \(1, 8\)"):
        fit_exemplar_svm(index, vectors[0, :8])
    with pytest.raises(ValueError, match=r"at least one vector of 16 dimensions, got an array of shape \(0, 16\)"):
        fit_exemplar_svm(index, vectors[:0])
    with pytest.raises(ValueError, match="NaN or infinity"):
        fit_exemplar_svm(index, np.full(16, np.nan))
    with pytest.raises(ValueError, match=r"expected one vector of 17 dimensions, got an array of shape \(1, 2\)"):
        fit_exemplar_svm(index, vectors[:1], anchor=[1, 2])
    with pytest.raises(ValueError, match="the index holds no rows"):
        fit_exemplar_svm(DenseIndex(vectors[:0]), vectors[:1])
    with pytest.raises(ValueError, match=r"expected one vector of 17 dimensions, got an array of shape \(2, 16\)"):
        fit_exemplar_svm(index, vectors[:1], anchor=vectors[:2])
    with pytest.raises(ValueError, match="the start has 8 dimensions, but the index has 16"):
        fit_exemplar_svm(index, vectors[:1], start=fit_exemplar_svm(DenseIndex(unit(50, 8)), unit(1, 8)))
    with pytest.raises(ValueError, match="until must be settled or exact, got 'done'"):
        fit_exemplar_svm(index, vectors[:1], until="done")
    with pytest.raises(ValueError, match="max_scans must be at least 1, got 0"):
        fit_exemplar_svm(index, vectors[:1], max_scans=0)
    for C in (0, -1, np.nan, np.inf, 1e7):
        with pytest.raises(ValueError, match="C must be a positive number up to 1,000,000, got"):
            fit_exemplar_svm(index, vectors[:1], C=C)
    one = np.ones(1)
    for loss in (
        LossWeights(-one, 1, 1),
        LossWeights(one, 1, np.nan),
        LossWeights(one, 1, 1e12),
        LossWeights(one[:0], 1, 1),
    ):
        with pytest.raises(
            ValueError, match="expected 1 loss weights of positives, none negative or above 10,000,000,000"
        ):
            fit_exemplar_svm(index, vectors[:1], loss=loss)
    for rows in ([-1], [299, 300]):
        with pytest.raises(ValueError, match="rows of this index are 0 to 299, got"):
            fit_exemplar_svm(index, vectors[:1], negatives=rows)
        with pytest.raises(ValueError, match="rows of this index are 0 to 299, got"):
            fit_exemplar_svm(index, vectors[:1], exclude=rows)
    with pytest.raises(ValueError, match="rows must be a list of integers, got bool"):
        fit_exemplar_svm(index, vectors[:1], exclude=np.zeros(300, dtype=bool))
    broken = vectors.copy()
    broken[7] = np.nan
    with pytest.raises(ValueError, match="the index holds rows that are not unit vectors"):
        fit_exemplar_svm(DenseIndex(broken), vectors[:1])
