"""The README's tables from what ``python -m benchmarks.encoder --json FILE`` wrote.

``python -m benchmarks.encoder_tables FILE``
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.svm_tables import markdown


def tables(result: dict[str, Any]) -> str:
    """Return both tables of a measurement, in Markdown; the second is left out if nothing was built."""
    return _rates(result) + ("\n" + _build(result["build"]) if result["build"] else "")


def _rates(result: dict[str, Any]) -> str:
    precision = result["precision"]
    header = (
        "texts",
        "tokens each",
        "plain float32",
        f"torch, {precision['torch']}",
        "worst cosine",
        f"OpenVINO, {precision['openvino']}",
        "worst cosine",
    )
    rows = [
        (
            f"{texts['documents']:,} {name}",
            f"{texts['tokens_a_document']:.0f}",
            f"{texts['plain']['documents_a_second']:.0f} documents/s",
            *_way(texts["torch"]),
            *_way(texts["openvino"]),
        )
        for name, texts in result["texts"].items()
    ]
    return markdown(header, rows)


def _way(of_way: dict[str, float]) -> tuple[str, str]:
    rate = f"{of_way['documents_a_second']:.0f} documents/s, {of_way['times_plain']:.1f} x"
    return rate, f"{of_way['worst_cosine']:.6f}"


def _build(build: dict[str, Any]) -> str:
    first, *_, last = build["peak_mb_by_quarter"]
    row = (
        f"IMDB train, {build['documents']:,} documents",
        f"{build['passages']:,}",
        f"{build['seconds'] / 60:.0f} min",
        f"{build['documents_a_second']:.0f} documents/s, {build['passages_a_second']:.0f} passages/s",
        f"{first:,.0f} MB, {last:,.0f} MB",
    )
    header = ("build", "passages", "time", "rate", "peak memory in the first and last quarter of the documents")
    return markdown(header, [row])


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(sys.argv[1]).read_text())))
