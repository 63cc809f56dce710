"""The result of an evaluation for people: tables, sentences, and a report with a chart."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import install_command
from exemplar.data.home import write_atomically
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.evaluation.chart import chart, end_chart, queries_in_words
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import PAGE_SIZE, RELEVANT_FOUND, TITLES, EvaluationProtocol
from exemplar.retrieval.evaluation.reading import LOSS, READ_TO_LAST, READING_METRICS
from exemplar.retrieval.evaluation.result import (
    MIN_QUERIES,
    EndResult,
    EvaluationResult,
    Gain,
    MetricEstimate,
    RankerResult,
    SetResult,
)
from exemplar.retrieval.evaluation.to_the_end import STARTS, Start
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


TO_THE_END = (
    "Each ranker shows a page of {page}, which is judged and marked, and it ranks the rest anew, until the last "
    "relevant document is read. Loss is the area between the curve of recall and the best possible one, as ASReview "
    "defines it: 0 is the best, 1 the worst. WSS@95 and WSS@100 are the share of the documents that need not be read "
    "for 95% and for all of the relevant ones, less the share of these that is missed (Cohen et al. 2006). All of it "
    "is over the documents that were not known at the start."
)


def write_report(result: EvaluationResult, folder: Path) -> list[Path]:
    """Write ``evaluation.md`` and its charts into a folder, atomically; return their paths.

    The charts are ``evaluation.svg`` and, if collections were read to the end, ``reading.svg``.

    Raises
    ------
    ExemplarError
        The extra that draws the chart is not installed.
    """
    check_chart()
    import vl_convert

    folder.mkdir(exist_ok=True)
    charts = {folder / "evaluation.svg": chart(result.sets)}
    if any(of_set.to_the_end for of_set in result.sets):
        charts[folder / "reading.svg"] = end_chart(result.sets)
    text = markdown(result, *(path.name for path in charts))
    write_atomically(folder / "evaluation.md", text.encode())
    for path, drawn in charts.items():
        write_atomically(path, vl_convert.vegalite_to_svg(drawn.to_json()).encode())
    return [folder / "evaluation.md", *charts]


def check_chart() -> None:
    """Raise ExemplarError if the extra that draws charts is not installed."""
    import importlib.util

    if importlib.util.find_spec("vl_convert") is None:
        raise ExemplarError(f"a report's chart needs the extra 'report': {install_command('report')}")


def markdown(result: EvaluationResult, picture: str | None = None, end_picture: str | None = None) -> str:
    """Return the report; the pictures are the files of the charts, if the report shows them."""
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
    parts += _end_parts(sets, end_picture)
    parts += ["## All measures, with 95% bootstrap intervals\n"]
    for result_of_set in sets:
        for protocol in ("first query", "shared marks"):
            if results := result_of_set.last_round(protocol):
                heading = f"### {literal(result_of_set.name)}, {protocol}, {results[0].n_queries} queries\n"
                parts += [heading, _measures_table(results)]
        for start, title in STARTS.items():
            if read := result_of_set.read_from(start):
                heading = f"### {literal(result_of_set.name)}, to the end, {title}, {_readings_in_words(read[0])}\n"
                parts += [heading, _bold_default(*end_rows([result_of_set], start, intervals=True))]
    return "\n".join(map(replace_lone_surrogates, parts))


def _end_parts(sets: Sequence[SetResult], picture: str | None) -> list[str]:
    """Return the report's part on reading to the end; empty if no collection was read."""
    if not (page := page_of(sets)):
        return []
    parts = ["## To the end\n", f"{TO_THE_END.format(page=page)}\n"]
    for start, title in STARTS.items():
        header, rows = end_rows(sets, start)
        if rows:
            parts += [f"### {title[0].upper()}{title[1:]}\n", _bold_default(header, rows)]
            header, rows = end_loss_rows(sets, start)
            parts += [_bold_default(header, rows)] if rows else []
    return parts + ([f"![Recall against the share read, a line a ranker]({picture})\n"] if picture else [])


def page_of(sets: Sequence[SetResult]) -> str:
    """Return the page of the readings to the end in words; empty if no collection was read."""
    pages = {result.page for of_set in sets for result in of_set.to_the_end}
    return " or ".join("1 document" if page == 1 else f"{page} documents" for page in sorted(pages))


def end_rows(sets: Sequence[SetResult], start: Start, *, intervals: bool = False) -> tuple[list[str], list[list[str]]]:
    """Return a header, and a row for every ranker with its metrics of reading to the end.

    Of several sets it has the means, without the number of documents that are read, which depends on the set's size.
    """
    used = [read for of_set in sets if (read := of_set.read_from(start))]
    metrics = READING_METRICS if len(used) == 1 else READING_METRICS[:-1]
    cell = _cell_with_interval if intervals else _cell
    rows = []
    for results in zip(*used, strict=True):
        estimates = [[result.metrics[metric] for result in results] for metric in metrics]
        cells = [
            cell(of_sets[0], metric) if len(used) == 1 else _figure(float(np.mean([e.mean for e in of_sets])), metric)
            for metric, of_sets in zip(metrics, estimates, strict=True)
        ]
        rows.append([TITLES[results[0].ranker], *cells])
    return [f"mean of {len(used)} sets" if len(used) > 1 else "", *metrics], rows


def end_loss_rows(sets: Sequence[SetResult], start: Start) -> tuple[list[str], list[list[str]]]:
    """Return a header, and a row for every ranker with its loss on every set; no rows for a single set."""
    used = [(of_set.name, read) for of_set in sets if (read := of_set.read_from(start))]
    header = [LOSS, *(f"{name} ({_readings_in_words(read[0])})" for name, read in used)]
    by_ranker = zip(*(read for _, read in used), strict=True) if len(used) > 1 else ()
    return header, [[TITLES[row[0].ranker], *(_cell(read.metrics[LOSS], LOSS) for read in row)] for row in by_ranker]


def _readings_in_words(result: EndResult) -> str:
    seeds = "" if result.n_seeds == 1 else f" x {result.n_seeds} seeds"
    return queries_in_words(result.n_queries) + seeds


def protocol_table(sets: Sequence[SetResult], protocol: EvaluationProtocol) -> str:
    """Return protocol_rows in Markdown, the default ranker in bold."""
    header, rows = protocol_rows(sets, protocol)
    return _bold_default(header, rows) if rows else "No query counts.\n"


def _bold_default(header: Sequence[str], rows: Sequence[list[str]]) -> str:
    """Return a table in Markdown with the default ranker in bold."""
    bold = [[f"**{cells[0]}**", *cells[1:]] if cells[0] == TITLES[DEFAULT_RANKER] else cells for cells in rows]
    return table(map(literal, header), bold)


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
    return f"{value:.1f}" if metric in (RELEVANT_FOUND, READ_TO_LAST) else f"{value:.3f}"
