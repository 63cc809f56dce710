"""Compare building on a Ray cluster with building here, and searching through Milvus with searching in memory.

``python -m benchmarks.scale --json FILE`` prints and writes JSON; benchmarks/tables.py makes the tables of
docs/scale.md from the file. For the search see benchmarks/scale_search.py.

A corpus of IMDB's reviews is built in three ways: in this process, and on Ray clusters of one and of two nodes. The
nodes have one processor each and run on this machine. The ways take turns, so that a slower machine slows all of them;
figures are medians of the rounds, and a ratio is the median over the rounds.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import vectors
from benchmarks.scale_search import search_figures
from exemplar.data.building.build import build_corpus
from exemplar.data.building.embed import SHARD, Embedder, LocalEmbedder
from exemplar.data.building.progress import Progress
from exemplar.data.building.ray_cluster import on_ray
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.sentence_transformer import load_encoder
from tests.support.reading import read

_MEMORY = 200 * 2**20  # bytes of a node's object store


def main() -> None:
    """Measure, print and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=1024, help="reviews to build a corpus of")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passages", type=int, nargs="+", default=[25_000, 100_000], help="sizes to search")
    parser.add_argument("--approximate", nargs="*", default=["IVF_FLAT", "HNSW"], help="at the smallest size")
    parser.add_argument("--queries", type=int, default=10)
    arguments = parser.parse_args()
    result = {
        "command": f"python -m benchmarks.scale --documents {arguments.documents} --rounds {arguments.rounds} "
        f"--queries {arguments.queries}",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": n_processors(),
        "search": search_figures(arguments.passages, arguments.approximate, arguments.queries),
        "build": build_figures(arguments.documents, arguments.rounds),
    }
    text = json.dumps(result, indent=1) + "\n"
    arguments.json.write_text(text)
    sys.stdout.write(text)


def build_figures(n_documents: int, rounds: int) -> dict[str, Any]:
    """Return the documents a second of the three ways to build, and the seconds that Ray takes to start."""
    here = LocalEmbedder(load_encoder())
    ways = {"here": 0, "one worker": 1, "two workers": 2}
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, n_workers in ways.items():
            sys.stderr.write(f"round {number + 1} of {rounds}: {way}\n")
            with _cluster(n_workers) as address:
                embedder = on_ray(DEFAULT_MODEL, address=address) if address else nullcontext(here)
                runs[way].append(_run(embedder, n_documents))
    rates = {way: [run["documents_a_second"] for run in way_runs] for way, way_runs in runs.items()}
    return {
        "documents": n_documents,
        "model": DEFAULT_MODEL,
        "precision": here.info.precision,
        "ray": version("ray"),
        "ways": {
            way: {
                **{name: round(median(run[name] for run in way_runs), 1) for name in way_runs[0]},
                "times_here": _ratio(rates[way], rates["here"]),
                "times_one_worker": _ratio(rates[way], rates["one worker"]),
            }
            for way, way_runs in runs.items()
        },
    }


def _ratio(rates: list[float], others: list[float]) -> float:
    return round(median(a / b for a, b in zip(rates, others, strict=True)), 2)


def _run(embedder: AbstractContextManager[Embedder], n_documents: int) -> dict[str, float]:
    """Build once, and return the times; the rate includes the loading of the workers' models."""
    times: list[tuple[float, int]] = []

    def watch(event: object) -> None:
        if isinstance(event, Progress) and event.total:
            times.append((time.perf_counter(), event.done))

    with tempfile.TemporaryDirectory() as home:
        os.environ["EXEMPLAR_HOME"] = home
        began = time.perf_counter()
        with embedder as ready:
            started = time.perf_counter()
            build_corpus(read(vectors.imdb(), split="train", limit=n_documents), ready, on_event=watch)
            ended = time.perf_counter()
    first = next(at for at, done in times if done >= SHARD)
    return {
        "seconds_to_start": started - began,
        "seconds_to_first_shard": first - times[0][0],
        "seconds_to_build": ended - started,
        "documents_a_second": n_documents / (ended - started),
    }


@contextmanager
def _cluster(n_workers: int) -> Iterator[str]:
    """Yield the address of a cluster with so many nodes besides the driver's; an empty one without workers."""
    if not n_workers:
        yield ""
        return
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": _MEMORY})
    try:
        for _ in range(n_workers):
            cluster.add_node(num_cpus=1, object_store_memory=_MEMORY)
        yield cluster.address
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
