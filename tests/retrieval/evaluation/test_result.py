import json
from typing import Any

import pytest

from exemplar.data.errors import EvaluationDamaged
from exemplar.retrieval.evaluation.result import EvaluationResult, Gain, MetricEstimate, RankerResult, SetResult
from tests.support.paths import ROOT

MEASURED_FOR_README = ROOT / "benchmarks" / "evaluation.json"


@pytest.fixture
def content() -> dict[str, Any]:
    """The JSON that the command wrote for the README."""
    content: dict[str, Any] = json.loads(MEASURED_FOR_README.read_text())
    return content


def test_a_file_that_is_read_and_written_is_the_same(content: dict[str, Any]) -> None:
    result = EvaluationResult.from_json(content)
    assert result.to_json() == content
    assert result.to_bytes() == MEASURED_FOR_README.read_bytes()


def test_the_json_of_a_result() -> None:
    estimate = MetricEstimate(0.5, 0.25, 0.75, {"knn": 0.01, "rocchio": None})
    result = EvaluationResult(
        "exemplar evaluate pets",
        "2026-11-25",
        (
            SetResult(
                *("pets", "fake", "float32", 10, 12, "labels", 4, 1),
                (RankerResult("own loop", 2, "svm", 3, {"relevant found": estimate}),),
            ),
        ),
        (Gain("first query", 0, "svm", "mean", 1, 0.1, None, None),),
    )
    content = {
        "command": "exemplar evaluate pets",
        "date": "2026-11-25",
        "sets": [
            {
                "name": "pets",
                "model": "fake",
                "precision": "float32",
                "documents": 10,
                "passages": 12,
                "judgements": "labels",
                "judged_queries": 4,
                "judgements_of_missing_documents": 1,
                "results": [
                    {
                        "protocol": "own loop",
                        "round": 2,
                        "ranker": "svm",
                        "queries": 3,
                        "metrics": {
                            "relevant found": {
                                "mean": 0.5,
                                "low": 0.25,
                                "high": 0.75,
                                "p_against_knn": 0.01,
                                "p_against_rocchio": None,
                            }
                        },
                    }
                ],
            }
        ],
        "gains": [
            {
                "protocol": "first query",
                "round": 0,
                "ranker": "svm",
                "against": "mean",
                "sets": 1,
                "gain": 0.1,
                "low": None,
                "high": None,
                "losing": None,
            }
        ],
    }
    assert result.to_json() == content
    assert EvaluationResult.from_json(content) == result


def test_the_last_round_of_a_protocol(content: dict[str, Any]) -> None:
    cranfield = EvaluationResult.from_json(content).sets[0]
    last = cranfield.last_round("own loop")
    assert [(each.protocol, each.round) for each in last] == [("own loop", 5)] * 12
    assert SetResult("a", "m", "float32", 1, 1, "labels", 1, 0, ()).last_round("own loop") == ()


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
        (("sets", 0, "results", 1, "metrics", "MAP", "p_against_knn"), "?", "a p-value of MAP is not a number"),
        (("sets", 0, "results", 1, "ranker"), "knn", "the sets differ in rounds or rankers of the protocol first"),
        (("gains", 0, "against"), "best", "there is no ranker 'best'"),
        (("gains", 0, "gain"), None, "a gain has no gain"),
        (("gains", 0, "losing"), "few", "the share of losing queries is 'few'"),
        (("gains", 0, "low"), None, "an interval goes from None to 0.0"),
    ],
)
def test_json_that_a_report_could_not_show_is_damaged(
    content: dict[str, Any], place: tuple[Any, ...], value: Any, problem: str
) -> None:
    part: Any = content
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(EvaluationDamaged, match=problem):
        EvaluationResult.from_json(content)
