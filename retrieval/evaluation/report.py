"""What was measured, for people: tables and sentences, and a report with a chart."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from exemplar.data.home import write_atomically
from exemplar.data.text import replace_lone_surrogates
from exemplar.retrieval.evaluation.chart import chart
from exemplar.retrieval.evaluation.metrics import METRICS
from exemplar.retrieval.evaluation.protocols import FOUND, PAGE, TITLES, Protocol
from exemplar.retrieval.evaluation.result import (
    ENOUGH,
    SURE,
    counting_sets,
    means_over_sets,
    metric_of,
    rows_of,
    shown,
    used_sets,
)
from exemplar.retrieval.rankers import DEFAULT_RANKER

# What Markdown obeys; an underscore between letters it leaves alone.
_OBEYED = re.compile(r"[\\`*{}\[\]<>|~$&#]|(?<![^\W_])_|_(?![^\W_])")

PROTOCOLS: dict[Protocol, str] = {
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


def write_report(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``evaluation.md`` and ``evaluation.svg`` into a folder, atomically; return their paths.

    Raises
    ------
    ValueError
        The extra that draws the chart isn't installed.
    """
    check_chart()
    import vl_convert

    folder.mkdir(exist_ok=True)
    paths = [folder / "evaluation.md", folder / "evaluation.svg"]
    svg = vl_convert.vegalite_to_svg(chart(result["sets"]).to_json())
    write_atomically(paths[0], markdown(result, paths[1].name).encode())
    write_atomically(paths[1], svg.encode())
    return paths


def check_chart() -> None:
    """Raise ValueError if charts can't be drawn."""
    import importlib.util

    if importlib.util.find_spec("vl_convert") is None:
        raise ValueError("a report's chart needs the extra 'report': pip install 'exemplar[report]'")


def markdown(result: dict[str, Any], picture: str | None = None) -> str:
    """Return the whole report; it shows the chart where it is told which file that is."""
    sets = result["sets"]
    models = sorted({literal(f"{each['model']} in {each['precision']}") for each in sets})
    parts = [
        "# How good the rankings are\n",
        f"Measured on {literal(result['date'])} with {' and '.join(models)} by {_code(result['command'])}.\n",
        "A cell is a mean over queries, how many stands behind the name of the set; \\* says that it differs from kNN "
        f"(paired t-test, p < 0.05). The mean is over the sets of {ENOUGH} queries and more. In brackets are 95% "
        f"bootstrap intervals. The default ranker is the {TITLES[DEFAULT_RANKER]}.\n",
        _sets_table(sets),
        "".join(f"- {literal(line)}\n" for line in missing_lines(sets)),
    ]
    for protocol, what in PROTOCOLS.items():
        parts += [f"## {protocol.capitalize()}\n", f"{what}\n", protocol_table(sets, protocol)]
        if lines := gain_lines(result["gains"], protocol):
            parts += ["".join(f"- {line}\n" for line in lines)]
        if protocol == "own loop" and picture:
            parts += [f"![Relevant documents found against documents read, a line a ranker]({picture})\n"]
    parts += ["## All measures, with 95% bootstrap intervals\n"]
    for each in sets:
        name = literal(each["name"])
        for protocol in ("first query", "shared marks"):
            if rows := rows_of(each, protocol):
                parts += [f"### {name}, {protocol}, {rows[0]['queries']} queries\n", _measures_table(rows)]
    return "\n".join(map(replace_lone_surrogates, parts))


def protocol_table(sets: Sequence[dict[str, Any]], protocol: Protocol) -> str:
    """Return protocol_rows in Markdown, the default ranker in bold."""
    header, rows = protocol_rows(sets, protocol)
    bold = [[f"**{cells[0]}**", *cells[1:]] if cells[0] == TITLES[DEFAULT_RANKER] else cells for cells in rows]
    return table(map(literal, header), bold) if rows else "No query counts.\n"


def protocol_rows(sets: Sequence[dict[str, Any]], protocol: Protocol) -> tuple[list[str], list[list[str]]]:
    """Return a header, and a row a ranker with a cell a set: nDCG@10, or what the own loop found by its last round.

    Sets of which no query counts are left out. The mean is over those of 20 queries and more, where there are some.
    """
    metric, used = metric_of(protocol), used_sets(sets, protocol)
    if not used:
        return [metric], []
    read = f", {PAGE * used[0][1][0]['round']} read" if metric == FOUND else ""
    header = [metric + read, *(f"{name} ({rows[0]['queries']})" for name, rows in used)]
    averaged = len(used) > 1 and metric != FOUND  # how much there is to find differs too much between sets
    means = means_over_sets(counting_sets(used), metric)
    lines = []
    for number, row in enumerate(used[0][1]):
        found = [rows[number]["metrics"][metric] for _, rows in used]
        lines.append([TITLES[row["ranker"]], *(_cell(each, metric) for each in found)])
        if averaged:
            lines[-1].append(shown(means[row["ranker"]], metric))
    return [*header, "mean"] if averaged else header, lines


def table(header: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    names = list(header)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (names, ["---"] * len(names), *rows))


def literal(text: str) -> str:
    """Return text as Markdown that shows it as it is, in one line: a model's folder may be called anything."""
    return _OBEYED.sub(r"\\\g<0>", " ".join(text.split()))


def _code(text: str) -> str:
    """Return text as Markdown that shows it as code, in one line."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{' '.join(text.split())}{space}{fence}"


def _sets_table(sets: Sequence[dict[str, Any]]) -> str:
    header = ("set", "documents", "passages", "judged by", "judged queries")
    rows = [
        (
            literal(each["name"]),
            f"{each['documents']:,}",
            f"{each['passages']:,}",
            literal(each["judgements"]),
            f"{each['judged_queries']:,}",
        )
        for each in sets
    ]
    return table(header, rows)


def _measures_table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [(TITLES[row["ranker"]], *(_interval(row["metrics"][name], name) for name in METRICS)) for row in rows]
    return table(("", *METRICS), lines)


def gain_lines(gains: Sequence[dict[str, Any]], protocol: Protocol) -> list[str]:
    """Return in words how far the default ranker is above what it is compared with."""
    against = [each for each in gains if each["protocol"] == protocol and each["ranker"] == DEFAULT_RANKER]
    return [
        f"{TITLES[DEFAULT_RANKER]} against {TITLES[each['against']]}: {100 * each['gain']:+.1f}%"
        + (f" [{100 * each['low']:+.1f}, {100 * each['high']:+.1f}]" if each["low"] is not None else "")
        + f" {METRICS[0]}"
        + (f", mean of {each['sets']} sets" if each["sets"] > 1 else "")
        for each in against
        if not (protocol == "first query" and each["against"] != "knn")  # without marks they are kNN
    ]


def missing_lines(sets: Sequence[dict[str, Any]]) -> list[str]:
    """Return in words how many judgements could not be used."""
    counts = [(each["name"], each["judgements_of_missing_documents"]) for each in sets]
    return [f"{name}: judgements of documents that are not in the corpus: {n:,}" for name, n in counts if n]


def _cell(values: dict[str, Any], metric: str) -> str:
    p = values.get("p_against_knn")
    return shown(values["mean"], metric) + ("*" if p is not None and p < SURE else "")


def _interval(values: dict[str, Any], metric: str) -> str:
    if values["low"] is None:
        return _cell(values, metric)
    return f"{_cell(values, metric)} [{shown(values['low'], metric)}, {shown(values['high'], metric)}]"
