"""The table of docs/reliability.md from what ``python -m benchmarks.load --json FILE`` wrote.

``python -m benchmarks.load_tables FILE``
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.svm_tables import markdown

_WHATS = {
    "mark": "a mark, to the new ranking",
    "search": "a search, to its ranking",
    "first search": "the first search of a session, which waits for the model",
    "finished": "a click, to the last marked sentence",
}


def tables(result: dict[str, Any]) -> str:
    """Return the tables of a measurement, in Markdown: the times, and what came of it."""
    return _times(result) + "\n" + _outcome(result)


def _times(result: dict[str, Any]) -> str:
    rows = [
        (title, f"{each['n']:,}", *(f"{each[name]:,.0f} ms" for name in ("p50_ms", "p95_ms", "slowest_ms")))
        for what, title in _WHATS.items()
        if (each := result["took"][what])["n"]
    ]
    title = f"{result['sessions']} sessions, {result['documents']:,} documents, {result['cores']} cores"
    return markdown((title, "times", "median", "95th percentile", "slowest"), rows)


def _outcome(result: dict[str, Any]) -> str:
    memory = result["memory_mb"]
    grown = f"{memory['at_half']:,} MB, {memory['at_end']:,} MB" if memory else "not known here"
    rows = [
        (
            f"{result['clicks']:,}",
            f"{len(result['errors'])}",
            f"{len(result['lost_or_mixed'])}",
            grown,
        )
    ]
    half = f"{result['seconds'] / 2:.0f} s and after {result['seconds']:.0f} s"
    return markdown(("clicks", "errors", "lost or mixed", f"memory after {half}"), rows)


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(sys.argv[1]).read_text())))
