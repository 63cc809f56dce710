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

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.index.dense import Index, Rows, checked_rows
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.svm.objective import Objective

Stopped = Literal["exact", "settled", "budget"]
Until = Literal["settled", "exact"]

LARGEST_C = 1e6  # beyond, double precision can't hold both terms of the objective
NEGATIVE_WEIGHT = 12.0  # in background rows of a corpus of 1,000

_SAMPLE = 2048  # rows that stand for all where not all are taken, to begin with; twice that where a scan takes long
_LARGEST_SAMPLE = 16 * _SAMPLE
_ESTIMATED_SCANS = 8  # where a scan is an estimate: more would follow its errors
_EXACT_STEP = 1e-5  # of |w~|
_EXACT_GAP = 1e-6  # of the objective
_TOP = 11  # ten results, and the query's own document, which is not shown


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
        ``exact``: where training ended, the last step was less than 1e-5 of |w~|, and before that step the objective
        was proved within 1e-6 of its minimum (relative), or w~ within 1e-5 of its length of the optimum. As P is
        1-strongly convex, ``P - min P <= |gradient|^2 / 2`` and ``|w~ - optimum| <= |gradient|``.
        Only where a scan reads every row that carries loss; where top-k queries and a sample stand for that, training
        ends as settled.
        ``settled``: the last step, and steps do shrink, left the first ten rows as they were, and 98 of the first
        hundred.
        ``budget``: neither, within ``max_scans``.
    scans
        How many times the corpus was read.
    support
        How many rows, marked ones among them, carried loss at the last scan.
    objective
        ``P(w, b)``; what the last step gained is taken from its model.
    seconds
        What it took.
    pull
        ``(dim + 1,)``, the mean of ``hinge * [x, 1]`` over the background, as the gradient's being zero implies it:
        what a warm start knows of the corpus.
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
    negative_weight: float = NEGATIVE_WEIGHT,
    anchor: ArrayLike | None = None,
    exclude: Rows = (),
    start: ExemplarSVM | None = None,
    until: Until = "settled",
    max_scans: int = 30,
    seed: int = 0,
) -> ExemplarSVM:
    r"""Train a linear SVM on [positives; rows of the index].

    Parameters
    ----------
    positives
        ``(n_positives, dim)`` unit rows: the query and the marked documents.
    negatives
        Rows of the index that were marked as not wanted.
    C
        The loss weight of a class is ``T = 500 C``: C is LinearSVC's on a corpus of 1,000 rows, whatever the corpus.
    scale_c
        False gives LinearSVC's own C: ``T = C n / 2``, with n the rows of both classes.
    negative_weight
        What each negative weighs, in background rows of a corpus of 1,000; of this one where it is smaller, or with
        ``scale_c=False``; never less than one row, which it is without the mark.
    anchor
        ``(dim,)``, a point p to stay close to: ``a = lambda p`` with intercept ``1 - lambda p.p`` and
        ``lambda = 2 / max(p.p - p.mu, 0.01)``, so that the anchor scores 1, and mu -1, the mean of a sample of the
        background. With little weight on the data the ranking is the nearest neighbours of p, with much it is the
        plain SVM's.
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
    ExemplarError
        C isn't positive or is beyond 1e6.
    ValueError
        There is no positive or no row, a shape or row doesn't fit the index, or a number isn't finite.

    Notes
    -----
    Negatives and background share T by their weights. Where a class has no row, the other decides alone.
    """
    began = time.perf_counter()
    P = _checked(positives, index.dim)
    _check(index, C, negative_weight, until, max_scans, start)
    with one_blas_thread():
        sample = index.sample(_sample_size(index.n), seed)
        marked, excluded = checked_rows(negatives, index.n), checked_rows(exclude, index.n)
        objective = Objective.of(index, P, marked, excluded, C=C, scale_c=scale_c, negative_weight=negative_weight)
        background = np.setdiff1d(sample, objective.left_out)
        if anchor is not None:
            point = _checked(anchor, index.dim, at_most=1)[0]
            usual = background if background.size else sample
            objective.anchor_at(point, index.vectors(usual).mean(axis=0, dtype=np.float64))
        w = _first_guess(objective, background, start)
        w, stopped, scans, support, value = _descend(objective, w, until, max_scans)
        pull = objective.implied_pull(w)
    if not np.isfinite(w).all():
        raise ValueError("training met NaN or infinity: the index holds rows that are no unit vectors")
    return ExemplarSVM(w[:-1], float(w[-1]), stopped, scans, support, value, time.perf_counter() - began, pull)


def _first_guess(objective: Objective, sample: NDArray[np.intp], start: ExemplarSVM | None) -> NDArray[np.float64]:
    """Return the optimum as a sample of the background has it; a warm start also knows the sample's error."""
    w = objective.anchor if start is None else np.append(start.w, start.b)
    pull = None if start is None else start.pull * objective.n_background
    model = objective.model(w, pull, sample, objective.n_background / max(1, sample.size))
    enough = 0.03 if sample.size == objective.n_background else 10.0  # a sample's optimum is not worth more
    step, _ = model.minimise(min(enough, 1e-3 * float(np.linalg.norm(model.gradient))))
    return w + step


def _descend(
    objective: Objective, w: NDArray[np.float64], until: Until, max_scans: int
) -> tuple[NDArray[np.float64], Stopped, int, int, float]:
    """Go to the minimum; return w~, why it stopped, scans, support and objective."""
    mined, size, precise = np.empty(0, dtype=np.intp), _sample_size(objective.index.n), False
    best, value, support, fall, step = w, np.inf, 0, 0.0, np.full_like(w, np.inf)
    for scans in range(1, max_scans + 1):
        now = objective.index.scan(w[:-1], float(w[-1]), objective.left_out, precise=precise)
        there = objective.value(w, now.loss)
        if there > value * (1 + _EXACT_GAP) and objective.gradient(w, now.pull) @ step > fall / 2:
            # The step was too long. Its violators say why, and a larger sample would have known.
            size = min(2 * size, _LARGEST_SAMPLE)
            mined, _ = _joined(mined, now.violators, 2 * size)
            step, fall = step / 2, fall / 2
            w = w - step
            continue
        best, value = w, there
        support = now.support + int(np.count_nonzero(objective.slack(w) > 0))
        mined, fits = _joined(mined, now.violators, 2 * size)
        whole = fits and now.stands_for is None
        if whole:
            model = objective.model(w, None, mined, 1.0, precise=True)
        else:
            model = objective.model(w, now.pull, *now.stand_ins(size))
        slope, length = float(np.linalg.norm(model.gradient)), max(float(np.linalg.norm(w)), 1e-3)
        tolerance = 0.3 * _EXACT_STEP * length
        last = float(np.linalg.norm(step))
        step, change = model.minimise(tolerance if whole else max(0.05 * slope, tolerance))
        w, fall, moved = w + step, -float(model.gradient @ step), float(np.linalg.norm(step))
        proved = slope <= _EXACT_STEP * length or slope**2 / 2 <= _EXACT_GAP * value
        if moved <= _EXACT_STEP * length and proved:
            return w, "exact" if now.stands_for is None else "settled", scans, support, value + change
        shrinks = whole or (scans > 1 and moved < last / 2)
        if until == "settled" and shrinks and _is_settled(objective.index, now, step):
            return w, "settled", scans, support, value + change
        if now.stands_for is not None and scans == _ESTIMATED_SCANS:
            break
        if moved > 0.2 * last:  # the sample is too small, or, of a short step, float32 has too few digits
            size, precise = min(2 * size, _LARGEST_SAMPLE), precise or moved < 0.01 * length
    return best, "budget", scans, support, value


def _sample_size(n: int) -> int:
    return max(_SAMPLE, min(2 * _SAMPLE, n // 256))


def _joined(mined: NDArray[np.intp], violators: NDArray[np.intp], most: int) -> tuple[NDArray[np.intp], bool]:
    """Return the mined rows with new violators, and True; or as they were, where that would be too many for a model."""
    if violators.size > most:
        return mined, False
    joined = np.union1d(mined, violators) if mined.size else violators
    return (joined, True) if joined.size <= most else (mined, False)


def _is_settled(index: Index, now: Scan, step: NDArray[np.float64]) -> bool:
    """Return whether a step leaves the top of the ranking as it is."""
    top, scores = now.top(200)
    was, is_now = (np.argsort(-s, kind="stable") for s in (scores, scores + index.vectors(top) @ step[:-1]))
    same = np.intersect1d(was[:100], is_now[:100]).size
    return np.array_equal(was[:_TOP], is_now[:_TOP]) and same >= min(98, top.size - 2)


def _check(
    index: Index, C: float, negative_weight: float, until: str, max_scans: int, start: ExemplarSVM | None
) -> None:
    if not 0 < C <= LARGEST_C:
        raise ExemplarError(f"C must be a positive number up to {LARGEST_C:,.0f}, got {C}")
    if not 0 < negative_weight <= LARGEST_C:
        raise ValueError(f"a negative's weight must be a positive number up to {LARGEST_C:,.0f}, got {negative_weight}")
    if until not in ("settled", "exact"):
        raise ValueError(f"train until settled or exact, not until '{until}'")
    if max_scans < 1:
        raise ValueError(f"at least 1 scan is needed, got {max_scans}")
    if not index.n:
        raise ValueError("the index holds no rows")
    if start is not None and start.w.shape != (index.dim,):
        raise ValueError(f"the start has {start.w.size} dimensions, the index {index.dim}")


def _checked(vectors: ArrayLike, dim: int, at_most: int | None = None) -> NDArray[np.float64]:
    array = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    if array.ndim != 2 or array.shape[1] != dim or not 1 <= len(array) <= (at_most or len(array)):
        wanted = f"one vector of {dim} dimensions" if at_most == 1 else f"at least one vector of {dim} dimensions"
        raise ValueError(f"expected {wanted}, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a vector holds NaN or infinity")
    return array
