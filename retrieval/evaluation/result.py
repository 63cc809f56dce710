"""What was measured, as JSON: what made it, means and intervals a set, and how far rankers are apart over all sets."""

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exemplar.data.corpus.manifest import Manifest
from exemplar.retrieval.evaluation.judgements import Judgements
from exemplar.retrieval.evaluation.metrics import METRICS, estimate, gain, p_value
from exemplar.retrieval.evaluation.protocols import COMPARED, FOUND, N_QUERIES, ROUNDS, SEED, Key, Measured, Protocol

BASELINES = ("knn", "rocchio", "mean")  # what rankers are compared with, over all sets
ENOUGH = 20  # queries, for a set to count in a mean over sets
SURE = 0.05  # what p must be below, for a difference to be more than chance
SetRows = tuple[str, list[dict[str, Any]]]  # a set's name, and a protocol's results of it


def evaluate_command(
    corpora: Sequence[str],
    *,
    rankers: Sequence[str] = COMPARED,
    rounds: int = ROUNDS,
    n_queries: int = N_QUERIES,
    seed: int = SEED,
    index: str | None = None,
) -> str:
    """Return the command that measures corpora in this way; what is usual goes without saying."""
    options = {"rankers": ",".join(rankers), "rounds": rounds, "queries": n_queries, "seed": seed}
    usual = {"rankers": ",".join(COMPARED), "rounds": ROUNDS, "queries": N_QUERIES, "seed": SEED}
    words = [word for key in options if options[key] != usual[key] for word in (f"--{key}", str(options[key]))]
    return shlex.join(["exemplar", "evaluate", *corpora, *words, *(["--index", index] if index else [])])


def result_json(
    command: str,
    manifests: Sequence[Manifest],
    judged: Mapping[str, Judgements],
    measured: Mapping[str, Sequence[Measured]],
) -> dict[str, Any]:
    """Return all that was measured on some corpora, by their names, as JSON; ``command`` is what measured it."""
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "sets": [set_json(manifest, judged[manifest.name], measured[manifest.name]) for manifest in manifests],
        "gains": gains_json(measured),
    }


def as_bytes(result: dict[str, Any]) -> bytes:
    """Return a result as the content of a file."""
    return (json.dumps(result, indent=1, allow_nan=False) + "\n").encode()


def set_json(manifest: Manifest, judgements: Judgements, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return what was measured on a corpus: means over its queries, their 95% intervals, p against kNN and Rocchio."""
    values = {(each.protocol, each.round, each.ranker): each.values for each in measured}
    return {
        "name": manifest.name,
        "model": manifest.encoder.model,
        "precision": manifest.encoder.precision,
        "documents": manifest.n_documents,
        "passages": manifest.n_passages,
        "judgements": judgements.kind,
        "judged_queries": len(judgements.queries),
        "judgements_of_missing_documents": judgements.n_missing,
        "results": [
            {
                "protocol": each.protocol,
                "round": each.round,
                "ranker": each.ranker,
                "queries": each.n_queries,
                "metrics": {
                    name: _estimate_json(of_queries)
                    | {
                        f"p_against_{other}": p_value(of_queries, values[each.protocol, each.round, other][name])
                        for other in ("knn", "rocchio")
                        if (each.protocol, each.round, other) in values and other != each.ranker
                    }
                    for name, of_queries in each.values.items()
                },
            }
            for each in measured
        ],
    }


def gains_json(measured: Mapping[str, Sequence[Measured]]) -> list[dict[str, Any]]:
    """Return how far each ranker's mean nDCG@10 over the sets is above a baseline's, with 95% intervals.

    Where there are sets of 20 queries and more only these count: of fewer, a mean says little.
    """
    by_key: dict[Key, dict[str, NDArray[np.float64]]] = {}
    for name, each_set in measured.items():
        for each in each_set:
            if each.protocol != "own loop":
                by_key.setdefault((each.protocol, each.round, each.ranker), {})[name] = each.values[METRICS[0]]
    gains = []
    for (protocol, number, ranker), values in by_key.items():
        counting = {name: values[name] for name in values if len(values[name]) >= ENOUGH} or values
        for other in BASELINES:
            baseline = by_key.get((protocol, number, other))
            if baseline is None or other == ranker:
                continue
            found = gain(counting, {name: baseline[name] for name in counting})
            if found is None:
                continue
            gains.append(
                {"protocol": protocol, "round": number, "ranker": ranker, "against": other, "sets": len(counting)}
                | {"gain": found.mean, "low": found.low, "high": found.high}
            )
    return gains


def metric_of(protocol: Protocol) -> str:
    """Return the measure that a protocol's table shows."""
    return FOUND if protocol == "own loop" else METRICS[0]


def used_sets(sets: Sequence[dict[str, Any]], protocol: Protocol) -> list[SetRows]:
    """Return a protocol's results of the sets of which a query counts, each with its name."""
    return [(each["name"], rows) for each in sets if (rows := rows_of(each, protocol))]


def counting_sets(used: Sequence[SetRows]) -> Sequence[SetRows]:
    """Return those that count in a mean over sets."""
    return [(name, rows) for name, rows in used if rows[0]["queries"] >= ENOUGH] or used


def means_over_sets(used: Sequence[SetRows], metric: str) -> dict[str, float]:
    """Return each ranker's mean over sets."""
    return {
        row["ranker"]: float(np.mean([rows[number]["metrics"][metric]["mean"] for _, rows in used]))
        for number, row in enumerate(used[0][1])
    }


def rows_of(each: dict[str, Any], protocol: Protocol) -> list[dict[str, Any]]:
    """Return a protocol's results of a set, the last round's."""
    rows = [row for row in each["results"] if row["protocol"] == protocol]
    last = max((row["round"] for row in rows), default=0)
    return [row for row in rows if row["round"] == last]


def shown(value: float, metric: str) -> str:
    """Return a figure with as many places as it is told with."""
    return f"{value:.1f}" if metric == FOUND else f"{value:.3f}"


def _estimate_json(values: NDArray[np.float64]) -> dict[str, Any]:
    found = estimate(values)
    return {"mean": found.mean, "low": found.low, "high": found.high}
