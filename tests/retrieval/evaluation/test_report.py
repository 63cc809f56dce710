import re
from pathlib import Path

import pytest

from exemplar.data.errors import ExemplarError
from exemplar.retrieval.evaluation import report
from exemplar.retrieval.evaluation.chart import chart, set_chart
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import RELEVANT_FOUND, EvaluationProtocol
from exemplar.retrieval.evaluation.report import (
    gain_lines,
    markdown,
    missing_lines,
    protocol_rows,
    protocol_table,
    write_report,
)
from exemplar.retrieval.evaluation.result import (
    EvaluationResult,
    Gain,
    MetricEstimate,
    RankerResult,
    SetResult,
)
from exemplar.retrieval.evaluation.saved import read_evaluation
from tests.support.paths import ROOT


def ranker_result(
    ranker: str, mean: float, p: float | None = None, n_queries: int = 30, protocol: EvaluationProtocol = "first query"
) -> RankerResult:
    estimate = MetricEstimate(mean, mean - 0.1, mean + 0.1, {} if ranker == "knn" else {"knn": p})
    return RankerResult(
        protocol, int(protocol == "own loop"), ranker, n_queries, dict.fromkeys((*METRICS, RELEVANT_FOUND), estimate)
    )


def set_result(name: str, *results: RankerResult, n_missing: int = 0) -> SetResult:
    return SetResult(name, "fake", "float32", 10, 10, "labels", 3, n_missing, results)


@pytest.fixture
def result() -> EvaluationResult:
    """Two sets, the second of one query."""
    means = {"knn": 0.4, "rocchio": 0.5, "anchored": 0.6}
    sets = [
        set_result(
            name,
            *(ranker_result(ranker, mean, 0.2, n_queries) for ranker, mean in means.items()),
            *(ranker_result(ranker, 4 * mean, 0.2, n_queries, "own loop") for ranker, mean in means.items()),
            n_missing=n_missing,
        )
        for name, n_queries, n_missing in (("many", 3, 1_000), ("one", 1, 0))
    ]
    gains = (Gain("first query", 0, "anchored", "knn", 2, 0.5, 0.25, 0.75),)
    return EvaluationResult("exemplar evaluate", "2026-11-25", tuple(sets), gains)


def test_gains_and_missing_judgements_in_words(result: EvaluationResult) -> None:
    line = "Anchored SVM against kNN: +50.0% [+25.0, +75.0] nDCG@10, mean of 2 sets"
    assert gain_lines(result.gains, "first query") == [line]
    assert gain_lines(result.gains, "shared marks") == []
    one = [
        Gain(protocol, 0, ranker, against, 1, -0.1, None, None)
        for protocol in ("first query", "shared marks")
        for ranker in ("knn", "anchored")
        for against in ("knn", "mean")
    ]
    assert gain_lines(one, "first query") == ["Anchored SVM against kNN: -10.0% nDCG@10"]
    assert gain_lines(one, "shared marks") == [
        "Anchored SVM against kNN: -10.0% nDCG@10",
        "Anchored SVM against Mean of positives: -10.0% nDCG@10",
    ]
    assert missing_lines(result.sets) == ["many: judgements of documents that are not in the corpus: 1,000"]


def test_a_table_has_a_row_a_ranker_and_marks_what_differs() -> None:
    a = set_result("a", ranker_result("knn", 0.25), ranker_result("anchored", 0.5, 0.04))
    rows = [["kNN", "0.250"], ["Anchored SVM", "0.500*"]]
    assert protocol_rows([a], "first query") == (["nDCG@10", "a (30)"], rows)
    assert protocol_table([a, a], "first query") == (
        "| nDCG@10 | a (30) | a (30) | mean |\n| --- | --- | --- | --- |\n"
        "| kNN | 0.250 | 0.250 | 0.250 |\n| **Anchored SVM** | 0.500* | 0.500* | 0.500 |\n"
    )
    assert protocol_rows([a], "shared marks") == (["nDCG@10"], [])
    assert protocol_table([a], "shared marks") == "No query counts.\n"


def test_a_star_needs_a_p_below_a_twentieth() -> None:
    a = set_result("a", *(ranker_result("svm", 0.5, p) for p in (0.049, 0.05, None)))
    assert [cells[1] for cells in protocol_rows([a], "first query")[1]] == ["0.500*", "0.500", "0.500"]


def test_small_sets_do_not_count_in_the_mean_over_sets() -> None:
    sets = [
        set_result(name, ranker_result("knn", mean, n_queries=n))
        for name, n, mean in (("a", 20, 0.2), ("b", 19, 0.9), ("c", 300, 0.4))
    ]
    assert protocol_rows(sets, "first query")[1] == [["kNN", "0.200", "0.900", "0.400", "0.300"]]
    assert protocol_rows(sets[1:2] * 2, "first query")[1] == [["kNN", "0.900", "0.900", "0.900"]]


def test_a_table_of_the_own_loop_is_of_its_last_round() -> None:
    results = [
        RankerResult("own loop", number, ranker, 2, {RELEVANT_FOUND: MetricEstimate(mean, p_values=p)})
        for ranker, means, p in (("knn", (1.5, 3.0), {}), ("anchored", (1.5, 4.0), {"knn": 0.01}))
        for number, mean in enumerate(means, start=1)
    ]
    each = set_result("a", *results)
    assert protocol_rows([each, each], "own loop") == (
        ["relevant found, 20 read", "a (2)", "a (2)"],
        [["kNN", "3.0", "3.0"], ["Anchored SVM", "4.0*", "4.0*"]],
    )


@pytest.mark.slow
def test_the_report_is_a_page_and_a_chart(result: EvaluationResult, tmp_path: Path) -> None:
    page, picture = write_report(result, tmp_path / "docs")
    text = page.read_text()
    assert text == markdown(result, "evaluation.svg")
    for heading in ("# How good the rankings are", "## First query", "## Own loop", "### many, first query, 3 queries"):
        assert f"{heading}\n" in text
    assert "Nothing is marked yet." in text
    drawn = picture.read_text()
    assert drawn.startswith("<svg")
    words = " ".join(re.findall(r"<text[^>]*>([^<]+)<", drawn))
    for word in ("Anchored SVM", "kNN", "many (3 queries)", "one (1 query)", "documents read", "relevant found"):
        assert word in words


@pytest.mark.slow
def test_lines_of_the_chart_differ_in_more_than_colour(result: EvaluationResult) -> None:
    spec = chart(result.sets).to_dict()
    encoding = spec["spec"]["encoding"] if "spec" in spec else spec["encoding"]
    assert encoding["color"]["field"] == encoding["shape"]["field"] == "ranker"


def test_a_page_gets_the_chart_of_one_set_in_colours_that_suit_it(result: EvaluationResult) -> None:
    light, dark = (set_chart(result.sets[0], dark=dark).to_dict() for dark in (False, True))
    for spec in (light, dark):
        assert "background" not in spec
        assert spec["encoding"]["color"]["field"] == spec["encoding"]["shape"]["field"] == "ranker"
        assert [each["field"] for each in spec["encoding"]["tooltip"]] == ["ranker", "read", "found"]
    scales = [spec["encoding"]["color"]["scale"] for spec in (light, dark)]
    assert scales[0]["domain"] == scales[1]["domain"] == ["Anchored SVM", "kNN", "Rocchio"]
    assert set(scales[0]["range"]).isdisjoint(scales[1]["range"])
    [points] = light["datasets"].values()
    assert {point["set"] for point in points} == {"many (3 queries)"}


def test_a_report_without_its_chart_names_none(result: EvaluationResult) -> None:
    picture = "![Relevant documents found against documents read, a line a ranker](evaluation.svg)\n\n"
    assert markdown(result) == markdown(result, "evaluation.svg").replace(picture, "")
    assert markdown(result) != markdown(result, "evaluation.svg")


def test_without_the_extra_a_chart_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "vl_convert" else object())
    with pytest.raises(ExemplarError, match=r"needs the extra 'report': .*pip install 'exemplar\[report\]'"):
        report.check_chart()


@pytest.fixture(scope="module")
def measured_here() -> EvaluationResult:
    """What the README shows."""
    return read_evaluation(ROOT / "benchmarks" / "evaluation.json")


def test_the_readmes_tables_and_the_report_are_the_commands_output(measured_here: EvaluationResult) -> None:
    readme = (ROOT / "README.md").read_text()
    for protocol in report.PROTOCOLS:
        assert protocol_table(measured_here.sets, protocol) in readme
    for line in gain_lines(measured_here.gains, "shared marks"):
        assert line in readme
    assert f"Measured on {measured_here.date}" in readme
    assert markdown(measured_here, "evaluation.svg") == (ROOT / "docs" / "evaluation.md").read_text()
    for each in measured_here.sets:
        assert f"{each.name} (" in (ROOT / "docs" / "evaluation.svg").read_text()


def test_the_readmes_reading_is_what_was_measured(measured_here: EvaluationResult) -> None:
    def mean(each: SetResult, protocol: str, number: int, ranker: str, metric: str = "nDCG@10") -> float:
        [one] = [r for r in each.results if (r.protocol, r.round, r.ranker) == (protocol, number, ranker)]
        return one.metrics[metric].mean

    def counts(each: SetResult, protocol: str) -> bool:
        return next((r.n_queries for r in each.results if r.protocol == protocol), 0) >= report.MIN_QUERIES

    sets = measured_here.sets
    large = [each for each in sets if counts(each, "first query")]
    assert len(large) >= 8
    for each in large:
        for other in ("knn", "words"):
            assert mean(each, "first query", 0, "anchored") > mean(each, "first query", 0, other), each.name
    [losing] = [
        gain.losing
        for gain in measured_here.gains
        if (gain.protocol, gain.ranker, gain.against) == ("first query", "anchored", "knn")
    ]
    assert losing == pytest.approx(1 / 6, abs=0.02)
    residual = [each for each in sets if counts(each, "shared marks")]
    assert len(residual) >= 7
    for each in residual:
        for other in ("knn", "rocchio", "rocchio-words"):
            assert mean(each, "shared marks", 1, "anchored") > mean(each, "shared marks", 1, other), each.name
    found = {
        each.name: [mean(each, "own loop", 5, ranker, RELEVANT_FOUND) for ranker in ("anchored", "anchored-vectors")]
        for each in sets
    }
    screens = [name for name in found if name.startswith("screen_")]
    assert (len(screens), sum(found[name][1] > found[name][0] for name in screens)) == (6, 2)
