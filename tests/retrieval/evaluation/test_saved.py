import json
from pathlib import Path
from typing import Any

import pytest

from exemplar.data.errors import EvaluationDamaged
from exemplar.retrieval.evaluation.result import as_bytes, evaluate_command
from exemplar.retrieval.evaluation.saved import (
    Kept,
    evaluations_folder,
    keep,
    kept_evaluations,
    read_result,
    remove_evaluation,
)
from tests.support.paths import ROOT


@pytest.fixture
def result() -> dict[str, Any]:
    """What the command wrote for the README."""
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "evaluation.json").read_text())
    return found


def write(name: str, content: bytes) -> Path:
    evaluations_folder().mkdir(parents=True, exist_ok=True)
    path = evaluations_folder() / f"{name}.json"
    path.write_bytes(content)
    return path


def test_what_is_kept_is_what_the_command_writes_the_newest_first(result: dict[str, Any]) -> None:
    assert kept_evaluations() == []
    one = result | {"sets": result["sets"][:1]}
    names = [keep(result), keep(one)]
    assert kept_evaluations() == [Kept(names[1], one), Kept(names[0], result)]
    assert (evaluations_folder() / f"{names[0]}.json").read_bytes() == as_bytes(result)
    assert sorted(path.name for path in evaluations_folder().iterdir()) == [f"{name}.json" for name in names]


def test_one_that_is_kept_tells_when_and_on_what(result: dict[str, Any]) -> None:
    assert Kept("20261125T140322123456Z", result).at == "2026-11-25T14:03:22.123456+00:00"
    assert Kept("by-hand", result).at == result["date"]
    assert Kept("by-hand", result).sets["cisi"] == 76
    assert (Kept("by-hand", None, "broken").at, Kept("by-hand", None, "broken").sets) == ("", {})


def test_one_is_removed_and_no_other_file(result: dict[str, Any], home: Path) -> None:
    names = [keep(result), keep(result)]
    remove_evaluation(names[0])
    remove_evaluation(names[0])
    assert [kept.name for kept in kept_evaluations()] == names[1:]
    (home / "other.json").write_text("mine")
    with pytest.raises(ValueError, match="'../other' is no name of an evaluation"):
        remove_evaluation("../other")
    assert (home / "other.json").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe\x00", "decode"),
        (b"[]", "the evaluation is missing"),
        (b"{}", "the evaluation has no command"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"command": NaN}', "NaN is no figure"),
        (b'{"command": 1e999}', "1e999 is no figure"),
        (b'{"command": 12345678901234567890}', "12345678901234567890 is no figure"),
    ],
)
def test_a_damaged_file_is_told_and_left(content: bytes, problem: str) -> None:
    path = write("broken", content)
    with pytest.raises(EvaluationDamaged, match=problem):
        read_result(path)
    [kept] = kept_evaluations()
    assert (kept.name, kept.result) == ("broken", None)
    assert str(path) in kept.problem
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (("sets",), [], "it has no sets"),
        (("sets", 0, "name"), 7, "a set has no name"),
        (("sets", 0, "results"), [], "a set has no results"),
        (("sets", 0, "results", 0), "row", "a result is missing"),
        (("sets", 0, "results", 0, "ranker"), "best", "there is no protocol 'first query', or no ranker 'best'"),
        (("sets", 0, "results", 0, "protocol"), "last", "there is no protocol 'last'"),
        (("sets", 0, "results", 0, "metrics"), {}, "nDCG@10 is missing"),
        (("sets", 0, "results", 0, "metrics", "MAP", "mean"), "high", "MAP has no mean"),
        (("sets", 0, "results", 0, "metrics", "MAP", "low"), None, "an interval goes from None to"),
        (("sets", 0, "results", 1, "metrics", "MAP", "p_against_knn"), "?", "a p of MAP is no number"),
        (("sets", 0, "results", 1, "ranker"), "knn", "the sets differ in rounds or rankers by the protocol first"),
        (("gains", 0, "against"), "best", "there is no ranker 'best'"),
        (("gains", 0, "gain"), None, "a gain has no gain"),
    ],
)
def test_a_result_that_could_not_be_told_is_damaged(
    result: dict[str, Any], place: tuple[Any, ...], value: Any, problem: str
) -> None:
    part: Any = result
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(EvaluationDamaged, match=problem):
        read_result(write("changed", json.dumps(result).encode()))


def test_the_command_says_what_is_not_usual() -> None:
    assert evaluate_command(["a", "b"]) == "exemplar evaluate a b"
    assert (
        evaluate_command(["a"], rankers=("knn", "svm"), rounds=2, n_queries=30, seed=1)
        == "exemplar evaluate a --rankers knn,svm --rounds 2 --queries 30 --seed 1"
    )
