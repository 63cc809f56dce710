"""What was measured, for programs and people: JSON, tables in Markdown, a chart."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.corpus import Manifest
from data.home import write_atomically
from data.judgements import Judgements
from retrieval import rankers
from retrieval.evaluate import FOUND, PAGE, Key, Measured, Protocol
from retrieval.metrics import METRICS, estimate, gain, p_value
from retrieval.rankers import DEFAULT_RANKER

if TYPE_CHECKING:
    import altair

TITLES: dict[str, str] = {
    "centred": "Centred kNN",
    "bm25": "BM25",
    "mean": "Mean of positives",
    "rocchio": "Rocchio",
    "logistic": "Logistic regression",
    **rankers.TITLES,
}
BASELINES = ("knn", "rocchio", "mean")  # what rankers are compared with, over all sets
_COLOURS = {
    "anchored": "#c8102e",
    "svm": "#e08214",
    "knn": "#1f77b4",
    "rocchio": "#1a7f37",
    "mean": "#7a9a01",
    "logistic": "#8250c4",
    "centred": "#0097a7",
    "bm25": "#777777",
}
ENOUGH = 20  # queries, for a set to count in a mean over sets
_SURE = 0.05

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


def result_json(
    command: str,
    manifests: Sequence[Manifest],
    judged: Mapping[str, Judgements],
    measured: Mapping[str, Sequence[Measured]],
) -> dict[str, Any]:
    """Return all that was measured on some corpora, by their names, as JSON; ``command`` is what measured it."""
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "sets": [set_json(manifest, judged[manifest.name], measured[manifest.name]) for manifest in manifests],
        "gains": gains_json(measured),
    }


def set_json(manifest: Manifest, judgements: Judgements, measured: Sequence[Measured]) -> dict[str, Any]:
    """Return what was measured on a corpus: means over its queries, their 95% intervals, p against kNN and Rocchio."""
    values = {(each.protocol, each.round, each.ranker): each.values for each in measured}
    return {
        "name": manifest.name,
        "model": manifest.model,
        "precision": manifest.precision,
        "documents": manifest.n_documents,
        "passages": manifest.n_passages,
        "judgements": judgements.kind,
        "judged_queries": len(judgements.queries),
        "judgements_of_missing_documents": judgements.n_missing,
        "results": [
            {
                "protocol": each.protocol,
                "round": each.round,
                "ranker": each.ranker,
                "queries": each.n_queries,
                "metrics": {
                    name: _estimate_json(of_queries)
                    | {
                        f"p_against_{other}": p_value(of_queries, values[each.protocol, each.round, other][name])
                        for other in ("knn", "rocchio")
                        if (each.protocol, each.round, other) in values and other != each.ranker
                    }
                    for name, of_queries in each.values.items()
                },
            }
            for each in measured
        ],
    }


def gains_json(measured: Mapping[str, Sequence[Measured]]) -> list[dict[str, Any]]:
    """Return how far each ranker's mean nDCG@10 over the sets is above a baseline's, with 95% intervals.

    Where there are sets of 20 queries and more only these count: of fewer, a mean says little.
    """
    by_key: dict[Key, dict[str, NDArray[np.float64]]] = {}
    for name, each_set in measured.items():
        for each in each_set:
            if each.protocol != "own loop":
                by_key.setdefault((each.protocol, each.round, each.ranker), {})[name] = each.values[METRICS[0]]
    gains = []
    for (protocol, number, ranker), values in by_key.items():
        counting = {name: values[name] for name in values if len(values[name]) >= ENOUGH} or values
        for other in BASELINES:
            baseline = by_key.get((protocol, number, other))
            if baseline is None or other == ranker:
                continue
            found = gain(counting, {name: baseline[name] for name in counting})
            if found is None:
                continue
            gains.append(
                {"protocol": protocol, "round": number, "ranker": ranker, "against": other, "sets": len(counting)}
                | {"gain": found.mean, "low": found.low, "high": found.high}
            )
    return gains


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


def markdown(result: dict[str, Any], picture: str) -> str:
    """Return the whole report."""
    sets = result["sets"]
    models = sorted({f"{each['model']} in {each['precision']}" for each in sets})
    parts = [
        "# How good the rankings are\n",
        f"Measured on {result['date']} with {' and '.join(models)} by `{result['command']}`.\n",
        "A cell is a mean over queries, how many stands behind the name of the set; \\* says that it differs from kNN "
        f"(paired t-test, p < 0.05). The mean is over the sets of {ENOUGH} queries and more. In brackets are 95% "
        f"bootstrap intervals. The default ranker is the {TITLES[DEFAULT_RANKER]}.\n",
        _sets_table(sets),
        "".join(f"- {line}\n" for line in missing_lines(sets)),
    ]
    for protocol, what in PROTOCOLS.items():
        parts += [f"## {protocol.capitalize()}\n", f"{what}\n", protocol_table(sets, protocol)]
        if lines := gain_lines(result["gains"], protocol):
            parts += ["".join(f"- {line}\n" for line in lines)]
        if protocol == "own loop":
            parts += [f"![Relevant documents found against documents read, a line a ranker]({picture})\n"]
    parts += ["## All measures, with 95% bootstrap intervals\n"]
    for each in sets:
        for protocol in ("first query", "shared marks"):
            if rows := _rows(each, protocol):
                parts += [f"### {each['name']}, {protocol}, {rows[0]['queries']} queries\n", _measures_table(rows)]
    return "\n".join(parts)


def protocol_table(sets: Sequence[dict[str, Any]], protocol: Protocol) -> str:
    """Return protocol_rows in Markdown, the default ranker in bold."""
    header, rows = protocol_rows(sets, protocol)
    bold = [[f"**{cells[0]}**", *cells[1:]] if cells[0] == TITLES[DEFAULT_RANKER] else cells for cells in rows]
    return table(header, bold) if rows else "No query counts.\n"


def protocol_rows(sets: Sequence[dict[str, Any]], protocol: Protocol) -> tuple[list[str], list[list[str]]]:
    """Return a header, and a row a ranker with a cell a set: nDCG@10, or what the own loop found by its last round.

    Sets of which no query counts are left out. The mean is over those of 20 queries and more, where there are some.
    """
    metric = FOUND if protocol == "own loop" else METRICS[0]
    used = [(each["name"], rows) for each in sets if (rows := _rows(each, protocol))]
    if not used:
        return [metric], []
    read = f", {PAGE * used[0][1][0]['round']} read" if metric == FOUND else ""
    header = [metric + read, *(f"{name} ({rows[0]['queries']})" for name, rows in used)]
    counting = [place for place, (_, rows) in enumerate(used) if rows[0]["queries"] >= ENOUGH] or list(range(len(used)))
    averaged = len(used) > 1 and metric != FOUND  # how much there is to find differs too much between sets
    lines = []
    for number, row in enumerate(used[0][1]):
        found = [rows[number]["metrics"][metric] for _, rows in used]
        lines.append([TITLES[row["ranker"]], *(_cell(each, metric) for each in found)])
        if averaged:
            lines[-1].append(_number(float(np.mean([found[place]["mean"] for place in counting])), metric))
    return [*header, "mean"] if averaged else header, lines


def chart(sets: Sequence[dict[str, Any]]) -> "altair.FacetChart":
    """Return the own loop as a chart: relevant documents found against documents read, a line a ranker, a field a set.

    Lines differ in shape as well as in colour.
    """
    import altair

    points = [
        {
            "set": f"{each['name']} ({row['queries']} queries)" if row["queries"] > 1 else f"{each['name']} (1 query)",
            "ranker": TITLES[row["ranker"]],
            "read": PAGE * row["round"],
            "found": row["metrics"][FOUND]["mean"],
            "default": row["ranker"] == DEFAULT_RANKER,
        }
        for each in sets
        for row in each["results"]
        if row["protocol"] == "own loop"
    ]
    names = list(dict.fromkeys(point["set"] for point in points))
    shown = [ranker for ranker in _COLOURS if TITLES[ranker] in {point["ranker"] for point in points}]
    titles = [TITLES[ranker] for ranker in shown]
    legend = altair.Legend(orient="bottom", columns=4, symbolSize=90)
    colours = altair.Scale(domain=titles, range=[_COLOURS[ranker] for ranker in shown])
    thickness = altair.Scale(domain=[False, True], range=[1.2, 3])
    drawn: altair.FacetChart = (
        altair.Chart(altair.InlineData(points))
        .mark_line(point=altair.OverlayMarkDef(size=36))
        .encode(
            x=altair.X("read:Q", title="documents read", axis=altair.Axis(values=sorted({p["read"] for p in points}))),
            y=altair.Y("found:Q", title="relevant found"),
            color=altair.Color("ranker:N", scale=colours, title=None, legend=legend),
            shape=altair.Shape("ranker:N", scale=altair.Scale(domain=titles), title=None, legend=legend),
            strokeWidth=altair.StrokeWidth("default:N", scale=thickness, legend=None),
            facet=altair.Facet("set:N", columns=min(4, len(names)), title=None, sort=names),
        )
        .properties(background="white")
        .configure(aria=False, view=altair.ViewConfig(continuousWidth=190, continuousHeight=160))
        .resolve_scale(y="independent")
    )
    return drawn


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ["---"] * len(header), *rows))


def _rows(each: dict[str, Any], protocol: Protocol) -> list[dict[str, Any]]:
    """Return a protocol's results of a set, the last round's."""
    rows = [row for row in each["results"] if row["protocol"] == protocol]
    last = max((row["round"] for row in rows), default=0)
    return [row for row in rows if row["round"] == last]


def _sets_table(sets: Sequence[dict[str, Any]]) -> str:
    header = ("set", "documents", "passages", "judged by", "judged queries")
    rows = [
        (
            each["name"],
            f"{each['documents']:,}",
            f"{each['passages']:,}",
            each["judgements"],
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


def _estimate_json(values: NDArray[np.float64]) -> dict[str, Any]:
    found = estimate(values)
    return {"mean": found.mean, "low": found.low, "high": found.high}


def _number(value: float, metric: str) -> str:
    return f"{value:.1f}" if metric == FOUND else f"{value:.3f}"


def _cell(values: dict[str, Any], metric: str) -> str:
    p = values.get("p_against_knn")
    return _number(values["mean"], metric) + ("*" if p is not None and p < _SURE else "")


def _interval(values: dict[str, Any], metric: str) -> str:
    if values["low"] is None:
        return _cell(values, metric)
    return f"{_cell(values, metric)} [{_number(values['low'], metric)}, {_number(values['high'], metric)}]"
