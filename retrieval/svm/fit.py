r"""The exemplar SVM: positives against all other rows of the corpus.

After Malisiewicz, Gupta and Efros, "Ensemble of Exemplar-SVMs for Object Detection and Beyond" (ICCV 2011), and
Karpathy's notebook "kNN vs. SVM". Over ``w~ = (w, b)``, with ``x~ = [x, 1]``, it minimises what
``LinearSVC(class_weight="balanced")`` minimises:

``P(w~) = 1/2 |w~ - a~|^2 + sum_i c_i max(0, 1 - y_i w~.x~_i)^2``, where ``a~ = 0`` except in the anchored variant.

The method needs no copy of the corpus and no solver over it, because a scan gives the exact gradient, and only the
gradient must be exact. Every round scans the corpus at ``w~``, draws a few thousand of the rows that have loss, which
show how the gradient changes, and solves for a step on these rows (LocalModel). The error falls tenfold to thirtyfold a
round (sub-sampled Newton: Roosta-Khorasani and Mahoney, "Sub-Sampled Newton Methods", Math. Program. 174, 2019). If the
model can hold all rows that have loss, the method is hard-negative mining. Over a large corpus it begins with the
optimum over a part of the rows, so that mostly one scan of all rows is left, which corrects the part's error.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.index.base import Index, Rows, Scanned, checked_rows
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part
from exemplar.retrieval.index.scan import Scan
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.svm.newton import NOT_FINITE
from exemplar.retrieval.svm.objective import LossWeights, Objective, balanced

Stopped = Literal["exact", "settled", "budget"]
Until = Literal["settled", "exact"]

LARGEST_C = 1e6  # above, double precision cannot represent both terms of the objective
NEGATIVE_WEIGHT = 12.0  # in background rows of a corpus of 1,000

_SAMPLE = 2048  # rows of the first model if it cannot hold all; up to twice that where a scan takes long
_LARGEST_SAMPLE = 16 * _SAMPLE
_ESTIMATED_SCANS = 8  # if scans are estimates: more scans would fit their errors
_EXACT_STEP = 1e-5  # of |w~|
_EXACT_GAP = 1e-6  # of the objective
_MOST_STEPS = 30  # without a background
_PART, _LEAST_PARTS, _PART_SCANS = 65_536, 4, 4  # rows; parts of an index for which one pays; scans of one
_NEXT_STEP = 0.15  # of a step from the optimum over a part
_TOP = 11  # ten results, and the document that is the query, which the results leave out


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
        ``exact``: the last step was shorter than 1e-5 of |w~|, and before that step the objective was proved to be
        within 1e-6 of its minimum (relative), or w~ within 1e-5 of its length from the optimum. Since P is 1-strongly
        convex, ``P - min P <= |gradient|^2 / 2`` and ``|w~ - optimum| <= |gradient|``. This needs scans that read every
        row that has loss; with estimated scans the same condition ends training as settled.
        ``settled``: steps shrink, and the last step kept the order of the first ten rows, and 98 of the first hundred;
        or after the first step from the optimum over a part, a share of it more or less would keep them.
        ``budget``: neither, within ``max_scans``.
    scans
        How many scans the training made; none if the background has no weight.
    support
        How many rows, including marked rows, had loss at the last scan.
    objective
        ``P(w, b)``; the model estimates the decrease of the last step.
    seconds
        The training time.
    pull
        ``(dim + 1,)``, the mean of ``hinge * [x, 1]`` over the background, derived from a gradient of zero; a warm
        start reads it.
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
    positives: ArrayLike | Features,
    negatives: Rows = (),
    *,
    negative_vectors: ArrayLike | Features | None = None,
    C: float = 0.1,
    scale_c: bool = True,
    negative_weight: float = NEGATIVE_WEIGHT,
    loss: LossWeights | None = None,
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
        Rows of the index that were marked as not relevant.
    negative_vectors
        ``(n, dim)`` unit rows of what was marked as not relevant and is not in the index.
    C
        The loss weight of a class is ``T = 500 C``: C is LinearSVC's on a corpus of 1,000 rows, whatever the corpus.
    scale_c
        False gives LinearSVC's own C: ``T = C n / 2``, with n the rows of both classes.
    negative_weight
        The weight of a negative, in background rows of a corpus of 1,000; in background rows of this corpus if it is
        smaller, or if ``scale_c`` is False; at least 1, the weight without the mark.
    loss
        The weights of the losses, in place of balanced classes; ``C``, ``scale_c`` and ``negative_weight`` have no
        effect then.
    anchor
        ``(dim + 1,)``, weights and intercept to stay close to: a. With little loss the ranking is the anchor's.
    exclude
        Rows of the index outside the background: the positives, their duplicates and their other passages.
    start
        A classifier of the same index to start from, such as that from before the last mark.
    until
        When to stop; see ``ExemplarSVM.stopped``.
    max_scans
        The most scans to make.
    seed
        Seed of the sample that gives the first guess.

    Raises
    ------
    ExemplarError
        C is not positive, or above 1e6.
    ValueError
        There is no positive or no row, a shape or row does not fit the index, or a number is not finite.

    Notes
    -----
    Negatives and background share T by their weights. If a class has no row, the other class alone decides.
    """
    start_time = time.perf_counter()
    P = _checked_features(positives, index.dim)
    N = None if negative_vectors is None else _checked_features(negative_vectors, index.dim)
    _check_arguments(index, C, negative_weight, until, max_scans, start)
    if loss is not None:
        _check_loss(loss, len(P))
    with one_blas_thread():
        sample = index.sample(_sample_size(index.n), seed)
        marked, excluded = checked_rows(negatives, index.n), checked_rows(exclude, index.n)
        objective = Objective.of(
            index,
            P,
            marked,
            N,
            excluded,
            lambda *sizes: loss or balanced(C, sizes, scale_c=scale_c, negative_weight=negative_weight),
        )
        background = np.setdiff1d(sample, objective.left_out)
        if anchor is not None:
            objective.anchor = _checked_vectors(anchor, index.dim + 1, at_most=1)[0]
        if objective.c_background:
            w = _first_guess(objective, background, start)
            part = _part(index, seed) if start is None else None
            if part is not None:
                w = _descend(objective.on(part), w, "settled", _PART_SCANS)[0]
            w, stopped, scans, support, value = _descend(objective, w, until, max_scans, is_near=part is not None)
        else:
            w, stopped, scans, support, value = _descend_on_marks(objective)
        pull = objective.implied_pull(w)
    if not np.isfinite(w).all():
        raise ValueError(NOT_FINITE)
    return ExemplarSVM(w[:-1], float(w[-1]), stopped, scans, support, value, time.perf_counter() - start_time, pull)


def _check_loss(loss: LossWeights, n_positives: int) -> None:
    most = 10_000 * LARGEST_C
    weights = np.append(loss.positives, [loss.negatives, loss.background])
    if len(loss.positives) != n_positives or not ((weights >= 0) & (weights <= most)).all():
        raise ValueError(
            f"expected {n_positives} loss weights of positives, none negative or above {most:,.0f}: {loss}"
        )


def check_c(C: float) -> None:
    """Raise ExemplarError if C is not positive, or above 1e6."""
    if not 0 < C <= LARGEST_C:
        raise ExemplarError(f"C must be a positive number up to {LARGEST_C:,.0f}, got {C}")


def _first_guess(objective: Objective, sample: NDArray[np.intp], start: ExemplarSVM | None) -> NDArray[np.float64]:
    """Return the optimum over a sample of the background; a warm start also corrects the sample's error."""
    w = objective.anchor if start is None else np.append(start.w, start.b)
    pull = None if start is None else start.pull * objective.n_background
    model = objective.model(w, pull, sample, objective.n_background / max(1, sample.size))
    tolerance = 0.03 if sample.size == objective.n_background else 10.0  # the sample's own error is larger
    step, _ = model.minimise(min(tolerance, 1e-3 * float(np.linalg.norm(model.gradient))))
    return w + step


def _part(index: Index, seed: int) -> Part | None:
    """Return random rows of a large index, over which to come near the optimum."""
    return index.part(_PART, seed + 1) if index.n >= _LEAST_PARTS * _PART else None


def _descend(
    objective: Objective, w: NDArray[np.float64], until: Until, max_scans: int, *, is_near: bool = False
) -> tuple[NDArray[np.float64], Stopped, int, int, float]:
    """Minimise the objective; return w~, why it stopped, scans, support and objective.

    ``is_near``: w~ is the optimum over a part of the rows, from which one step is enough, mostly.
    """
    mined, size, precise = np.empty(0, dtype=np.intp), _sample_size(objective.index.n), False
    best, value, support, fall, step = w, np.inf, 0, 0.0, np.full_like(w, np.inf)
    for scans in range(1, max_scans + 1):
        scan = objective.index.scan(w[:-1], float(w[-1]), objective.left_out, precise=precise)
        if not np.isfinite(scan.scores).all():  # such a row may seem to have no loss
            raise ValueError(NOT_FINITE)
        value_at_w = objective.value(w, scan.loss)
        if value_at_w > value * (1 + _EXACT_GAP) and objective.gradient(w, scan.pull) @ step > fall / 2:
            # The step was too long, because the sample lacks the new violators.
            size = min(2 * size, _LARGEST_SAMPLE)
            mined, _ = _with_violators(mined, scan.violators, 2 * size)
            step, fall = step / 2, fall / 2
            w = w - step
            continue
        best, value = w, value_at_w
        support = scan.support + int(np.count_nonzero(objective.slack(w) > 0))
        mined, fits = _with_violators(mined, scan.violators, 2 * size)
        complete = fits and scan.sample_weights is None
        if complete:
            model = objective.model(w, None, mined, 1.0, precise=True)
        else:
            model = objective.model(w, scan.pull, *scan.subsample(size))
        slope, length = float(np.linalg.norm(model.gradient)), max(float(np.linalg.norm(w)), 1e-3)
        tolerance = 0.3 * _EXACT_STEP * length
        last = float(np.linalg.norm(step))
        step, change = model.minimise(tolerance if complete else max(0.05 * slope, tolerance))
        w, fall, moved = w + step, -float(model.gradient @ step), float(np.linalg.norm(step))
        proved = slope <= _EXACT_STEP * length or slope**2 / 2 <= _EXACT_GAP * value
        if moved <= _EXACT_STEP * length and proved:
            return w, "exact" if scan.sample_weights is None else "settled", scans, support, value + change
        shrinks = complete or (scans > 1 and moved < last / 2)
        if until == "settled" and (
            (shrinks and _is_settled(objective.index, scan, step))
            or (is_near and scans == 1 and _will_settle(objective.index, scan, step))
        ):
            return w, "settled", scans, support, value + change
        if scan.sample_weights is not None and scans == _ESTIMATED_SCANS:
            break
        if moved > 0.2 * last:  # the sample is too small, or float32 has too few digits for a short step
            size, precise = min(2 * size, _LARGEST_SAMPLE), precise or moved < 0.01 * length
    return best, "budget", scans, support, value


def _descend_on_marks(objective: Objective) -> tuple[NDArray[np.float64], Stopped, int, int, float]:
    """Minimise an objective without a background, which takes no scan; return what ``_descend`` does."""
    w, no_rows = objective.anchor, np.empty(0, np.intp)
    stopped: Stopped = "budget"
    for _ in range(_MOST_STEPS):
        model = objective.model(w, None, no_rows, 1.0, precise=True)
        slope, length = float(np.linalg.norm(model.gradient)), max(float(np.linalg.norm(w)), 1e-3)
        proved = slope <= _EXACT_STEP * length or slope**2 / 2 <= _EXACT_GAP * objective.value(w, 0.0)
        step, _ = model.minimise(max(0.3 * _EXACT_STEP * length, 0.001 * slope))
        w = w + step
        if proved and float(np.linalg.norm(step)) <= _EXACT_STEP * length:
            stopped = "exact"
            break
    support = int(np.count_nonzero(objective.slack(w) > 0))
    return w, stopped, 0, support, objective.value(w, 0.0)


def _sample_size(n: int) -> int:
    return max(_SAMPLE, min(2 * _SAMPLE, n // 256))


def _with_violators(mined: NDArray[np.intp], violators: NDArray[np.intp], most: int) -> tuple[NDArray[np.intp], bool]:
    """Return the mined rows with new violators, and True; the mined rows alone, and False, if both exceed the limit."""
    if violators.size > most:
        return mined, False
    joined = np.union1d(mined, violators) if mined.size else violators
    return (joined, True) if joined.size <= most else (mined, False)


def _is_settled(index: Scanned, scan: Scan, step: NDArray[np.float64]) -> bool:
    """Return whether a step leaves the top of the ranking as it is."""
    top, scores = scan.top(200)
    before, after = (np.argsort(-s, kind="stable") for s in (scores, scores + index.features(top).dot(step[:-1])))
    return _keep_top(before, after)


def _keep_top(before: NDArray[np.intp], after: NDArray[np.intp]) -> bool:
    same = np.intersect1d(before[:100], after[:100]).size
    return np.array_equal(before[:_TOP], after[:_TOP]) and same >= min(98, before.size - 2)


def _will_settle(index: Scanned, scan: Scan, step: NDArray[np.float64]) -> bool:
    """Return whether the next step would leave the top of the ranking as this one makes it, being a share of it."""
    top, scores = scan.top(1000)
    moved = index.features(top).dot(step[:-1])
    now = np.argsort(-(scores + moved), kind="stable")
    others = [np.argsort(-(scores + share * moved), kind="stable") for share in (1 - _NEXT_STEP, 1 + _NEXT_STEP)]
    return all(_keep_top(now, other) for other in others)


def _check_arguments(
    index: Index, C: float, negative_weight: float, until: str, max_scans: int, start: ExemplarSVM | None
) -> None:
    check_c(C)
    if not 0 < negative_weight <= LARGEST_C:
        raise ValueError(f"a negative's weight must be a positive number up to {LARGEST_C:,.0f}, got {negative_weight}")
    if until not in ("settled", "exact"):
        raise ValueError(f"until must be settled or exact, got '{until}'")
    if max_scans < 1:
        raise ValueError(f"max_scans must be at least 1, got {max_scans}")
    if not index.n:
        raise ValueError("the index holds no rows")
    if start is not None and start.w.shape != (index.dim,):
        raise ValueError(f"the start has {start.w.size} dimensions, but the index has {index.dim}")


def _checked_features(rows: ArrayLike | Features, dim: int) -> Features:
    """Return rows in double precision; raises ValueError if they do not fit an index of ``dim`` dimensions."""
    if not isinstance(rows, Features):
        return Features(_checked_vectors(rows, dim))
    n_terms = 0 if rows.words is None else rows.words.shape[1]
    if rows.vectors.shape[1] + n_terms != dim or not len(rows):
        raise ValueError(f"expected at least one row of {dim} dimensions, got vectors of shape {rows.vectors.shape}")
    rows = rows.precise()
    if not np.isfinite(rows.dot(np.ones(dim))).all():
        raise ValueError("a vector holds NaN or infinity")
    return rows


def _checked_vectors(vectors: ArrayLike, dim: int, at_most: int | None = None) -> NDArray[np.float64]:
    array = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    if array.ndim != 2 or array.shape[1] != dim or not 1 <= len(array) <= (at_most or len(array)):
        expected = f"one vector of {dim} dimensions" if at_most == 1 else f"at least one vector of {dim} dimensions"
        raise ValueError(f"expected {expected}, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a vector holds NaN or infinity")
    return array
