"""Judge when a screening stops: by the rule and the random check of ``exemplar left``, and by two rules of others.

``python -m benchmarks.stopping shared/datasets/beir/screen_* --seeds 100 --json FILE``

The screens are folders in BEIR's format. They are read to the end as ``benchmarks.reading_orders`` describes, or in the
orders of a JSON file, as ``benchmarks.screening --rankers RANKER --no-asreview --orders FILE`` writes it: a list of
objects with screen, seed, and the labels in reading order as a text of 0 and 1, the two records that were known before
first; where the seed is null, none was known. Every rule is looked at after each record. The first stop counts.

- rule: the hypergeometric rule, its error spent over all looks (``exemplar.retrieval.screening.stopping``)
- rule, not spent: the same run at the full alpha, which a single look would allow
- callaghan: the lowest p of all runs up to now, as Callaghan and Mueller-Hansen (2020) compute it, at the full alpha
- 50 in a row: fifty irrelevant records in succession
- check: a random check whenever 50 records in succession were irrelevant, as large as one without a relevant record
  needs, until one of them claims the target; all that was drawn counts as read
"""

import argparse
import bisect
import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reading_orders import ranked_orders
from exemplar.retrieval.screening.bounds import Target, draw_needed, fewest_that_miss, most_relevant
from exemplar.retrieval.screening.checks import share_of_alpha
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Draw, Read, Record
from exemplar.retrieval.screening.stopping import level, run_needed

_TARGET, _ROW, _RANKED = Target(0.95, 0.95), 50, {"list": "ranked"}
_RANDOM_ORDERS = ((500, 10), (1_000, 50), (2_000, 100))  # records and relevant ones
_MOST_CHECKS = 8

Labels = NDArray[np.bool_]
Rule = Callable[[Labels, int], int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stopping", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("screens", type=Path, nargs="*", help="folders in BEIR's format")
    parser.add_argument("--seeds", type=int, default=100, help="readings of each screen")
    parser.add_argument("--orders", type=Path, help="read the orders from a JSON file")
    parser.add_argument("--draws", type=int, default=10_000, help="of each simulation of the random check")
    parser.add_argument("--random-orders", type=int, default=500, help="of each size")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if not options.screens and not options.orders:
        parser.error("name folders of screens, or a file of orders")
    orders = json.loads(options.orders.read_text()) if options.orders else ranked_orders(options.screens, options.seeds)
    result = {
        "command": "python -m benchmarks.stopping " + " ".join(sys.argv[1:] if arguments is None else arguments),
        "date": datetime.now(UTC).date().isoformat(),
        "target": {"recall": _TARGET.recall, "confidence": _TARGET.confidence},
        **_judge(list(orders)),
        "random_orders": [_random_orders(n, R, options.random_orders) for n, R in _RANDOM_ORDERS],
        "simulated_checks": _simulated_checks(options.draws),
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def _judge(orders: Sequence[dict[str, Any]]) -> dict[str, Any]:
    screens = {screen: [o for o in orders if o["screen"] == screen] for screen in sorted({o["screen"] for o in orders})}
    rows: dict[str, list[tuple[str, Labels, int]]] = {}
    for order in orders:
        labels = np.array([label == "1" for label in order["labels"]])
        n_known = 0 if order["seed"] is None else 2
        for name, rule in RULES.items():
            stop = rule(labels, n_known)
            rows.setdefault(name, []).append((order["screen"], labels[:], stop))
        read_labels, stop = stop_by_check(labels, n_known, order["seed"] or 0)
        rows.setdefault("check", []).append((order["screen"], read_labels, stop))
    return {
        "screens": {
            screen: {
                "seeds": len(of_screen),
                "records": len(of_screen[0]["labels"]),
                "relevant": of_screen[0]["labels"].count("1"),
            }
            for screen, of_screen in screens.items()
        },
        "rules": {
            name: {
                "all": _summary([(labels, stop) for _, labels, stop in row]),
                **{
                    screen: _summary([(labels, stop) for of, labels, stop in row if of == screen]) for screen in screens
                },
            }
            for name, row in rows.items()
        },
    }


def _summary(stops: Sequence[tuple[Labels, int]]) -> dict[str, Any]:
    """Return what became of readings that stopped after so many records; at the end means that the rule never did."""
    recalls = [labels[:stop].sum() / labels.sum() for labels, stop in stops]
    n_under = sum(bool(recall < _TARGET.recall) for recall in recalls)
    needed = [int(np.searchsorted(np.cumsum(labels), _TARGET.recall * labels.sum() - 1e-9)) + 1 for labels, _ in stops]
    return {
        "readings": len(stops),
        "under_target": n_under,
        "under_target_share": round(n_under / len(stops), 4),
        "under_target_interval": [round(end, 4) for end in share_interval(n_under, len(stops))],
        "never_stopped": sum(int(stop) == len(labels) for labels, stop in stops),
        "median_read": median(int(stop) for _, stop in stops),
        "mean_share_read": round(mean(int(stop) / len(labels) for labels, stop in stops), 4),
        "mean_share_beyond_need": round(
            mean(max(0, int(stop) - need) / len(labels) for (labels, stop), need in zip(stops, needed, strict=True)), 4
        ),
        "mean_recall": round(float(np.mean(recalls)), 4),
        "lowest_recall": round(float(min(recalls)), 4),
    }


def share_interval(n: int, of: int) -> tuple[float, float]:
    """Return the exact 95% interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = float(beta.ppf(0.025, n, of - n + 1)) if n else 0.0
    return low, float(beta.ppf(0.975, n + 1, of - n)) if n < of else 1.0


def _runs(labels: Labels, n_known: int) -> Iterable[tuple[int, int, int]]:
    """Yield for each run without a relevant record how many are read before it and at its end, and how many found."""
    places = np.flatnonzero(labels)
    starts = [n_known, *(int(place) + 1 for place in places if place >= n_known)]
    ends = [*(int(place) for place in places if place >= n_known), len(labels)]
    for start, end in zip(starts, ends, strict=True):
        yield start, end, int(labels[:start].sum())


def stop_by_rule(labels: Labels, n_known: int) -> int:
    """Return after how many records the hypergeometric rule stops."""
    from scipy.stats import hypergeom

    for start, end, n_found in _runs(labels, n_known):
        n_before, K = len(labels) - start, fewest_that_miss(n_found, 0, _TARGET.recall)
        is_enough = n_before < K or hypergeom.cdf(0, n_before, K, end - start) <= level(n_found, 0, _TARGET)
        if n_found and is_enough:
            return start + (run_needed(n_before, n_found, 0, _TARGET) or 0)
    return len(labels)


def stop_unspent(labels: Labels, n_known: int) -> int:
    """Return after how many records the last run alone is rarer than alpha."""
    from scipy.stats import hypergeom

    for start, end, n_found in _runs(labels, n_known):
        n_before, K = len(labels) - start, fewest_that_miss(n_found, 0, _TARGET.recall)
        lengths = np.arange(end - start + 1)
        rare = hypergeom.cdf(0, n_before, K, lengths) <= _TARGET.alpha if n_before >= K else lengths >= 0
        if n_found and rare.any():
            return start + int(np.argmax(rare))
    return len(labels)


def stop_by_lowest_p(labels: Labels, n_known: int) -> int:
    """Return after how many records the lowest p of all runs that begin after a relevant record is below alpha."""
    starts: list[int] = []
    found_before: list[int] = []
    for start, end, n_found in _runs(labels, n_known):
        starts.append(start)
        found_before.append(n_found)
        begun, before = np.array(starts), np.array(found_before)
        N, K = len(labels) - begun, np.floor(n_found / _TARGET.recall + 1e-9).astype(int) - before + 1

        is_rare = functools.partial(_is_lowest_p_rare, n_found - before, N, K, begun)
        if n_found and is_rare(end):
            return bisect.bisect_left(range(end), True, lo=start, key=is_rare)
    return len(labels)


def _is_lowest_p_rare(k: Any, N: Any, K: Any, begun: Any, read: int) -> bool:
    """Return whether P(X <= k) is below alpha for any start; it is 1 - P(X > k), which has few terms up to K."""
    from scipy.stats import hypergeom

    more = k + 1 + np.arange(int((K - k).max()))[:, np.newaxis]  # all K - k are equal
    p = 1 - hypergeom.pmf(more, N, np.minimum(K, N), read - begun).sum(axis=0)
    return bool((np.where(K > N, 0.0, p) < _TARGET.alpha).any())


def stop_in_a_row(labels: Labels, n_known: int) -> int:
    """Return after how many records fifty in succession are irrelevant."""
    return next((start + _ROW for start, end, _ in _runs(labels, n_known) if end - start >= _ROW), len(labels))


RULES: dict[str, Rule] = {
    "rule": stop_by_rule,
    "rule, not spent": stop_unspent,
    "callaghan": stop_by_lowest_p,
    "50 in a row": stop_in_a_row,
}


def stop_by_check(labels: Labels, n_known: int, seed: int) -> tuple[Labels, int]:
    """Return the labels in the order in which they are read with random checks, and after how many a check claims."""
    rng = np.random.default_rng(seed)
    order, waiting = list(range(n_known)), list(range(n_known, len(labels)))
    reads = [_read(record, labels, {"import": "known"}) for record in order]
    draws: list[Draw] = []
    row = 0
    while waiting:
        record = waiting.pop(0)
        order.append(record)
        reads.append(_read(record, labels, _RANKED))
        row = 0 if labels[record] else row + 1
        if row < _ROW or not waiting:
            continue
        row, number, n_found = 0, len(draws) + 1, int(labels[order].sum())
        n_drawn = draw_needed(len(waiting), n_found, 0, _TARGET.recall, share_of_alpha(number, _TARGET.alpha))
        if number > _MOST_CHECKS or not n_drawn:
            continue
        drawn = rng.choice(waiting, n_drawn, replace=False).tolist()
        draws.append(Draw(number, tuple(map(str, drawn)), len(waiting), frozenset(map(str, order))))
        order += drawn
        reads += [_read(each, labels, {"random": number}) for each in drawn]
        waiting = [each for each in waiting if each not in set(drawn)]
        left = how_much_is_left(Record(tuple(reads), tuple(draws), len(labels)), _TARGET)
        if left.check and left.check.holds:
            return labels[order + waiting], len(order)
    return labels[order], len(labels)


def _read(record: int, labels: Labels, found: dict[str, Any]) -> Read:
    return Read(str(record), "positive" if labels[record] else "negative", found)


def _random_orders(n_records: int, n_relevant: int, n_orders: int) -> dict[str, Any]:
    """Return how often each rule stops under the target where the reading order is random."""
    rng, labels = np.random.default_rng(0), np.arange(n_records) < n_relevant
    orders = [rng.permutation(labels) for _ in range(n_orders)]
    shares = {}
    for name, rule in RULES.items():
        stops = [(order, rule(order, 0)) for order in orders]
        n_under = sum(bool(order[:stop].sum() < _TARGET.recall * n_relevant - 1e-9) for order, stop in stops)
        interval = [round(end, 4) for end in share_interval(n_under, n_orders)]
        shares[name] = {"under_target_share": round(n_under / n_orders, 4), "interval": interval}
    return {"records": n_records, "relevant": n_relevant, "orders": n_orders, "rules": shares}


def _simulated_checks(n_reviews: int) -> list[dict[str, Any]]:
    """Return how often random checks claim falsely where the target is missed, just so or by several records."""
    cases = ((1_000, 19, 2, 1), (1_000, 100, 6, 1), (5_000, 500, 27, 1), (1_000, 100, 6, 8), (1_000, 100, 20, 8))
    return [_simulated_reviews(*case, n_reviews) for case in cases]


def _simulated_reviews(n_unread: int, n_found: int, n_left: int, n_checks: int, n_reviews: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n_false = sum(_claims_falsely(n_unread, n_found, n_left, n_checks, rng) for _ in range(n_reviews))
    return {
        "unread": n_unread,
        "found": n_found,
        "left": n_left,
        "checks_at_most": n_checks,
        "reviews": n_reviews,
        "false_claims_share": round(n_false / n_reviews, 4),
        "interval": [round(end, 4) for end in share_interval(n_false, n_reviews)],
    }


def _claims_falsely(n_unread: int, n_found: int, n_left: int, n_checks: int, rng: np.random.Generator) -> bool:
    """Draw checks one after the other until one claims, or the target is reached; what they find is found."""
    n_relevant = n_found + n_left
    for number in range(1, n_checks + 1):
        alpha = share_of_alpha(number, _TARGET.alpha)
        n_drawn = _draw_needed(n_unread, n_found, alpha)
        k = int(rng.hypergeometric(n_left, n_unread - n_left, n_drawn))
        highest = n_found + _most_relevant(n_unread, n_drawn, k, alpha)
        n_unread, n_found, n_left = n_unread - n_drawn, n_found + k, n_left - k
        if n_found >= _TARGET.recall * n_relevant:
            return False
        if n_found >= _TARGET.recall * highest:
            return True
    return False


@functools.cache
def _draw_needed(n_unread: int, n_found: int, alpha: float) -> int:
    return draw_needed(n_unread, n_found, 0, _TARGET.recall, alpha) or n_unread


_most_relevant = functools.cache(most_relevant)


if __name__ == "__main__":
    main()
