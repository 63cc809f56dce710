"""The SVM's optimum in double precision, whatever the rows: what proves and finishes a solution by scans.

It minimises ``P(w~) = 1/2 |w~|^2 + sum_i c_i max(0, 1 - y_i w~.x~_i)^2`` with ``x~ = [x, 1]``, as ``fit`` does, by
Newton's method with the Hessian of all rows (Keerthi and DeCoste, "A Modified Finite Newton Method for Fast Solution of
Large Scale Linear SVMs", JMLR 6, 2005). It reads the rows in chunks, and takes ``min(n, dim)^2`` numbers of memory.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_CLOSE = 1e-5  # of |w~|
_NEAR = 1e-3  # of |w~|, where rounding ends the descent
_GAP = 1e-6  # of P
_HINGE = 1e-9  # rounding may move a row so far over its hinge
_MOST_STEPS = 100
_MOST_POWERS = 12
_CHUNK = 4096  # rows

Floats = NDArray[np.float64]


class _Point(NamedTuple):
    """A solution w~ with P, its gradient, and which rows have loss, or nearly."""

    w: Floats
    value: float
    gradient: Floats
    active: NDArray[np.bool_]

    def is_within(self, share: float) -> bool:
        """Return whether w~ is proved to be within a share of its length from the optimum.

        P is 1-strongly convex, so that ``|w~ - optimum| <= |gradient|``.
        """
        return bool(np.linalg.norm(self.gradient) <= share * np.linalg.norm(self.w))


def minimise_directly(X: NDArray[np.floating[Any]], y: Floats, c: Floats, start: Floats) -> Floats:
    """Return w~, ``(dim + 1,)``, within 1e-5 of its length from the optimum, or with P proved to be within 1e-6.

    Parameters
    ----------
    X
        ``(n, dim)``, finite rows of any length.
    y, c
        ``(n,)``: the classes, 1 or -1, and the weights of the losses.
    start
        ``(dim + 1,)``, which is returned if it is that near.

    Raises
    ------
    ValueError
        The numbers are so large that their products overflow, or that rounding hides the optimum.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        end = _minimum(X, y, c, _at(X, y, c, start))
    if end is not None:
        return end.w
    largest = max(float(X.max()), -float(X.min()))
    raise ValueError(f"the numbers of X, up to {largest:.1e}, are too large to train exactly: scale them")


def _minimum(X: NDArray[np.floating[Any]], y: Floats, c: Floats, start: _Point) -> _Point | None:
    if X.shape[1] <= len(X) or start.is_within(_CLOSE):
        return _proved(X, y, c, start)
    basis, rows = np.linalg.qr(X.T.astype(np.float64))  # w is a sum of rows: their span has fewer dimensions
    end = _proved(rows.T, y, c, _at(rows.T, y, c, np.append(basis.T @ start.w[:-1], start.w[-1])))
    return None if end is None else end._replace(w=np.append(basis @ end.w[:-1], end.w[-1]))


def _proved(X: NDArray[np.floating[Any]], y: Floats, c: Floats, start: _Point) -> _Point | None:
    """Return the minimum; None if none can be proved."""
    end = _newton(X, y, c, start)
    if end is None or end.is_within(_NEAR) or _is_lowest(X, y, c, end):
        return end
    end = _with_growing_weights(X, y, c)
    return end if end is not None and (end.is_within(_NEAR) or _is_lowest(X, y, c, end)) else None


def _with_growing_weights(X: NDArray[np.floating[Any]], y: Floats, c: Floats) -> _Point | None:
    """Return the end of descents with growing weights: from where long rows make a direct one stop, these go on."""
    longest = max(float((chunk * chunk).sum(1).max()) for _, chunk in _chunks(X))
    w = np.zeros(X.shape[1] + 1)
    for power in range(-min(math.ceil(math.log10(longest) / 2), _MOST_POWERS), 1):
        weights = c * 100.0**power
        if (end := _newton(X, y, weights, _at(X, y, weights, w))) is None:
            return None
        w = end.w
    return end


def _newton(X: NDArray[np.floating[Any]], y: Floats, c: Floats, at: _Point) -> _Point | None:
    for _ in range(_MOST_STEPS):
        if at.is_within(_CLOSE):
            break
        hessian = _hessian(X, c, at.active)
        if not (np.isfinite(at.value) and np.isfinite(at.gradient).all() and np.isfinite(hessian).all()):
            return None
        step = -np.linalg.solve(hessian, at.gradient)
        slope, length = float(at.gradient @ step), 1.0
        while True:
            new = _at(X, y, c, at.w + length * step)
            if new.value <= at.value + 1e-4 * length * slope or length < 1e-9:
                break
            length /= 2
        if not new.value < at.value:  # double precision cannot resolve a further decrease
            break
        at = new
    return at


def _is_lowest(X: NDArray[np.floating[Any]], y: Floats, c: Floats, at: _Point) -> bool:
    """Return whether the dual proves that P is within 1e-6 of its minimum.

    The dual is ``sum_i a_i - 1/2 |sum_i a_i y_i x~_i|^2 - sum_i a_i^2 / (4 c_i)`` for ``a >= 0``, and never above P. At
    the optimum ``a_i = 2 c_i slack_i``, but the slack of a long row has too few digits for that: the rows that have
    loss, or nearly, share what the sum lacks.
    """
    hessian = _hessian(X, np.full(len(X), 0.5), at.active & (c > 0))
    if not np.isfinite(hessian).all():
        return False
    scale = 1 / np.sqrt(np.diag(hessian))
    shared = scale * np.linalg.solve(hessian * scale * scale[:, None], scale * at.gradient)
    pull, dual = np.zeros_like(at.w), 0.0
    for rows, chunk in _chunks(X):
        chunk, weights = (chunk * y[rows, None])[held := at.active[rows] & (c[rows] > 0)], c[rows][held]
        a = np.maximum(2 * weights * np.maximum(1 - chunk @ at.w, 0) + chunk @ shared, 0)
        dual += float(a.sum() - (a * a / (4 * weights)).sum())
        pull += a @ chunk
    return at.value - (dual - float(pull @ pull) / 2) <= _GAP * at.value


def _at(X: NDArray[np.floating[Any]], y: Floats, c: Floats, w: Floats) -> _Point:
    value, gradient, active = float(w @ w) / 2, w.copy(), np.empty(len(X), bool)
    for rows, chunk in _chunks(X):
        slack = 1 - y[rows] * (chunk @ w)
        active[rows] = slack > -_HINGE
        slack = np.maximum(slack, 0)
        value += float(c[rows] @ slack**2)
        gradient -= 2 * (c[rows] * y[rows] * slack) @ chunk
    return _Point(w, value, gradient, active)


def _hessian(X: NDArray[np.floating[Any]], c: Floats, active: NDArray[np.bool_]) -> Floats:
    hessian = np.eye(X.shape[1] + 1)
    for rows, chunk in _chunks(X):
        with_loss = chunk[active[rows]]
        hessian += 2 * (with_loss.T * c[rows][active[rows]]) @ with_loss
    return hessian


def _chunks(X: NDArray[np.floating[Any]]) -> Iterator[tuple[slice, Floats]]:
    """Yield the rows ``[x, 1]`` in double precision."""
    for start in range(0, len(X), _CHUNK):
        rows = slice(start, start + _CHUNK)
        chunk = np.ones((len(X[rows]), X.shape[1] + 1))
        chunk[:, :-1] = X[rows]
        yield rows, chunk
