"""The README's table from what ``python -m benchmarks.app --json FILE`` wrote.

``python -m benchmarks.app_tables FILE``
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.svm_tables import markdown


def tables(result: dict[str, Any]) -> str:
    """Return the table of a measurement, in Markdown."""
    header = ("documents", "from a mark to the page, median", "slowest", "the engine's part, median")
    rows = [
        (
            f"{each['documents']:,}",
            f"{each['page_ms']['median']:.0f} ms",
            f"{each['page_ms']['slowest']:.0f} ms",
            f"{each['engine_ms']['median']:.0f} ms",
        )
        for each in result["corpora"]
    ]
    return markdown(header, rows) + f"\nFirst page: {result['first_page_seconds']['median']:.1f} s.\n"


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(sys.argv[1]).read_text())))
