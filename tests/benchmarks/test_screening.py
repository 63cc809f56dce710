import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import screening, stopping, tables
from benchmarks.screening import Order, asreview_labels, figures
from exemplar.data.building.build import build_corpus
from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.evaluation.judgements import JudgedQuery
from exemplar.retrieval.evaluation.reading import draw_known
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from tests.support.corpora import ANIMALS, source_of
from tests.support.fake_encoder import FakeEncoder

RELEVANT = ("1", "3", "4")

# Reads a screen from its end to its beginning, and writes down what ASReview would.
STAND_IN = """#!PYTHON
import csv, sqlite3, sys, zipfile
words = sys.argv[1:]
assert words[:2] == ["simulate", "screen.csv"] and words[2:4] == ["--ai", "elas_u4"]
rows = list(csv.DictReader(open("screen.csv", encoding="utf-8")))
at = words.index("--prior-idx")
known = [int(word) for word in words[at + 1 : at + 3]]
labels = [int(row["included"]) for row in rows]
CHANGE
order = [row for row in reversed(range(len(rows))) if row not in known]
last = max(place for place, row in enumerate(order) if labels[row])
database = sqlite3.connect("results.db")
database.execute("CREATE TABLE results (record_id INTEGER, label INTEGER, training_set INTEGER)")
read = [(row, labels[row], None) for row in known]
read += [(row, labels[row], 2 + place) for place, row in enumerate(order[: last + 1])]
database.executemany("INSERT INTO results VALUES (?, ?, ?)", read)
database.commit()
zipfile.ZipFile("screen.asreview", "w").write("results.db")
"""


def stand_in(folder: Path, change: str = "") -> Path:
    command = folder / "asreview"
    command.write_text(STAND_IN.replace("PYTHON", sys.executable).replace("CHANGE", change))
    command.chmod(0o755)
    return command


@pytest.fixture
def screen(encoder: FakeEncoder) -> tuple[Collection, Judged]:
    corpus = build_corpus(source_of(ANIMALS, name="screen"), encoder)
    collection = Collection(SearchEngine(corpus, lambda *_: encoder))
    return collection, Judged(collection, JudgedQuery("1", "the cat", dict.fromkeys(RELEVANT, 1)))


@pytest.mark.slow
def test_the_order_of_asreview_is_read_without_the_known_records(
    screen: tuple[Collection, Judged], tmp_path: Path
) -> None:
    known = Feedback(("3",), ("7",))
    labels = asreview_labels(str(stand_in(tmp_path)), *screen, known, 0, 1)
    # 9 8 6 5 4 2 1, and 0, which is not read any more.
    assert np.flatnonzero(labels).tolist() == [4, 6]
    assert len(labels) == 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("labels.insert(0, labels.pop())", "ASReview has the records in another order than the corpus"),
        ("known = [3, 8]", "ASReview began with other records than the drawn ones"),
        ("sys.exit('out of memory')", "failed: out of memory"),
    ],
)
def test_another_order_of_records_or_another_start_is_refused(
    screen: tuple[Collection, Judged], tmp_path: Path, change: str, message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        asreview_labels(str(stand_in(tmp_path, change)), *screen, Feedback(("3",), ("7",)), 0, 1)


def test_figures_are_means_over_seeds_and_ratios_to_asreview_over_screens() -> None:
    def orders(screen: str, reader: str, labels: Sequence[str]) -> list[Order]:
        return [Order(screen, seed, reader, 1, of_seed) for seed, of_seed in enumerate(labels)]

    read = [
        *orders("a", "asreview", ["0100", "0001"]),  # losses 1/3 and 1
        *orders("a", "knn", ["1000", "0010"]),  # 0 and 2/3
        *orders("b", "asreview", ["0010", "0010"]),  # 2/3
        *orders("b", "knn", ["0100", "0100"]),  # 1/3
        Order("a", None, "knn", 1, "0001"),
    ]
    asreview, knn, alone = figures(read, ["a"])
    assert (asreview["reader"], asreview["metrics"]["loss"]["mean"]) == ("asreview", 0.6667)
    assert asreview["metrics"]["loss"]["ratio"] == {"mean": 1, "low": 1, "high": 1}
    assert knn["metrics"]["loss"]["mean"] == 0.3333
    ratio = knn["metrics"]["loss"]["ratio"]
    assert (ratio["mean"], ratio["low"], ratio["high"]) == (0.5, 0, 0.6667), "the pairs have 0 and 2/3 of its loss"
    assert (alone["known"], alone["metrics"]["loss"]) == (False, {"mean": 1})
    [_, knn, _] = figures(read, ["a", "b"])
    assert knn["metrics"]["loss"]["mean"] == 0.3333
    assert knn["metrics"]["loss"]["ratio"]["mean"] == 0.5


@pytest.mark.slow
def test_the_benchmark_prints_both_and_writes_the_orders(
    screen: tuple[Collection, Judged], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_judged", lambda name: screen)
    monkeypatch.setattr(screening, "install_asreview", lambda folder: stand_in(tmp_path))
    arguments = ["--seeds", "3", "--screens", "screen_ace", "--page", "1", "--rankers", "knn", "elas"]
    files = ["--processes", "1", "--json", str(tmp_path / "out.json"), "--orders", str(tmp_path / "orders.json")]
    monkeypatch.setattr("sys.argv", ["screening", *arguments, *files])

    screening.main()

    result = json.loads((tmp_path / "out.json").read_text())
    assert result["command"] == " ".join(["python -m benchmarks.screening", *arguments])
    readers = [(each["reader"], each["page"], each["known"]) for each in result["mean"]]
    assert readers == [("asreview", 1, True), *((name, 1, True) for name in ("knn", "elas"))] + [
        (name, 1, False) for name in ("knn", "elas")
    ]
    assert result["screens"]["screen_ace"] == result["mean"], "the only screen"
    orders = json.loads((tmp_path / "orders.json").read_text())
    assert {(each["ranker"], each["seed"]) for each in orders} == {
        *(("asreview", seed) for seed in range(3)),
        *((name, seed) for name in ("knn", "elas") for seed in (0, 1, 2, None)),
    }
    for each in orders:
        assert (each["screen"], each["page"]) == ("screen_ace", 1)
        assert (len(each["labels"]), each["labels"].count("1")) == (10, 3)
        assert each["seed"] is None or each["labels"].startswith("10"), "the two known records"
    # The stand-in reads from the end what the drawn two leave over.
    drawn = draw_known(screen[1], (1,))
    assert drawn is not None
    left = [row for row in reversed(range(10)) if str(row) not in (*drawn.positives, *drawn.negatives)]
    expected = "10" + "".join(str(int(str(row) in RELEVANT)) for row in left)
    assert [each["labels"] for each in orders if (each["ranker"], each["seed"]) == ("asreview", 1)] == [expected]
    stopping.main(["--orders", files[-1], "--draws", "20", "--random-orders", "2", "--json", files[-1]])
    assert json.loads((tmp_path / "orders.json").read_text())["screens"]["screen_ace"]["records"] == 10
    printed = tables.screening(result).splitlines()
    assert printed[0].startswith("| mean of 1 screens, 3 seeds | loss | times ASReview's, one at a time | WSS@95 |")
    assert printed[2].startswith("| ASReview 3.0.8, one at a time | ")
    assert printed[-1].startswith("| ELAS-like SVM, one at a time, from the title alone | ")
