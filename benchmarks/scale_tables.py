"""The tables of docs/scale.md from what ``python -m benchmarks.scale --json FILE`` wrote.

``python -m benchmarks.scale_tables FILE``
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.svm_tables import markdown
from exemplar.retrieval.rankers import TITLES


def tables(result: dict[str, Any]) -> str:
    """Return the tables of a measurement, in Markdown."""
    return f"{_build(result['build'])}\n{_search(result['search'])}\n{_approximate(result['search'])}"


def _build(build: dict[str, Any]) -> str:
    header = (f"building {build['documents']:,} reviews", "documents a second", "against here", "until it starts")
    rows = [
        (way, f"{each['documents_a_second']:.0f}", f"{each['times_here']:.1f}x", f"{each['seconds_to_start']:.0f} s")
        for way, each in build["ways"].items()
    ]
    return markdown(header, rows)


def _search(search: dict[str, Any]) -> str:
    header = ("passages", "ranker", "through Milvus Lite", "in memory", "top-k queries", "same first 50")
    rows = [
        (
            f"{corpus['passages']:,}",
            TITLES[ranker],
            f"{each['milvus_ms']:,} ms",
            f"{each['memory_ms']:,.0f} ms",
            f"{each['top_k_queries']:.0f}",
            f"{each['same_top_50']} of {search['queries']}",
        )
        for corpus in search["corpora"]
        for ranker, each in corpus["indexes"][0]["rankers"].items()
    ]
    return markdown(header, rows)


def _approximate(search: dict[str, Any]) -> str:
    header = ("index", "passages", "push", "bytes a passage", *(f"recall@10, {title}" for title in TITLES.values()))
    rows = [
        (
            index["index"],
            f"{corpus['passages']:,}",
            f"{index['seconds_to_push']:.0f} s",
            f"{index['bytes_a_passage']:,}",
            *(f"{index['rankers'][ranker]['recall_at_10']:.3f}" for ranker in TITLES),
        )
        for corpus in search["corpora"]
        for index in corpus["indexes"]
    ]
    return markdown(header, rows)


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(sys.argv[1]).read_text())))
