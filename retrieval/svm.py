r"""The exemplar SVM: positives against the whole rest of the corpus.

After Malisiewicz, Gupta and Efros, "Ensemble of Exemplar-SVMs for Object Detection and Beyond" (ICCV 2011), and
Karpathy's notebook "kNN vs. SVM". Over ``w~ = (w, b)``, with ``x~ = [x, 1]``, it minimises what
``LinearSVC(class_weight="balanced")`` minimises:

``P(w~) = 1/2 |w~ - a~|^2 + sum_i c_i max(0, 1 - y_i w~.x~_i)^2``, where ``a~ = 0`` but for the anchored variant.

No copy of the corpus and no solver over it is needed, because a scan gives the exact gradient, and only the gradient
has to be exact. Each round scans the corpus at ``w~``, draws a few thousand of the rows that carry loss to say how the
gradient will change, solves for the step on these (LocalModel), and takes it. The error falls tenfold to thirtyfold a
round (sub-sampled Newton: Roosta-Khorasani and Mahoney, "Sub-Sampled Newton Methods", Math. Program. 174, 2019). Where
no more rows carry loss than fit the model it holds them all, and the method is hard-negative mining.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.index import Index, Rows
from retrieval.newton import LocalModel
from retrieval.scan import Scan, one_blas_thread, scan

Stopped = Literal["exact", "settled", "budget"]

# A marked negative is a background row already: with the same weight, marking it would change nothing.
NEGATIVE_WEIGHT = 10.0  # in background rows of a corpus of NOTEBOOK_ROWS
NOTEBOOK_ROWS = 1000

_SAMPLE = 2048  # rows that stand for all where not all are taken
_WHOLE = 4096  # up to so many all are taken
_EXACT_STEP = 1e-5  # of |w~|
_EXACT_GAP = 1e-6  # of the objective


@dataclass(frozen=True, slots=True, eq=False)
class ExemplarSVM:
    """A trained classifier: the score of a row x is ``w.x + b``.

    Attributes
    ----------
    w
        ``(dim,)`` weights.
    b
        The intercept.
    stopped
        ``exact``: the last step moved w~ by less than 1e-5 of its length, and before it the objective was proved within
        1e-6 of its minimum, or w~ within 1e-5 of its length of the optimum: P is 1-strongly convex, so that
        ``P - min P <= |gradient|^2 / 2`` and ``|w~ - optimum| <= |gradient|``. ``settled``: the last
        step left the first ten as they were, and 98 of the first hundred. ``budget``: neither, within ``max_scans``.
    scans
        How many times the corpus was read.
    support
        How many rows, marked ones among them, carry loss.
    objective
        ``P(w, b)``; of a settled classifier as the last step's model has it.
    seconds
        What it took.
    pull
        ``(dim + 1,)``, the mean of ``hinge * [x, 1]`` over the background: what a warm start knows of the corpus.
    """

    w: NDArray[np.float64]
    b: float
    stopped: Stopped
    scans: int
    support: int
    objective: float
    seconds: float
    pull: NDArray[np.float64]


def fit_exemplar_svm(
    index: Index,
    positives: ArrayLike,
    negatives: Rows = (),
    *,
    C: float = 0.1,
    scale_c: bool = True,
    anchor: ArrayLike | None = None,
    exclude: Rows = (),
    start: ExemplarSVM | None = None,
    until: Literal["settled", "exact"] = "settled",
    max_scans: int = 30,
    seed: int = 0,
) -> ExemplarSVM:
    r"""Train a linear SVM on [positives; rows of the index].

    Parameters
    ----------
    positives
        ``(n_positives, dim)`` unit rows: the query and the marked documents.
    negatives
        Rows of the index that were marked as not wanted. Each weighs ``NEGATIVE_WEIGHT`` background rows of a corpus of
        1,000 (with ``scale_c=False``, of this corpus).
    C
        The loss weight of a class is ``T = 500 C``: C is LinearSVC's on a corpus of 1,000 rows, whatever the corpus.
    scale_c
        False gives LinearSVC's own C: ``T = C n / 2``, with n the rows of both classes.
    anchor
        ``(dim,)``, a point p to stay close to: ``a = lambda p`` with intercept ``1 - lambda p.p`` and
        ``lambda = 2 / (p.p - p.mu)``, so that the anchor scores 1 and mu, the mean of a sample of the corpus, -1. With
        little weight on the data the ranking is the nearest neighbours of p, with much it is the plain SVM's.
    exclude
        Rows of the index that are no background: the positives themselves, their duplicates and other passages.
    start
        A classifier of the same index to start from, such as the one before the last mark.
    until
        When to stop, see ``ExemplarSVM.stopped``.
    max_scans
        Give up after so many scans.
    seed
        Of the sample with which it starts.

    Raises
    ------
    ValueError
        There is no positive or no row, a shape doesn't fit the index, C isn't positive, or a number isn't finite.

    Notes
    -----
    Negatives and background share T by their weights. Where a class has no row, the other decides alone.
    """
    began = time.perf_counter()
    P = _checked(positives, index.dim)
    if not 0 < C < np.inf:
        raise ValueError(f"C must be a positive number, got {C}")
    if not index.n:
        raise ValueError("the index holds no rows")
    with one_blas_thread():
        sample = index.sample(_SAMPLE, seed)
        problem = _problem(index, P, negatives, exclude, C=C, scale_c=scale_c)
        if anchor is not None:
            [point] = _checked(anchor, index.dim)
            problem.anchor = _anchor(point, index.vectors(sample).mean(axis=0, dtype=np.float64))
        w = problem.first_guess(np.setdiff1d(sample, problem.left_out), start)
        w, stopped, scans, support, objective = _descend(problem, w, until, max_scans)
        pull = problem.implied_pull(w)
    return ExemplarSVM(w[:-1], float(w[-1]), stopped, scans, support, objective, time.perf_counter() - began, pull)


@dataclass(slots=True, eq=False)
class _Problem:
    """The objective P: marked rows in double precision, the background through the index."""

    index: Index
    marked: NDArray[np.float64]  # (n_marked, dim): positives, then negatives
    y: NDArray[np.float64]
    c: NDArray[np.float64]
    left_out: NDArray[np.intp]  # rows that are no background, ascending
    n_background: int
    c_background: float
    anchor: NDArray[np.float64]  # (dim + 1,)

    def slack(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        slack: NDArray[np.float64] = 1 - self.y * (self.marked @ w[:-1] + w[-1])
        return slack

    def objective(self, w: NDArray[np.float64], loss: float) -> float:
        """Return P, given the background's loss."""
        hinge, away = np.maximum(self.slack(w), 0), w - self.anchor
        return float(away @ away / 2 + self.c @ hinge**2 + self.c_background * loss)

    def gradient(self, w: NDArray[np.float64], pull: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return P's gradient, given the background's pull."""
        z = 2 * self.c * self.y * np.maximum(self.slack(w), 0)
        gradient: NDArray[np.float64] = w - self.anchor - np.append(z @ self.marked, z.sum())
        return gradient + 2 * self.c_background * pull

    def implied_pull(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the background's mean pull at the optimum, where the gradient is zero."""
        rest = self.gradient(w, np.zeros_like(w))
        total_weight = self.c_background * self.n_background
        return -rest / (2 * total_weight) if total_weight else np.zeros_like(rest)

    def model(
        self, w: NDArray[np.float64], pull: NDArray[np.float64] | None, rows: NDArray[np.intp], stands_for: float
    ) -> LocalModel:
        """Return the model of P around w in which some rows stand for the background, each for so many.

        Where the background's pull is not known, the rows stand in for that as well.
        """
        X = self.index.vectors(rows)
        exact = X if pull is not None else X.astype(np.float64)  # what float32 rounds off may cancel what matters
        slack = 1 + (exact @ w[:-1].astype(exact.dtype) + w[-1])
        if pull is None:
            hinge = np.maximum(slack, 0)
            pull = stands_for * np.append(hinge @ exact, hinge.sum())
        c = np.full(rows.size, self.c_background * stands_for)
        return LocalModel(
            self.gradient(w, pull),
            np.concatenate([self.marked.astype(np.float32), X]),
            np.concatenate([self.y, np.full(rows.size, -1)]).astype(np.float32),
            np.concatenate([self.c, c]).astype(np.float32),
            np.concatenate([self.slack(w), slack]).astype(np.float32),
        )

    def first_guess(self, sample: NDArray[np.intp], start: ExemplarSVM | None) -> NDArray[np.float64]:
        """Return the optimum as a sample of the background has it; a warm start also knows the sample's error."""
        w = self.anchor if start is None else np.append(start.w, start.b)
        pull = None if start is None else start.pull * self.n_background
        model = self.model(w, pull, sample, self.n_background / max(1, sample.size))
        step, _ = model.minimise(min(0.03, 1e-3 * float(np.linalg.norm(model.gradient))))
        return w + step


def _descend(
    problem: _Problem, w: NDArray[np.float64], until: str, max_scans: int
) -> tuple[NDArray[np.float64], Stopped, int, int, float]:
    """Go to the minimum of P; return w~, why it stopped, scans, support and objective."""
    mined = np.empty(0, dtype=np.intp)  # rows that were ever found to violate, while these are few
    before, step, precise = np.inf, np.full_like(w, np.inf), False
    for scans in range(1, max_scans + 1):
        now = scan(problem.index, w[:-1], float(w[-1]), problem.left_out, precise=precise)
        objective = problem.objective(w, now.loss)
        if objective > before * (1 + _EXACT_GAP) + 1e-9:  # the step was too long, and its violators say why
            mined, _ = _joined(mined, now.violators)
            step = step / 2
            w = w - step
            continue
        before, support = objective, now.violators.size + int(np.count_nonzero(problem.slack(w) > 0))
        mined, whole = _joined(mined, now.violators)
        rows = mined if whole else _every(now.violators, _SAMPLE)
        model = problem.model(w, None if whole else now.pull, rows, 1.0 if whole else now.violators.size / rows.size)
        slope, length = float(np.linalg.norm(model.gradient)), max(float(np.linalg.norm(w)), 1e-3)
        tolerance = 0.3 * _EXACT_STEP * length
        last, (step, decrease) = step, model.minimise(tolerance if whole else max(0.05 * slope, tolerance))
        w = w + step
        moved = float(np.linalg.norm(step))
        proved = slope <= _EXACT_STEP * length or slope**2 / 2 <= _EXACT_GAP * objective
        if moved <= _EXACT_STEP * length and proved:
            return w, "exact", scans, support, objective + decrease
        if until == "settled" and _is_settled(problem.index, now, step):
            return w, "settled", scans, support, objective + decrease
        # Steps that are short and no longer shrink are what float32 rounds off.
        precise = precise or (moved < 0.01 * length and moved > 0.5 * float(np.linalg.norm(last)))
    return w, "budget", max_scans, support, objective


def _joined(mined: NDArray[np.intp], violators: NDArray[np.intp]) -> tuple[NDArray[np.intp], bool]:
    """Return the mined rows with new violators, and True; or as they were, where that would be too many for a model."""
    if violators.size > _WHOLE:
        return mined, False
    joined = np.union1d(mined, violators) if mined.size else violators
    return (joined, True) if joined.size <= _WHOLE else (mined, False)


def _every(rows: NDArray[np.intp], m: int) -> NDArray[np.intp]:
    """Return m of the rows at even distances."""
    return rows[((np.arange(m) + 0.5) * (rows.size / m)).astype(np.intp)]


def _is_settled(index: Index, now: Scan, step: NDArray[np.float64]) -> bool:
    """Return whether a step leaves the top of the ranking as it is."""
    k = min(200, index.n)
    top = np.flatnonzero(now.scores >= np.partition(now.scores, index.n - k)[index.n - k])[: 2 * k]
    scores = now.scores[top]
    was, is_now = (np.argsort(-s, kind="stable") for s in (scores, scores + index.vectors(top) @ step[:-1]))
    return np.array_equal(was[:10], is_now[:10]) and np.intersect1d(was[:100], is_now[:100]).size >= min(98, k - 2)


def _problem(
    index: Index, positives: NDArray[np.float64], negatives: Rows, exclude: Rows, *, C: float, scale_c: bool
) -> _Problem:
    marked = np.unique(np.asarray(negatives, dtype=np.intp))
    left_out = np.union1d(marked, np.asarray(exclude, dtype=np.intp))
    n_background = index.n - left_out.size
    n_positives, n_negatives = len(positives), marked.size
    T = 500 * C if scale_c else C * (n_positives + n_negatives + n_background) / 2
    heavier = NEGATIVE_WEIGHT * (max(1.0, n_background / NOTEBOOK_ROWS) if scale_c else 1.0)
    c_background = T / max(1.0, n_background + heavier * n_negatives)
    return _Problem(
        index,
        np.concatenate([positives, index.vectors(marked)]),
        np.repeat([1.0, -1.0], [n_positives, n_negatives]),
        np.repeat([T / n_positives, heavier * c_background], [n_positives, n_negatives]),
        left_out,
        n_background,
        c_background,
        np.zeros(index.dim + 1),
    )


def _anchor(p: NDArray[np.float64], mu: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = 2 / max(float(p @ p - p @ mu), 0.01)  # a corpus of one text alone has nothing to tell apart
    return np.append(scale * p, 1 - scale * p @ p)


def _checked(vectors: ArrayLike, dim: int) -> NDArray[np.float64]:
    array = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    if array.ndim != 2 or array.shape[1] != dim or not len(array):
        raise ValueError(f"expected at least one vector of {dim} dimensions, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a vector holds NaN or infinity")
    return array
