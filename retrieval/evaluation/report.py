"""The result of an evaluation for people: tables, sentences, and a report with a chart."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from exemplar.data.errors import ExemplarError
from exemplar.data.home import write_atomically
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.evaluation.chart import chart
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import PAGE_SIZE, RELEVANT_FOUND, TITLES, EvaluationProtocol
from exemplar.retrieval.evaluation.result import (
    MIN_QUERIES,
    EvaluationResult,
    Gain,
    MetricEstimate,
    RankerResult,
    SetResult,
)
from exemplar.retrieval.rankers import DEFAULT_RANKER

_SIGNIFICANCE = 0.05  # a difference with a smaller p is starred

# Characters with a meaning in Markdown; an underscore between letters has none.
_MARKDOWN_SYNTAX = re.compile(r"[\\`*{}\[\]<>|~$&#]|(?<![^\W_])_|_(?![^\W_])")

PROTOCOLS: dict[EvaluationProtocol, str] = {
    "first query": "Nothing is marked yet.",
    "shared marks": (
        "kNN's first ten documents are judged; the relevant ones become positives, the others negatives, for all "
        "rankers alike. The ten leave the collection, and every ranker is judged by how it ranks what is left. Queries "
        "with nothing relevant left do not count."
    ),
    "own loop": (
        "Each ranker shows ten documents, they are judged and marked, and it shows the next ten: relevant documents "
        "found, a mean over the queries."
    ),
}


def write_report(result: EvaluationResult, folder: Path) -> list[Path]:
    """Write ``evaluation.md`` and ``evaluation.svg`` into a folder, atomically; return their paths.

    Raises
    ------
    ExemplarError
        The extra that draws the chart is not installed.
    """
    check_chart()
    import vl_convert

    folder.mkdir(exist_ok=True)
    paths = [folder / "evaluation.md", folder / "evaluation.svg"]
    svg = vl_convert.vegalite_to_svg(chart(result.sets).to_json())
    write_atomically(paths[0], markdown(result, paths[1].name).encode())
    write_atomically(paths[1], svg.encode())
    return paths


def check_chart() -> None:
    """Raise ExemplarError if the extra that draws charts is not installed."""
    import importlib.util

    if importlib.util.find_spec("vl_convert") is None:
        raise ExemplarError("a report's chart needs the extra 'report': pip install 'exemplar[report]'")


def markdown(result: EvaluationResult, picture: str | None = None) -> str:
    """Return the report; ``picture`` is the file of the chart, if the report shows it."""
    sets = result.sets
    models = sorted({literal(f"{result.model} in {result.precision}") for result in sets})
    parts = [
        "# How good the rankings are\n",
        f"Measured on {literal(result.date)} with {' and '.join(models)} by {_code(result.command)}.\n",
        "A cell is a mean over queries, how many stands behind the name of the set; \\* says that it differs from kNN "
        f"(paired t-test, p < 0.05). The mean is over the sets of {MIN_QUERIES} queries and more. In brackets are 95% "
        f"bootstrap intervals. The default ranker is the {TITLES[DEFAULT_RANKER]}.\n",
        _sets_table(sets),
        "".join(f"- {literal(line)}\n" for line in missing_lines(sets)),
    ]
    for protocol, description in PROTOCOLS.items():
        parts += [f"## {protocol.capitalize()}\n", f"{description}\n", protocol_table(sets, protocol)]
        if lines := gain_lines(result.gains, protocol):
            parts += ["".join(f"- {line}\n" for line in lines)]
        if protocol == "own loop" and picture:
            parts += [f"![Relevant documents found against documents read, a line a ranker]({picture})\n"]
    parts += ["## All measures, with 95% bootstrap intervals\n"]
    for result_of_set in sets:
        for protocol in ("first query", "shared marks"):
            if results := result_of_set.last_round(protocol):
                heading = f"### {literal(result_of_set.name)}, {protocol}, {results[0].n_queries} queries\n"
                parts += [heading, _measures_table(results)]
    return "\n".join(map(replace_lone_surrogates, parts))


def protocol_table(sets: Sequence[SetResult], protocol: EvaluationProtocol) -> str:
    """Return protocol_rows in Markdown, the default ranker in bold."""
    header, rows = protocol_rows(sets, protocol)
    bold = [[f"**{cells[0]}**", *cells[1:]] if cells[0] == TITLES[DEFAULT_RANKER] else cells for cells in rows]
    return table(map(literal, header), bold) if rows else "No query counts.\n"


def protocol_rows(sets: Sequence[SetResult], protocol: EvaluationProtocol) -> tuple[list[str], list[list[str]]]:
    """Return a header, and a row for every ranker with a cell for every set and the mean over sets.

    A cell is nDCG@10, or in the own loop the number of relevant documents in the last round, which has no mean. Sets
    without a query that counts are left out. If some sets have at least 20 queries, the mean is over these.
    """
    metric = RELEVANT_FOUND if protocol == "own loop" else METRICS[0]
    used = [(of_set.name, results) for of_set in sets if (results := of_set.last_round(protocol))]
    if not used:
        return [metric], []
    read = f", {PAGE_SIZE * used[0][1][0].round} read" if metric == RELEVANT_FOUND else ""
    header = [metric + read, *(f"{name} ({results[0].n_queries})" for name, results in used)]
    by_ranker = list(zip(*(results for _, results in used), strict=True))
    rows = [[TITLES[row[0].ranker], *(_cell(result.metrics[metric], metric) for result in row)] for row in by_ranker]
    if len(used) == 1 or metric == RELEVANT_FOUND:  # sets differ too much in relevant documents
        return header, rows
    means = [_figure(_mean_over_sets(row, metric), metric) for row in by_ranker]
    return [*header, "mean"], [[*cells, mean] for cells, mean in zip(rows, means, strict=True)]


def table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    names = list(header)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (names, ["---"] * len(names), *rows))


def literal(text: str) -> str:
    """Return Markdown that shows a text as it is, in one line; the names of sets and models may hold any text."""
    return _MARKDOWN_SYNTAX.sub(r"\\\g<0>", " ".join(text.split()))


def _code(text: str) -> str:
    """Return Markdown that shows a text as code, in one line."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{' '.join(text.split())}{space}{fence}"


def gain_lines(gains: Sequence[Gain], protocol: EvaluationProtocol) -> list[str]:
    """Return the gains of the default ranker against the baselines in words."""
    return [
        _gain_line(gain)
        for gain in gains
        if gain.protocol == protocol and gain.ranker == DEFAULT_RANKER
        if not (protocol == "first query" and gain.against != "knn")  # without marks the other baselines equal kNN
    ]


def _gain_line(gain: Gain) -> str:
    interval = ""
    if gain.low is not None and gain.high is not None:
        interval = f" [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
    sets = f", mean of {gain.n_sets} sets" if gain.n_sets > 1 else ""
    losing = "" if gain.losing is None else f"; {100 * gain.losing:.0f}% of the queries lose more than 0.05"
    names = f"{TITLES[gain.ranker]} against {TITLES[gain.against]}"
    return f"{names}: {100 * gain.gain:+.1f}%{interval} {METRICS[0]}{sets}{losing}"


def missing_lines(sets: Sequence[SetResult]) -> list[str]:
    """Return in words the numbers of judgements of missing documents, and of documents that no query was made of."""
    left_out = [f"{result.name}: judged by {result.judgements}" for result in sets if "left out" in result.judgements]
    return left_out + [
        f"{result.name}: judgements of documents that are not in the corpus: {result.n_missing:,}"
        for result in sets
        if result.n_missing
    ]


def _sets_table(sets: Sequence[SetResult]) -> str:
    header = ("set", "documents", "passages", "judged by", "judged queries")
    rows = [
        (
            literal(result.name),
            f"{result.n_documents:,}",
            f"{result.n_passages:,}",
            literal(result.judgements),
            f"{result.n_judged_queries:,}",
        )
        for result in sets
    ]
    return table(header, rows)


def _measures_table(results: Sequence[RankerResult]) -> str:
    rows = [
        (TITLES[result.ranker], *(_cell_with_interval(result.metrics[m], m) for m in METRICS)) for result in results
    ]
    return table(("", *METRICS), rows)


def _mean_over_sets(results: Sequence[RankerResult], metric: str) -> float:
    """Return a ranker's mean over the sets of at least 20 queries, or over all sets if none has as many."""
    counting = [result for result in results if result.n_queries >= MIN_QUERIES] or results
    return float(np.mean([result.metrics[metric].mean for result in counting]))


def _cell(estimate: MetricEstimate, metric: str) -> str:
    """Return a mean, with a star if it differs significantly from kNN's."""
    p = estimate.p_values.get("knn")
    return _figure(estimate.mean, metric) + ("*" if p is not None and p < _SIGNIFICANCE else "")


def _cell_with_interval(estimate: MetricEstimate, metric: str) -> str:
    if estimate.low is None or estimate.high is None:
        return _cell(estimate, metric)
    return f"{_cell(estimate, metric)} [{_figure(estimate.low, metric)}, {_figure(estimate.high, metric)}]"


def _figure(value: float, metric: str) -> str:
    return f"{value:.1f}" if metric == RELEVANT_FOUND else f"{value:.3f}"
