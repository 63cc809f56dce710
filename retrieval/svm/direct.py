"""The SVM's optimum in double precision, whatever the rows: what proves and finishes a solution by scans.

It minimises ``P(w~) = 1/2 |w~|^2 + sum_i c_i max(0, 1 - y_i w~.x~_i)^2`` with ``x~ = [x, 1]``, as ``fit`` does, by
Newton's method with the Hessian of all rows (Keerthi and DeCoste, "A Modified Finite Newton Method for Fast Solution of
Large Scale Linear SVMs", JMLR 6, 2005). It reads the rows in chunks, and takes ``min(n, dim)^2`` numbers of memory.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CLOSE = 1e-5  # of |w~|: P is 1-strongly convex, so that |w~ - optimum| <= |gradient|
_MOST_STEPS = 100
_CHUNK = 4096  # rows

Floats = NDArray[np.float64]


def minimise_directly(X: NDArray[np.floating[Any]], y: Floats, c: Floats, start: Floats) -> Floats:
    """Return w~, ``(dim + 1,)``, within 1e-5 of its length from the optimum, or as near as double precision comes.

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
        The numbers are so large that their products overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        w = _minimum(X, y, c, start)
    if w is None:
        raise ValueError("the numbers of X are too large to multiply: scale them")
    return w


def _minimum(X: NDArray[np.floating[Any]], y: Floats, c: Floats, start: Floats) -> Floats | None:
    if X.shape[1] <= len(X):
        return _newton(X, y, c, start)
    _, gradient, _ = _at(X, y, c, start)
    if np.linalg.norm(gradient) <= _CLOSE * np.linalg.norm(start):
        return start
    basis, rows = np.linalg.qr(X.T.astype(np.float64))  # w is a sum of rows: their span has fewer dimensions
    w = _newton(rows.T, y, c, np.append(basis.T @ start[:-1], start[-1]))
    return None if w is None else np.append(basis @ w[:-1], w[-1])


def _newton(X: NDArray[np.floating[Any]], y: Floats, c: Floats, w: Floats) -> Floats | None:
    value, gradient, active = _at(X, y, c, w)
    for _ in range(_MOST_STEPS):
        if np.linalg.norm(gradient) <= _CLOSE * np.linalg.norm(w):
            break
        hessian = _hessian(X, c, active)
        if not (np.isfinite(value) and np.isfinite(gradient).all() and np.isfinite(hessian).all()):
            return None
        step = -np.linalg.solve(hessian, gradient)
        slope, length = float(gradient @ step), 1.0
        while True:
            new = _at(X, y, c, w + length * step)
            if new[0] <= value + 1e-4 * length * slope or length < 1e-9:
                break
            length /= 2
        if not new[0] < value:  # double precision cannot resolve a further decrease
            break
        w, (value, gradient, active) = w + length * step, new
    return w


def _at(X: NDArray[np.floating[Any]], y: Floats, c: Floats, w: Floats) -> tuple[float, Floats, NDArray[np.bool_]]:
    """Return P, its gradient, and which rows have loss."""
    value, gradient, active = float(w @ w) / 2, w.copy(), np.empty(len(X), bool)
    for rows, chunk in _chunks(X):
        slack = np.maximum(1 - y[rows] * (chunk @ w), 0)
        active[rows] = slack > 0
        value += float(c[rows] @ slack**2)
        gradient -= 2 * (c[rows] * y[rows] * slack) @ chunk
    return value, gradient, active


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
