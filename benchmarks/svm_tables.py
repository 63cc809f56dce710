"""The README's tables from what ``python -m benchmarks.svm --json FILE`` wrote.

``python -m benchmarks.svm_tables FILE``
"""

import json
import sys
from pathlib import Path
from typing import Any


def tables(result: dict[str, Any]) -> str:
    """Return both tables of a measurement, in Markdown."""
    return _times(result) + "\n" + _settled(result)


def _times(result: dict[str, Any]) -> str:
    rows = []
    for size in result["rows"]:
        _, usual, own = size["cases"]
        memory = size["memory"]
        rows.append(
            (
                f"{size['rows']:,}",
                _ms(usual["knn_ms"]),
                _ms(usual["linear_svc_ms"]),
                *(_method(usual[name]) for name in ("settled", "exact")),
                _ms(own["linear_svc_ms"]),
                _method(own["exact"]),
                _mb(memory["exact, LinearSVC's C = 0.1"]),
                _mb(memory["linear_svc, T = 50"]),
            )
        )
    return markdown(
        (
            "rows",
            "one kNN query",
            "LinearSVC, T = 50",
            "settled",
            "exact",
            "LinearSVC, its C = 0.1",
            "exact",
            "memory",
            "LinearSVC's",
        ),
        rows,
    )


def _settled(result: dict[str, Any]) -> str:
    rows = [
        (
            f"{each['corpus']} ({each['rows']:,} rows)",
            each["case"],
            f"{each['top_10_identical_in_order']:.0%}",
            f"{each['overlap@100']:.2%}",
            f"{each['overlap@1000']:.2%}",
        )
        for each in result["settled_against_exact"]
    ]
    queries = {each["queries"] for each in result["settled_against_exact"]}
    header = (
        f"settled against exact, {queries.pop()} queries",
        "",
        "same ten, same order",
        "of the top 100",
        "of 1,000",
    )
    return markdown(header, rows)


def markdown(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ("---",) * len(header), *rows))


def _method(method: dict[str, Any]) -> str:
    faster = method["times_faster_than_linear_svc"]
    return f"{_ms(method['ms'])}, {f'{faster:.0f} x, ' if faster else ''}{method['scans']:.1f} scans"


def _ms(ms: float | None) -> str:
    if ms is None:
        return "over two minutes"
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def _mb(memory: dict[str, Any] | None) -> str:
    if memory is None or memory["peak_mb"] is None:
        return "not measured"
    return f"{memory['peak_mb'] / 1000:.1f} GB" if memory["peak_mb"] >= 1000 else f"{memory['peak_mb']:.0f} MB"


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(sys.argv[1]).read_text())))
