from typing import Any

import pytest

from exemplar.retrieval.evaluation.protocols import FOUND
from exemplar.retrieval.evaluation.verdict import winner_line


def of(name: str, queries: int, protocol: str = "first query", **means: tuple[float, float | None]) -> dict[str, Any]:
    """Return a set; each ranker has its mean, and p against kNN."""
    metric = FOUND if protocol == "own loop" else "nDCG@10"
    return {
        "name": name,
        "results": [
            {
                "protocol": protocol,
                "round": 1,
                "ranker": ranker,
                "queries": queries,
                "metrics": {metric: {"mean": mean, "low": None, "high": None, "p_against_knn": p}},
            }
            for ranker, (mean, p) in means.items()
        ],
    }


def against_knn(ranker: str, low: float | None) -> dict[str, Any]:
    return {"protocol": "first query", "ranker": ranker, "against": "knn", "low": low}


@pytest.mark.parametrize(
    ("each", "line"),
    [
        (
            of("a", 30, knn=(0.25, None), svm=(0.5, 0.04)),
            "On a Exemplar SVM comes first with 0.500 nDCG@10, ahead of kNN's 0.250 by more than chance explains.",
        ),
        (
            of("a", 30, knn=(0.25, None), svm=(0.5, 0.05)),
            "On a Exemplar SVM comes first with 0.500 nDCG@10, but the lead over kNN's 0.250 may be chance.",
        ),
        (
            of("a", 19, knn=(0.25, None), svm=(0.5, 0.01)),
            "On a Exemplar SVM comes first with 0.500 nDCG@10; 19 queries are too few to tell that from chance.",
        ),
        (
            of("a", 1, knn=(0.25, None), svm=(0.2, None)),
            "On a kNN comes first with 0.250 nDCG@10; 1 query is too few to tell that from chance.",
        ),
        (of("a", 30, knn=(0.25, None), svm=(0.2, 0.01)), "On a kNN comes first with 0.250 nDCG@10."),
        (of("a", 30, bm25=(0.25, None), svm=(0.2, None)), "On a BM25 comes first with 0.250 nDCG@10."),
        (
            of("a", 30, knn=(0.25, None), rocchio=(0.2504, 0.3), svm=(0.2, 0.01)),
            "On a kNN and Rocchio come first together with 0.250 nDCG@10.",
        ),
        (of("a", 30, knn=(1.0, None), svm=(1.0, 1.0)), "On a all rankers are level with 1.000 nDCG@10."),
        (of("a", 30, knn=(1.0, None)), ""),
        ({"name": "a", "results": []}, ""),
    ],
)
def test_on_one_set_a_lead_is_told_with_what_chance_has_to_do_with_it(each: dict[str, Any], line: str) -> None:
    assert winner_line([each], [], "first query") == line


def test_over_several_sets_the_mean_and_its_interval_count() -> None:
    sets = [of("a", 20, knn=(0.2, None), svm=(0.4, 0.5)), of("b", 20, knn=(0.4, None), svm=(0.6, 0.5))]
    small = of("c", 19, knn=(0.9, None), svm=(0.0, 0.5))
    first = "By the mean of 2 sets Exemplar SVM comes first with 0.500 nDCG@10, "
    ahead = winner_line([*sets, small], [against_knn("svm", 0.01)], "first query")
    assert ahead == first + "ahead of kNN's 0.300 by more than chance explains."
    for gains in ([against_knn("svm", 0.0)], [against_knn("svm", None)], [against_knn("anchored", 0.3)], []):
        assert winner_line(sets, gains, "first query") == first + "but the lead over kNN's 0.300 may be chance."


def test_in_the_own_loop_it_counts_how_often_a_ranker_is_first() -> None:
    sets = [
        of("a", 30, "own loop", knn=(9.0, None), svm=(12.0, 0.01)),
        of("b", 30, "own loop", knn=(2.0, None), svm=(2.0, 1.0)),
        of("c", 30, "own loop", knn=(3.0, None), svm=(4.0, 0.2)),
    ]
    assert winner_line(sets, [], "own loop") == (
        "In relevant documents found Exemplar SVM comes first on 3 of 3 sets, on 1 of them with others; "
        "it is ahead of kNN by more than chance explains on 1."
    )
    level = [of(name, 30, "own loop", knn=(1.0, None), svm=(1.0, 1.0)) for name in "ab"]
    assert winner_line(level, [], "own loop") == (
        "In relevant documents found kNN and Exemplar SVM are first equally often, on 2 of 2 sets each."
    )
