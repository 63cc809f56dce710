"""The exemplar SVM's objective, exact or as a model around a point."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exemplar.retrieval.index.base import Index, Scanned
from exemplar.retrieval.index.features import Features
from exemplar.retrieval.index.part import Part
from exemplar.retrieval.svm.newton import LocalModel

NOTEBOOK_ROWS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class LossWeights:
    """The weights of the squared hinge losses.

    Attributes
    ----------
    positives
        ``(n_positives,)``, one for each.
    negatives, background
        Of all negatives together, and of the background.
    """

    positives: NDArray[np.float64]
    negatives: float
    background: float


@dataclass(slots=True, eq=False)
class Objective:
    """The objective P: marked rows in double precision, the background by scans of the index."""

    index: Scanned
    marked: Features  # in double precision: positives, then negatives
    y: NDArray[np.float64]
    c: NDArray[np.float64]
    left_out: NDArray[np.intp]  # rows outside the background, ascending
    n_background: int
    c_background: float
    anchor: NDArray[np.float64]  # (dim + 1,)

    def slack(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``1 - y (w.x + b)`` of the marked rows."""
        slack: NDArray[np.float64] = 1 - self.y * (self.marked.dot(w[:-1]) + w[-1])
        return slack

    def value(self, w: NDArray[np.float64], loss: float) -> float:
        """Return P for a loss of the background."""
        hinge, away = np.maximum(self.slack(w), 0), w - self.anchor
        return float(away @ away / 2 + self.c @ hinge**2 + self.c_background * loss)

    def gradient(self, w: NDArray[np.float64], pull: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the gradient of P for a pull of the background; see Scan."""
        z = 2 * self.c * self.y * np.maximum(self.slack(w), 0)
        gradient: NDArray[np.float64] = w - self.anchor - np.append(self.marked.weighted_sum(z), z.sum())
        return gradient + 2 * self.c_background * pull

    def implied_pull(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the background's mean pull at the optimum, where the gradient is zero."""
        rest = self.gradient(w, np.zeros_like(w))
        total_weight = self.c_background * self.n_background
        return -rest / (2 * total_weight) if total_weight else np.zeros_like(rest)

    def model(
        self,
        w: NDArray[np.float64],
        pull: NDArray[np.float64] | None,
        rows: NDArray[np.intp],
        sample_weights: float | NDArray[np.float64],
        *,
        precise: bool = False,
    ) -> LocalModel:
        """Return the model of P around w in which weighted rows represent the background.

        Parameters
        ----------
        pull
            The background's pull at w; None computes it from the rows.
        sample_weights
            How many rows of the background every row represents.
        precise
            Compute slack and pull in double precision; needed where the rows are all that have loss, because float32's
            rounding errors may exceed a gradient that is nearly zero.
        """
        X = self.index.features(rows)
        exact, kind = (X.precise(), np.float64) if precise else (X, np.float32)
        slack = 1 + (exact.dot(w[:-1].astype(kind)) + w[-1])
        if pull is None:
            hinge = np.maximum(slack, 0).astype(kind, copy=False)
            pull = sample_weights * np.append(exact.weighted_sum(hinge), hinge.sum())
        c = np.full(rows.size, self.c_background) * sample_weights
        return LocalModel(
            self.gradient(w, pull),
            self.marked.in_single_precision(),
            X,
            np.concatenate([self.y, np.full(rows.size, -1)]).astype(np.float32),
            np.concatenate([self.c, c]).astype(np.float32),
            np.concatenate([self.slack(w), slack]).astype(np.float32),
        )

    def on(self, part: Part) -> "Objective":
        """Return the objective in which the rows of a part stand for the background."""
        left_out = np.flatnonzero(np.isin(part.rows, self.left_out, assume_unique=True))
        n = part.n - left_out.size
        c = self.c_background * self.n_background / max(1, n)
        return replace(self, index=part, left_out=left_out, n_background=n, c_background=c)

    @classmethod
    def of(
        cls,
        index: Index,
        positives: Features,
        negatives: NDArray[np.intp],
        negative_vectors: Features | None,
        exclude: NDArray[np.intp],
        weigh: Callable[[int, int, int], LossWeights],
    ) -> "Objective":
        """Return the objective without an anchor; ``weigh`` gets the numbers of positives, negatives and background."""
        marked = np.unique(negatives)
        left_out = np.union1d(marked, exclude)
        of_negatives = [index.features(marked).precise()]
        positives = positives.like(of_negatives[0])
        of_negatives += [] if negative_vectors is None else [negative_vectors.like(of_negatives[0])]
        n_positives, n_negatives = len(positives), sum(map(len, of_negatives))
        n_background = index.n - left_out.size
        loss = weigh(n_positives, n_negatives, n_background)
        return cls(
            index,
            Features.stacked([positives, *of_negatives]),
            np.repeat([1.0, -1.0], [n_positives, n_negatives]),
            np.append(loss.positives, np.full(n_negatives, loss.negatives / max(1, n_negatives))),
            left_out,
            n_background,
            loss.background / max(1, n_background),
            np.zeros(index.dim + 1),
        )


def balanced(C: float, sizes: tuple[int, int, int], *, scale_c: bool, negative_weight: float) -> LossWeights:
    """Return the weights of balanced classes that fit_exemplar_svm describes.

    ``sizes`` are the numbers of positives, negatives and background rows.
    """
    n_positives, n_negatives, n_background = sizes
    T = 500 * C if scale_c else C * (n_positives + n_negatives + n_background) / 2
    # A negative is a background row too, so a mark must not make it weigh less than one.
    heavier = max(1.0, negative_weight * (max(1.0, n_background / NOTEBOOK_ROWS) if scale_c else 1.0))
    c_background = T / max(1.0, n_background + heavier * n_negatives)
    return LossWeights(
        np.full(n_positives, T / n_positives), heavier * c_background * n_negatives, c_background * n_background
    )
