"""Compare ExemplarClassifier.fit with the notebook's LinearSVC: times, first rows and weights.

``python -m benchmarks.classifier --rows 25000 1000000 --json FILE``; benchmarks/tables.py makes the table of
docs/python.md from the file.

The rows are those of benchmarks/svm.py, with the query as the first row and as the one row of its class. LinearSVC
follows all fits of ExemplarClassifier, since it displaces the rows from the processor's cache, and the ranking follows
both, since the threads of its products keep the processor busy for a while. A ratio is the median over the queries.
"""

import argparse
import itertools
import json
import sys
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import vectors
from exemplar.data.encoders.hardware import n_processors
from exemplar.retrieval.classifier import ExemplarClassifier
from exemplar.retrieval.svm.fit import Until

Array = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A weight of the loss, and until when to train."""

    name: str
    until: Until
    T: float | None = None  # of each class; None for LinearSVC's default C

    def classifier(self, n: int) -> ExemplarClassifier:
        """Return the classifier for n rows."""
        return ExemplarClassifier(self._loss_weight(n), until=self.until)

    def linear_svc(self, n: int) -> Any:
        """Return the notebook's classifier for n rows."""
        from sklearn.svm import LinearSVC

        return LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=self._loss_weight(n))

    def _loss_weight(self, n: int) -> float:
        return 1.0 if self.T is None else 2 * self.T / n


@dataclass(frozen=True)
class Fit:
    """The time of a fit, and w~."""

    ms: float
    w: Array


CASES = (Case("T = 50, settled", "settled", 50.0), Case("C = 1, exact", "exact"))


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[25_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "command": "python -m benchmarks.classifier --rows " + " ".join(map(str, options.rows)),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "versions": {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": [measure(rows, options.queries) for rows in options.rows],
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def measure(rows: int, n_queries: int) -> dict[str, Any]:
    """Return the figures on a corpus of ``rows`` rows and a query."""
    real, queries = vectors.imdb_train(), vectors.imdb_queries()
    X = np.empty((rows + 1, real.shape[1]), np.float32)
    X[1:] = real[:rows] if rows <= len(real) else vectors.drawn(rows)
    y = np.zeros(len(X), int)
    y[0] = 1
    X[0] = queries[-1]
    for case in CASES:  # the first calls start threads
        case.classifier(len(X)).fit(X, y)
    runs: dict[Case, list[Fit]] = {case: [] for case in CASES}
    references: dict[Case, list[Fit]] = {case: [] for case in CASES}
    for query, case in itertools.product(queries[:n_queries], CASES):
        X[0] = query
        runs[case].append(_fit(case.classifier(len(X)), X, y))
    for (number, query), case in itertools.product(enumerate(queries[:n_queries], start=1), CASES):
        sys.stderr.write(f"{rows:,} rows, LinearSVC, query {number} of {n_queries}, {case.name}\n")
        X[0] = query
        references[case].append(_fit(case.linear_svc(len(X)), X, y))
    cases = [_summary(case, runs[case], references[case], X) for case in CASES]
    return {"rows": rows, "queries": n_queries, "cases": cases}


def _fit(classifier: Any, X: Array, y: Array) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        classifier.fit(X, y)
        seconds = time.perf_counter() - start
    return Fit(1000 * seconds, np.append(classifier.coef_, classifier.intercept_))


def _first_ten(fit: Fit, X: Array) -> Array:
    """Return the best ten rows after the query."""
    chunks = range(1, len(X), 20_000)
    scores = np.concatenate([X[start : start + 20_000].astype(np.float64) @ fit.w[:-1] for start in chunks])
    return np.argsort(-scores, kind="stable")[:10]


def _summary(case: Case, fits: list[Fit], references: list[Fit], X: Array) -> dict[str, Any]:
    pairs = list(zip(fits, references, strict=True))
    away = max(float(np.linalg.norm(ours.w - theirs.w) / np.linalg.norm(theirs.w)) for ours, theirs in pairs)
    return {
        "case": case.name,
        "ms": round(median(fit.ms for fit in fits), 1),
        "linear_svc_ms": round(median(fit.ms for fit in references), 1),
        "times_faster": round(median(theirs.ms / ours.ms for ours, theirs in pairs), 1),
        "same_first_ten": sum(np.array_equal(*(_first_ten(fit, X) for fit in pair)) for pair in pairs),
        "furthest_from_linear_svc": float(f"{away:.1e}"),
    }


if __name__ == "__main__":
    main()
