"""Calculate the memory and the times of ten million to a thousand million passages for docs/scale.md.

``python -m benchmarks.scale_plan`` prints the table. Nothing is measured; the constants are the assumptions.
"""

import math
import sys

from benchmarks.tables import markdown
from exemplar.data.milvus.push import SEGMENT_BYTES, n_lists

DIM = 384
SIZES = (10_000_000, 100_000_000, 1_000_000_000)  # passages
NODE = 64e9  # bytes of memory of a query node
USED = 0.7  # of that memory, for vectors and index
BANDWIDTH = 10e9  # bytes a second that a node scans
ROUND_TRIP = 0.005  # seconds
QUERIES = 4  # top-k queries of a ranking by the SVM
N_PROBE = 64  # lists that an IVF index searches
LINKS = 2 * 16 * 4  # bytes a passage: HNSW's graph of M = 16


def scale_table() -> str:
    """Return the table in Markdown."""
    header = (
        "passages",
        "index",
        "memory",
        "nodes of 64 GB",
        "segments",
        "read by a query",
        "a query",
        "an SVM ranking",
    )
    return markdown(header, [row for n in SIZES for row in _rows(n)])


def _rows(n: int) -> list[tuple[str, ...]]:
    segments = _n_segments(n)  # every segment has an index, and a query searches all of them
    share = N_PROBE / n_lists(n, DIM)
    # HNSW takes about log2 n steps for each of the ef = 256 candidates.
    walked = segments * 256 * math.log2(n / segments) * (4 * DIM + LINKS)
    kinds = (
        ("FLAT", 4 * DIM, float(n) * 4 * DIM),
        ("IVF_SQ8", DIM + 8, share * n * (DIM + 8)),
        ("HNSW", 4 * DIM + LINKS, walked),
    )
    return [_row(n, name, per_passage, read) for name, per_passage, read in kinds]


def _row(n: int, name: str, per_passage: int, read: float) -> tuple[str, ...]:
    memory = float(n) * per_passage
    nodes = math.ceil(memory / (USED * NODE))
    query = read / (nodes * BANDWIDTH) + ROUND_TRIP
    cells = (f"{n:,}", name, _bytes(memory), f"{nodes:,}", f"{_n_segments(n):,}", _bytes(read))
    return (*cells, _seconds(query), _seconds(QUERIES * query))


def _n_segments(n: int) -> int:
    return math.ceil(4 * DIM * n / SEGMENT_BYTES)


def _bytes(size: float) -> str:
    return f"{size / 1e9:,.0f} GB" if size >= 1e9 else f"{size / 1e6:,.0f} MB"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"


if __name__ == "__main__":
    sys.stdout.write(scale_table())
