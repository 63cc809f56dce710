"""Compare the exemplar SVM with the notebook's LinearSVC and with one kNN query: times, memory and results.

``python -m benchmarks.svm --rows 1000 25000 100000 1000000 --json FILE``; benchmarks/tables.py makes the README's
tables from the file.

Up to 25,000 rows the corpus is the first of IMDB's training reviews; larger ones are vectors drawn from their mixture
and covariance (benchmarks/vectors.py). Queries are IMDB test reviews. kNN and the exemplar SVM take turns at every
query, so that a slower machine slows both; LinearSVC follows. A ratio is the median over the queries.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import vectors
from benchmarks.memory import anonymous_megabytes, in_own_process, peak_megabytes
from exemplar.data.encoders.hardware import n_processors
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.svm.fit import ExemplarSVM, fit_exemplar_svm

Array = NDArray[Any]

_PATIENCE = 120.0  # seconds for LinearSVC: for one fit in a separate process, or for all fits of a case
_IN_PROCESS = 200_000  # most rows for which LinearSVC runs in this process


@dataclass(frozen=True)
class Case:
    """A weight of the loss: T for each class, or the C of LinearSVC."""

    name: str
    C: float
    scale_c: bool

    def total_weight(self, n: int) -> float:
        """Return T on a corpus of n rows."""
        return 500 * self.C if self.scale_c else self.C * (n + 1) / 2

    def fit(self, index: DenseIndex, query: Array, until: Any) -> ExemplarSVM:
        """Train for one query."""
        return fit_exemplar_svm(index, query, C=self.C, scale_c=self.scale_c, until=until)


CASES = (Case("T = 5", 0.01, True), Case("T = 50", 0.1, True), Case("LinearSVC's C = 0.1", 0.1, False))


@dataclass
class Runs:
    """The measurements of a case, one entry a query."""

    knn: list[float] = field(default_factory=list)
    linear_svc: list[float] = field(default_factory=list)
    settled: list[ExemplarSVM] = field(default_factory=list)
    exact: list[ExemplarSVM] = field(default_factory=list)
    references: list[Array] = field(default_factory=list)


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 25_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=7, help="for times")
    parser.add_argument("--accuracy-queries", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "command": "python -m benchmarks.svm --rows " + " ".join(map(str, options.rows)),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "versions": {name: version(name) for name in ("numpy", "scikit-learn")},
        "rows": [_measure(rows, options.queries) for rows in options.rows],
        "settled_against_exact": list(_settled_against_exact(options.accuracy_queries)),
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def _corpus(rows: int) -> NDArray[np.float32]:
    real = vectors.imdb_train()
    return real[:rows] if rows <= len(real) else vectors.drawn(rows)


def _measure(rows: int, n_queries: int) -> dict[str, Any]:
    X, queries = _corpus(rows), vectors.imdb_queries()
    index = DenseIndex(X)
    runs = {case: Runs() for case in CASES}
    for case in CASES:  # the first calls pay for threads and pages
        case.fit(index, queries[-1], "exact")
    for number, query in enumerate(queries[:n_queries], start=1):
        for case, run in runs.items():
            _note(f"{rows:,} rows, query {number} of {n_queries}, {case.name}")
            run.knn.append(_seconds(lambda: index.top_k(query, 10)))  # noqa: B023
            run.settled.append(case.fit(index, query, "settled"))
            run.exact.append(case.fit(index, query, "exact"))
    for number in range(
        n_queries
    ):  # apart, since it displaces the vectors from memory and the threads from their cores
        for case, run in runs.items():
            _note(f"{rows:,} rows, LinearSVC, query {number + 1} of {n_queries}, {case.name}")
            seconds, reference = _linear_svc(rows, number, case, spent=sum(run.linear_svc))
            if reference is not None:
                run.linear_svc.append(seconds)
                run.references.append(reference)
    return {
        "rows": rows,
        "vectors": "IMDB train"
        if rows <= len(vectors.imdb_train())
        else "drawn from IMDB train's mixture and covariance",
        "queries": n_queries,
        "cases": [_summary(case, run, X, queries) for case, run in runs.items()],
        "memory": {
            "what": "peak resident MB beyond the vectors, in a process of its own",
            **{name: in_own_process(_memory, rows, name, timeout=2 * _PATIENCE) for name in _MEMORY},
        },
    }


def _linear_svc(rows: int, number: int, case: Case, spent: float) -> tuple[float, Array | None]:
    """Return the notebook's seconds and (w, b), no (w, b) without time left; a large corpus has its own process."""
    if spent > _PATIENCE:
        return 0.0, None
    if rows <= _IN_PROCESS:
        return _notebook(_corpus(rows), vectors.imdb_queries()[number], case)
    return in_own_process(_notebook_of, rows, number, case, timeout=_PATIENCE + 60) or (0.0, None)


def _notebook_of(rows: int, number: int, case: Case) -> tuple[float, Array]:
    return _notebook(np.ascontiguousarray(_corpus(rows)), vectors.imdb_queries()[number], case)


def _notebook(X: Array, query: Array, case: Case) -> tuple[float, Array]:
    """Train as the notebook does: stack the query on the corpus, and call LinearSVC."""
    from sklearn.svm import LinearSVC

    warnings.simplefilter("ignore")
    C = 2 * case.total_weight(len(X)) / (len(X) + 1)
    start = time.perf_counter()
    x = np.concatenate([query[None], X])
    y = np.zeros(len(x))
    y[0] = 1
    clf = LinearSVC(class_weight="balanced", verbose=False, max_iter=10_000, tol=1e-6, C=C).fit(x, y)
    return time.perf_counter() - start, np.append(clf.coef_[0], clf.intercept_)


def _summary(case: Case, run: Runs, X: Array, queries: Array) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "case": case.name,
        "T": round(case.total_weight(len(X)), 2),
        "knn_ms": _ms(run.knn),
        "linear_svc_ms": _ms(run.linear_svc) if run.linear_svc else None,
        "linear_svc_queries": len(run.linear_svc),
    }
    for name, svms in (("settled", run.settled), ("exact", run.exact)):
        seconds = [svm.seconds for svm in svms]
        summary[name] = {
            "ms": _ms(seconds),
            "knn_scans_time": _ratio(seconds, run.knn),
            "times_faster_than_linear_svc": _ratio(run.linear_svc, seconds),
            "scans": sum(svm.scans for svm in svms) / len(svms),
            "support": median(svm.support for svm in svms),
            "stopped": sorted({svm.stopped for svm in svms}),
            "against_linear_svc": _agreement(case, svms, run.references, X, queries),
        }
    return summary


def _agreement(
    case: Case, svms: list[ExemplarSVM], references: list[Array], X: Array, queries: Array
) -> dict[str, Any] | None:
    """Compare with LinearSVC: the overlap of the first rows, and the relative excess of the objective."""
    if not references:
        return None
    overlaps: dict[str, list[float]] = {}
    gaps = []
    for svm, reference, query in zip(svms, references, queries, strict=False):
        w = np.append(svm.w, svm.b)
        ours, theirs = (_ranking(X, weights, 1000) for weights in (w, reference))
        for k in (10, 100, 1000):
            overlaps.setdefault(f"overlap@{k}", []).append(_overlap(ours, theirs, k))
        objective, least = (_objective(case.total_weight(len(X)), X, query, weights) for weights in (w, reference))
        gaps.append((objective - least) / least)
    mean_overlaps = {name: round(float(np.mean(values)), 4) for name, values in overlaps.items()}
    return {**mean_overlaps, "objective_gap_median": float(f"{median(gaps):.2e}")}


def _objective(T: float, X: Array, query: Array, w: Array) -> float:
    """Return P(w) in double precision."""
    hinge = np.maximum(0, 1 + _scores(X, w))
    return float(w @ w / 2 + T * max(0.0, 1 - query @ w[:-1] - w[-1]) ** 2 + T / len(X) * (hinge @ hinge))


def _scores(X: Array, w: Array) -> Array:
    chunks = [X[start : start + 20_000].astype(np.float64) @ w[:-1] for start in range(0, len(X), 20_000)]
    return np.concatenate(chunks) + w[-1]


def _ranking(X: Array, w: Array, k: int) -> Array:
    return np.argsort(-_scores(X, w), kind="stable")[:k]


def _overlap(first: Array, second: Array, k: int) -> float:
    return len(np.intersect1d(first[:k], second[:k])) / min(k, len(first))


def _settled_against_exact(n_queries: int) -> Iterator[dict[str, Any]]:
    """Compare the settled ranking with the exact ranking over many queries."""
    docs = vectors.package_docs()
    picked = np.random.default_rng(0).choice(len(docs), n_queries, replace=False)
    corpora = (
        ("IMDB train, queries from test", vectors.imdb_train(), vectors.imdb_queries()[:n_queries], [()] * n_queries),
        ("package docs, queries from among them", docs, docs[picked], [(int(row),) for row in picked]),
    )
    for name, X, queries, excluded in corpora:
        index = DenseIndex(X)
        for case in CASES[:2]:
            _note(f"settled against exact: {name}, {case.name}")
            tops = [
                [
                    index.top_k(svm.w, 1000, exclude=rows)[0]
                    for svm in (
                        fit_exemplar_svm(index, query, C=case.C, exclude=rows, until=until)
                        for until in ("settled", "exact")
                    )
                ]
                for query, rows in zip(queries, excluded, strict=True)
            ]
            yield {
                "corpus": name,
                "rows": len(X),
                "queries": n_queries,
                "case": case.name,
                "top_10_identical_in_order": _mean(np.array_equal(a[:10], b[:10]) for a, b in tops),
                "top_10_same_rows": _mean(_overlap(a, b, 10) == 1 for a, b in tops),
                **{f"overlap@{k}": _mean(_overlap(a, b, k) for a, b in tops) for k in (100, 1000)},
            }


def _memory(rows: int, name: str) -> dict[str, Any]:
    """Measure a method's peak memory in this process."""
    X, query = _corpus(rows), vectors.imdb_queries()[0]
    index = DenseIndex(X)
    index.top_k(query, 10)  # reads every page of the file
    fit_exemplar_svm(DenseIndex(X[:100]), query)  # loads code, starts threads
    if name.startswith("linear_svc"):
        _notebook(X[:100], query, CASES[1])
        X = np.ascontiguousarray(X)
    peak = peak_megabytes(_MEMORY[name](index, X, query))
    return {"peak_mb": peak, "process_without_files_mb": anonymous_megabytes()}


_MEMORY: dict[str, Callable[[DenseIndex, Array, Array], Callable[[], object]]] = {
    "knn": lambda index, X, query: lambda: index.top_k(query, 10),
    "settled, T = 50": lambda index, X, query: lambda: CASES[1].fit(index, query, "settled"),
    "exact, T = 50": lambda index, X, query: lambda: CASES[1].fit(index, query, "exact"),
    "exact, LinearSVC's C = 0.1": lambda index, X, query: lambda: CASES[2].fit(index, query, "exact"),
    "linear_svc, T = 50": lambda index, X, query: lambda: _notebook(X, query, CASES[1]),
}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _ms(seconds: list[float]) -> float:
    return round(1000 * median(seconds), 2)


def _ratio(first: list[float], second: list[float]) -> float | None:
    ratios = [a / b for a, b in zip(first, second, strict=False)]
    return round(median(ratios), 2) if ratios else None


def _mean(values: Iterator[float]) -> float:
    return round(float(np.mean(list(values))), 4)


def _note(message: str) -> None:
    sys.stderr.write(f"\r\x1b[K{message}")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
