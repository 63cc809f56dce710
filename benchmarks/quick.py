"""Measure the stages of a build: seconds until words, and until quick vectors can be searched, and how well they rank.

``python -m benchmarks.quick --json FILE``

A build is a process of its own, ``exemplar build SOURCE --quick``, and its seconds are counted from its start; the
quick encoder was made before. The reviews are IMDB's, the short texts are 30 words each, of sentences drawn from these.
The quality is that of the corpora in the home folder that have both kinds of vectors and judgements: nDCG@10 of the
first query and after a round of ten shared marks, and the gains with 95% intervals, over all sets.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.words import passages, reviews
from exemplar.data.corpus.corpus import open_corpus
from exemplar.data.corpus.manifest import read_manifest
from exemplar.data.encoders.base import VectorKind
from exemplar.data.encoders.distillation import distil
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.passages import split
from exemplar.data.encoders.quick import quick_encoder
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import ExemplarError
from exemplar.data.home import write_atomically
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.metrics import METRICS, relative_gain
from exemplar.retrieval.evaluation.protocols import evaluate
from exemplar.retrieval.search import SearchEngine

_WORDS = 30  # of a short text
_CUT, _EMBEDDED = 5000, 100  # reviews
_RUNS = 3
_POLL = 0.1  # seconds
_RANKERS = ("knn", "rocchio-words", "anchored")
_SETS = "med cranfield cisi time cacm docs-without-see-also scifact imdb"

Values = dict[str, NDArray[np.float64]]  # nDCG@10 of the queries, by set


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reviews", type=int, default=25_000)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--sets", nargs="*", default=_SETS.split(), help="corpora in the home folder, with both kinds")
    parser.add_argument("--queries", type=int, default=50, help="at most so many a set")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = reviews()
    result = {
        "command": f"python -m benchmarks.quick --reviews {options.reviews} --texts {options.texts} "
        f"--sets {' '.join(options.sets)} --queries {options.queries}",
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "versions": {name: version(name) for name in ("model2vec", "sentence-transformers", "tokenizers", "torch")},
        "quality": _quality(options.sets, options.queries),
        "distillation_seconds": _seconds(lambda: distil(DEFAULT_MODEL), runs=1),
        "cutting": _cutting(texts[:_CUT]),
        "encoding": _encoding(texts[:_EMBEDDED]),
        "reviews": _stages(texts[: options.reviews]),
        "short_texts": _stages(list(passages(texts, options.texts, _WORDS))),
    }
    text = json.dumps(result, indent=1) + "\n"
    write_atomically(options.json, text.encode()) if options.json else sys.stdout.write(text)


def _seconds(call: Callable[[], object], runs: int = _RUNS) -> float:
    """Return the median of the seconds that a call takes."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return round(statistics.median(seconds), 3)


def _cutting(texts: list[str]) -> dict[str, Any]:
    """Cut texts into passages; beside the tokenizer's batch alone, and with a list of the places of all tokens."""
    encoder = quick_encoder(DEFAULT_MODEL)

    class Listing:
        info = encoder.info

        def token_spans(self, texts: Sequence[str]) -> Any:
            return [[spans[token] for token in range(len(spans))] for spans in encoder.token_spans(texts)]

    batches = [texts[start : start + 256] for start in range(0, len(texts), 256)]
    figures = {
        "seconds": _seconds(lambda: [split(batch, encoder) for batch in batches]),
        "seconds_of_the_tokenizer": _seconds(lambda: [encoder.token_spans(batch) for batch in batches]),
        "seconds_with_lists": _seconds(lambda: [split(batch, Listing()) for batch in batches]),  # type: ignore[arg-type]
    }
    return {"texts": len(texts), **figures}


def _encoding(texts: list[str]) -> dict[str, Any]:
    """Encode the passages of texts by the quick encoder and by the model."""
    quick, full = quick_encoder(DEFAULT_MODEL), load_encoder(precision="float32")
    parts = [text[start:end] for text, spans in zip(texts, split(texts, quick), strict=True) for start, end in spans]
    full.encode_documents(parts[:8])  # warms up
    seconds = {
        "quick_seconds": _seconds(lambda: quick.encode_documents(parts)),
        "full_seconds": _seconds(lambda: full.encode_documents(parts)),
    }
    return {"passages": len(parts), **seconds, "ratio": round(seconds["full_seconds"] / seconds["quick_seconds"], 1)}


def _stages(texts: list[str]) -> dict[str, Any]:
    """Build texts to their quick vectors, and search them."""
    with tempfile.TemporaryDirectory() as folder:
        home, path = Path(folder) / "home", Path(folder) / "texts.parquet"
        pq.write_table(pa.table({"text": texts}), path)
        figures: dict[str, Any] = {"texts": len(texts), **_watched(home, path)}
        figures["megabytes"] = round(sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) / 1e6, 1)
        search = ["search", "texts", "a disappointing science fiction series", "--json"]
        environment = {**os.environ, "EXEMPLAR_HOME": str(home)}
        command = [sys.executable, "-m", "exemplar.cli", *search]
        figures["seconds_of_a_search_command"] = _seconds(
            lambda: subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
        )
    return figures


def _watched(home: Path, path: Path) -> dict[str, Any]:
    """Build a file in a process of its own; return when each stage could be searched, and the peak of its memory."""
    environment = {**os.environ, "EXEMPLAR_HOME": str(home)}
    command = [sys.executable, "-m", "exemplar.cli", "build", str(path), "--quick"]
    before = os.environ.get("EXEMPLAR_HOME")
    os.environ["EXEMPLAR_HOME"] = str(home)
    started, peak, seen = time.perf_counter(), 0.0, dict[VectorKind, float]()
    try:
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as build:  # noqa: S603
            while build.poll() is None:
                peak = max(peak, _peak_megabytes(build.pid))
                kind = _searchable()
                if kind and kind not in seen:
                    seen[kind] = time.perf_counter() - started
                time.sleep(_POLL)
        if build.returncode:
            sys.exit(f"the build failed ({build.returncode})")
        total = time.perf_counter() - started
    finally:
        os.environ.pop("EXEMPLAR_HOME")
        if before is not None:
            os.environ["EXEMPLAR_HOME"] = before
    return {
        "seconds_to_words": round(seen["none"], 1) if "none" in seen else None,
        "seconds_to_quick_vectors": round(seen.get("quick", total), 1),
        "seconds": round(total, 1),
        "peak_megabytes": round(peak, 1) or None,
    }


def _searchable() -> VectorKind | None:
    try:
        return read_manifest("texts").vectors
    except ExemplarError:
        return None


def _peak_megabytes(pid: int) -> float:
    """Return the peak of a process's resident memory; 0 except on Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), default=0.0)


def _quality(sets: Sequence[str], n_queries: int) -> dict[str, Any]:
    """Measure the rankers with both kinds of vectors."""
    values: dict[tuple[str, str, str], Values] = {}
    for name in sets:
        for kind in ("quick", "full"):
            engine = SearchEngine(open_corpus(name, kind))
            measured = evaluate(engine, judgements_of(engine.corpus), rankers=_RANKERS, rounds=1, n_queries=n_queries)
            for each in (each for each in measured if each.protocol != "own loop"):
                values.setdefault((each.protocol, kind, each.ranker), {})[name] = each.values[METRICS[0]]
    if not sets:
        return {}
    return {
        "means": {
            " ".join(key): round(float(np.mean([v.mean() for v in of.values()])), 4) for key, of in values.items()
        },
        "sets": {
            " ".join(key): {name: round(float(v.mean()), 4) for name, v in of.items()} for key, of in values.items()
        },
        "gains": {
            "first query, quick anchored over full knn": _gain(values, "first query", "full", "knn"),
            "first query, quick anchored over full anchored": _gain(values, "first query", "full", "anchored"),
            "shared marks, quick anchored over quick rocchio-words": _gain(
                values, "shared marks", "quick", "rocchio-words"
            ),
        },
    }


def _gain(values: dict[tuple[str, str, str], Values], protocol: str, kind: str, ranker: str) -> dict[str, float] | None:
    """Return the relative gain of the anchored SVM with quick vectors, with its 95% interval; None if not measured."""
    if (protocol, "quick", "anchored") not in values:  # too few relevant documents
        return None
    gain = relative_gain(values[protocol, "quick", "anchored"], values[protocol, kind, ranker])
    return gain and {name: round(getattr(gain, name), 4) for name in ("mean", "low", "high")}


if __name__ == "__main__":
    main()
