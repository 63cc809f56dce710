"""Which ranker came first, in a sentence that says no more than the figures do."""

from collections.abc import Mapping, Sequence
from typing import Any

from exemplar.retrieval.evaluation.chart import counted
from exemplar.retrieval.evaluation.protocols import FOUND, TITLES, Protocol
from exemplar.retrieval.evaluation.result import (
    ENOUGH,
    SURE,
    SetRows,
    counting_sets,
    means_over_sets,
    metric_of,
    shown,
    used_sets,
)


def winner_line(sets: Sequence[dict[str, Any]], gains: Sequence[dict[str, Any]], protocol: Protocol) -> str:
    """Return in words which ranker came first, and whether its lead over kNN may be chance.

    Over several sets by their mean or, in the own loop, which has none, by how often it is first; of sets of fewer than
    20 queries only where there are no others. Empty where there is nothing to compare.
    """
    used, metric = counting_sets(used_sets(sets, protocol)), metric_of(protocol)
    if not used or len(used[0][1]) < 2:
        return ""
    if len(used) == 1:
        return _first_on(used[0])
    return _most_often_first(used) if metric == FOUND else _first_by_mean(used, gains, protocol)


def _first_on(used: SetRows) -> str:
    name, rows = used
    metric = metric_of(rows[0]["protocol"])
    means, n_queries = _means(used), rows[0]["queries"]
    first = _leaders(means, metric)
    line = f"On {name} {_come_first(first, len(means))} with {shown(means[first[0]], metric)} {metric}"
    if n_queries < ENOUGH:
        return f"{line}; {counted(n_queries)} {'is' if n_queries == 1 else 'are'} too few to tell that from chance."
    if "knn" in first or "knn" not in means:
        return f"{line}."
    return f"{line}, {_against_knn(_is_ahead(used, first[0]), means, metric)}."


def _first_by_mean(used: Sequence[SetRows], gains: Sequence[dict[str, Any]], protocol: Protocol) -> str:
    metric, means = metric_of(protocol), means_over_sets(used, metric_of(protocol))
    first = _leaders(means, metric)
    who = _come_first(first, len(means))
    line = f"By the mean of {len(used)} sets {who} with {shown(means[first[0]], metric)} {metric}"
    if "knn" in first or "knn" not in means:
        return f"{line}."
    lows = [
        each["low"]
        for each in gains
        if (each["protocol"], each["ranker"], each["against"]) == (protocol, first[0], "knn")
    ]
    ahead = any(low is not None and low > 0 for low in lows)
    return f"{line}, {_against_knn(ahead, means, metric)}."


def _most_often_first(used: Sequence[SetRows]) -> str:
    leaders = [_leaders(_means(each), FOUND) for each in used]
    times = {row["ranker"]: sum(row["ranker"] in first for first in leaders) for row in used[0][1]}
    first = [ranker for ranker in times if times[ranker] == max(times.values())]
    n = times[first[0]]
    if len(first) > 1:
        return f"In relevant documents found {_listed(first)} are first equally often, on {n} of {len(used)} sets each."
    n_shared = sum(first[0] in each and len(each) > 1 for each in leaders)
    shared = f", on {n_shared} of them with others" if n_shared else ""
    line = f"In relevant documents found {TITLES[first[0]]} comes first on {n} of {len(used)} sets{shared}"
    if "knn" in first or "knn" not in times:
        return f"{line}."
    n_ahead = sum(_is_ahead(each, first[0]) for each in used)
    return f"{line}; it is ahead of kNN by more than chance explains on {n_ahead}."


def _against_knn(ahead: bool, means: Mapping[str, float], metric: str) -> str:
    knn = shown(means["knn"], metric)
    return (
        f"ahead of kNN's {knn} by more than chance explains"
        if ahead
        else f"but the lead over kNN's {knn} may be chance"
    )


def _is_ahead(used: SetRows, ranker: str) -> bool:
    """Whether a ranker is above kNN on a set, and that is no chance."""
    metric = metric_of(used[1][0]["protocol"])
    [p] = [row["metrics"][metric].get("p_against_knn") for row in used[1] if row["ranker"] == ranker]
    means = _means(used)
    return p is not None and p < SURE and means[ranker] > means["knn"]


def _means(used: SetRows) -> dict[str, float]:
    return means_over_sets([used], metric_of(used[1][0]["protocol"]))


def _leaders(means: Mapping[str, float], metric: str) -> list[str]:
    """Return the rankers with the highest figure, as it is shown."""
    best = shown(max(means.values()), metric)
    return [ranker for ranker, mean in means.items() if shown(mean, metric) == best]


def _come_first(first: Sequence[str], n_rankers: int) -> str:
    if len(first) == 1:
        return f"{TITLES[first[0]]} comes first"
    return "all rankers are level" if len(first) == n_rankers else f"{_listed(first)} come first together"


def _listed(rankers: Sequence[str]) -> str:
    """Return several names as people say them."""
    *others, last = (TITLES[ranker] for ranker in rankers)
    return f"{', '.join(others)} and {last}"
