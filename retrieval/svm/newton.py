"""Newton's method for a small squared-hinge problem, the inner step of the exemplar SVM."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.features import Features

NOT_FINITE = "training met NaN or infinity: the index holds rows that are not unit vectors"

_MAX_STEPS = 50
_MAX_PRODUCTS = 200
_FORCING = 0.1  # a Newton step is solved to this share of its gradient; the next step reduces the rest

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LocalModel:
    r"""A model of the SVM's objective around a point, as a function of the step ``d`` from that point.

    ``m(d) = g.d + 1/2 |d|^2 + sum_i c_i (h_i(d)^2 - h_i(0)^2 + 2 h_i(0) y_i x~_i.d)``,
    ``h_i(d) = max(0, slack_i - y_i x~_i.d)``, ``x~ = [x, 1]``

    The sum leaves out the first-order change of the rows' loss, because the gradient ``g`` of the full corpus has it
    exactly. The rows only determine how the gradient changes with the step, so a weighted sample of rows is enough: it
    makes the steps less good, but not the point at which they end.

    Attributes
    ----------
    gradient
        ``(dim + 1,)``, at the point; the last element is the intercept's.
    marked, X
        Marked rows in single precision, and the other rows, m in all.
    y, c, slack
        ``(m,)``: the classes of the rows (1 or -1), loss weights, and ``1 - y (w.x + b)`` at the point.
    """

    gradient: NDArray[np.float64]
    marked: Features
    X: Features
    y: Vector
    c: Vector
    slack: Vector

    def minimise(self, tolerance: float) -> tuple[NDArray[np.float64], float]:
        """Return the step to the model's minimum, and the change of the objective.

        The method takes Newton steps by conjugate gradients over the active rows, with Armijo's backtracking, until the
        norm of the gradient is at most ``tolerance``.
        """
        d = np.zeros(self.gradient.size, dtype=np.float32)
        fallen = np.zeros_like(self.slack)  # (m,), y x~.d: how far the slack of every row has fallen
        gradient = linear = self.gradient.astype(np.float32)
        value = 0.0
        for _ in range(_MAX_STEPS):
            norm = float(np.linalg.norm(gradient))
            if not np.isfinite(norm):
                raise ValueError(NOT_FINITE)
            if norm <= tolerance:
                break
            enough = max(_FORCING * norm, tolerance / 2)
            direction, falls = self._newton_direction(gradient, self.slack > fallen, enough)
            slope, length = float(gradient @ direction), 1.0
            while True:
                d_new, fallen_new = d + length * direction, fallen + length * falls
                value_new = float(linear @ d_new) + 0.5 * float(d_new @ d_new) + self._curved_loss(fallen_new)
                if value_new <= value + 1e-4 * length * slope or length < 1e-9:
                    break
                length /= 2
            if value_new >= value:  # float32 cannot resolve a further decrease
                break
            d, fallen, value = d_new, fallen_new, value_new
            gradient = linear + d - 2 * self._pull(self.c * self._change(fallen))
        return d.astype(np.float64), value

    def _newton_direction(self, gradient: Vector, active: NDArray[np.bool_], tolerance: float) -> tuple[Vector, Vector]:
        """Solve ``H direction = -gradient`` by conjugate gradients; also return ``y x~.direction``."""
        weights = np.where(active, 2 * self.c, np.float32(0))
        direction, falls = np.zeros_like(gradient), np.zeros_like(self.slack)
        residual, search = -gradient, -gradient
        squared = float(residual @ residual)
        for _ in range(_MAX_PRODUCTS):
            falling = self._falls(search)
            curved = search + self._pull(weights * falling)
            length = squared / float(search @ curved)
            direction += length * search
            falls += length * falling
            residual = residual - length * curved
            before, squared = squared, float(residual @ residual)
            if squared <= tolerance**2:
                break
            search = residual + (squared / before) * search
        return direction, falls

    def _falls(self, d: Vector) -> Vector:
        falls: Vector = np.append(self.marked.dot(d[:-1]), self.X.dot(d[:-1]))
        falls += d[-1]
        falls *= self.y
        return falls

    def _pull(self, z: Vector) -> Vector:
        z = z * self.y
        of_marked, of_rows = np.split(z, [len(self.marked)])
        pull: Vector = self.marked.weighted_sum(of_marked) + self.X.weighted_sum(of_rows)
        return np.append(pull, z.sum())

    def _change(self, fallen: Vector) -> Vector:
        """Return ``h(d) - h(0)`` without cancellation, because float32 has few digits and steps become small."""
        return np.where(self.slack > 0, -np.minimum(fallen, self.slack), np.maximum(self.slack - fallen, 0))

    def _curved_loss(self, fallen: Vector) -> float:
        change = self._change(fallen)
        return float(self.c @ (change * change + 2 * np.maximum(self.slack, 0) * (change + fallen)))
