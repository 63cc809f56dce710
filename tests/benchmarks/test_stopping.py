import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, hypergeom

from benchmarks import stopping
from benchmarks.reading_orders import ranked_orders
from exemplar.retrieval.screening.left import how_much_is_left
from exemplar.retrieval.screening.record import Read, Record
from exemplar.retrieval.screening.stopping import runs_of

ORDERS = [np.random.default_rng(seed).permutation(np.arange(150) < 25) for seed in range(3)]
ORDERS += [
    np.append(np.random.default_rng(seed).permutation(np.arange(60) < 24), np.zeros(90, bool)) for seed in (0, 1)
]


def reads(labels: np.ndarray) -> tuple[Read, ...]:
    return tuple(Read(str(n), "positive" if label else "negative", {"list": "a"}) for n, label in enumerate(labels))


@pytest.mark.parametrize("labels", ORDERS)
def test_the_rule_stops_where_the_product_says_so_first(labels: np.ndarray) -> None:
    stops = (n for n in range(1, 151) if how_much_is_left(Record(reads(labels[:n]), (), 150)).rule.holds)
    assert stopping.stop_by_rule(labels, 0) == next(stops)


@pytest.mark.parametrize("labels", ORDERS)
def test_the_lowest_p_is_that_of_all_starts(labels: np.ndarray) -> None:
    """Starts between relevant records never have a lower p than the start behind the relevant one before."""

    def lowest_p(n: int) -> float:
        found = int(labels[:n].sum())
        starts = [(start, int(labels[:start].sum())) for start in range(n)]
        missed = [(start, before, int(np.floor(found / 0.95)) - before + 1) for start, before in starts]
        return min(
            0.0 if 150 - start < K else float(hypergeom.cdf(found - before, 150 - start, K, n - start))
            for start, before, K in missed
        )

    stops = (n for n in range(1, 150) if labels[:n].any() and not labels[n - 1] and lowest_p(n) < 0.05)
    assert stopping.stop_by_lowest_p(labels, 0) == next(stops, 150)


def test_fifty_in_a_row() -> None:
    labels = np.zeros(200, bool)
    labels[[0, 30, 81]] = True
    assert stopping.stop_in_a_row(labels, 2) == 81, "exactly fifty behind the one at 30"
    labels[80] = True
    assert stopping.stop_in_a_row(labels, 2) == 132
    assert stopping.stop_in_a_row(np.ones(60, bool), 2) == 60


def test_a_review_by_checks_reads_what_it_draws() -> None:
    labels = np.append(np.ones(30, bool), np.zeros(300, bool))
    in_order, stop = stopping.stop_by_check(labels, 2, 0)
    assert sorted(in_order) == sorted(labels)
    assert 80 < stop < 330
    assert in_order[:stop].sum() == 30


def test_the_interval_of_a_share_is_exact() -> None:
    for n, of in ((0, 84), (3, 84), (84, 84)):
        expected = binomtest(n, of).proportion_ci(0.95, "exact")
        assert stopping.share_interval(n, of) == pytest.approx((expected.low, expected.high))


def screen(folder: Path) -> Path:
    """Write a screen in which the relevant records are those about bees."""
    texts = [f"{'bees nest in parks' if n % 6 == 0 else 'stocks and bonds fell'} today {n}" for n in range(60)]
    (folder / "qrels").mkdir(parents=True)
    lines = [json.dumps({"_id": f"d{n}", "title": "", "text": text}) for n, text in enumerate(texts)]
    (folder / "corpus.jsonl").write_text("\n".join(lines))
    judged = [f"1\td{n}\t{int(n % 6 == 0)}" for n in range(60)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]))
    return folder


def test_a_screen_is_read_to_its_end_relevant_ones_first(tmp_path: Path) -> None:
    orders = list(ranked_orders([screen(tmp_path / "bees")], 2))
    assert [(order["screen"], order["seed"]) for order in orders] == [("bees", 0), ("bees", 1)]
    for order in orders:
        assert order["labels"] == "10" + "1" * 9 + "0" * 49


def test_the_benchmark_judges_every_rule(tmp_path: Path) -> None:
    orders, out = tmp_path / "orders.json", tmp_path / "out.json"
    labels = ["10" + "1" * 9 + "0" * 189, "10" + "0" * 60 + "1" * 9 + "0" * 129]
    orders.write_text(json.dumps([{"screen": "toy", "seed": n, "labels": each} for n, each in enumerate(labels)]))
    stopping.main(["--orders", str(orders), "--draws", "200", "--random-orders", "3", "--json", str(out)])
    result = json.loads(out.read_text())
    assert result["screens"] == {"toy": {"seeds": 2, "records": 200, "relevant": 10}}
    assert list(result["rules"]) == ["rule", "rule, not spent", "callaghan", "50 in a row", "check"]
    row = result["rules"]["50 in a row"]["all"]
    assert (row["readings"], row["under_target"], row["never_stopped"]) == (2, 1, 0)
    assert (row["median_read"], row["lowest_recall"]) == ((61 + 52) / 2, 0.1)
    assert row["mean_share_beyond_need"] == (61 - 11) / 200 / 2
    assert [simulated["reviews"] for simulated in result["simulated_checks"]] == [200] * 5
    assert all(simulated["interval"][0] <= 0.05 for simulated in result["simulated_checks"])
    assert [orders["records"] for orders in result["random_orders"]] == [500, 1000, 2000]


def test_runs_of_the_benchmark_are_those_of_the_product() -> None:
    labels = ORDERS[0]
    for start, end, n_found in stopping._runs(labels, 0):
        run = runs_of(reads(labels[:end]), 150)[0]
        assert (run.n_read, run.n_before) == (end - start, 150 - start)
        assert n_found == labels[:start].sum()
