"""Measure the words index: seconds, memory and size on disk, beside bm25s with PyStemmer on the same texts.

``python -m benchmarks.words --documents 25000 1000000 --json FILE``

Up to 25,000 documents are IMDB's training reviews; more are passages of 100 words, made of sentences drawn from these
reviews. Every measurement has a process of its own, which reads the texts from an Arrow file as a build does. bm25s
counts words alone, without their parts, and holds all of them in memory, so it is left out above 100,000 documents.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import vectors
from benchmarks.memory import anonymous_megabytes, in_own_process, peak_megabytes
from exemplar.data.documents import Document
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.indexing import write_index

_WORDS = 100  # of a passage
_MOST_BM25S = 100_000  # documents
_DIM = 384
_PATIENCE = 3600.0  # seconds
_QUERY = 200  # terms


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[25_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "command": "python -m benchmarks.words --documents " + " ".join(map(str, options.documents)),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "versions": {name: version(name) for name in ("numpy", "pystemmer", "bm25s")},
        "corpora": [_measure(n) for n in options.documents],
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def _measure(n: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.arrow"
        write_texts(n, texts)
        figures = {
            "documents": n,
            "vectors_megabytes": round(n * _DIM * 4 / 1e6, 1),
            "exemplar": in_own_process(_index, str(texts), str(Path(folder) / "words"), timeout=_PATIENCE),
        }
        figures["exemplar"] |= in_own_process(_open, str(Path(folder) / "words"), timeout=_PATIENCE)
        if n <= _MOST_BM25S:
            figures["bm25s"] = in_own_process(_bm25s, str(texts), str(Path(folder) / "bm25s"), timeout=_PATIENCE)
    return figures


def write_texts(n: int, path: Path) -> None:
    """Write n texts to an Arrow file."""
    texts = reviews()
    schema = pa.schema([("text", pa.large_string())])
    documents = iter(texts[:n]) if n <= len(texts) else passages(texts, n, _WORDS)
    with path.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
        while batch := [text for _, text in zip(range(10_000), documents, strict=False)]:
            writer.write_batch(pa.record_batch([pa.array(batch, pa.large_string())], schema=schema))


def reviews() -> list[str]:
    """Return IMDB's training reviews."""
    source = read_source(SourceSpec(vectors.imdb(), split="train"))
    return [document.text for document in source.read() if isinstance(document, Document)]


def passages(texts: list[str], n: int, n_words: int) -> Iterator[str]:
    """Yield n passages of so many words, made of sentences drawn from texts."""
    sentences = [sentence.split() for text in texts for sentence in re.split(r"(?<=[.!?])\s+", text)]
    drawn = random.Random(0)  # noqa: S311
    for _ in range(n):
        words: list[str] = []
        while len(words) < n_words:
            words += drawn.choice(sentences)
        yield " ".join(words[:n_words])


def texts_in(path: str) -> Any:
    """Return the texts in an Arrow file, memory-mapped."""
    with pa.memory_map(path) as file:
        return pa.ipc.open_file(file).read_all()["text"]


def _index(texts: str, folder: str) -> dict[str, Any]:
    seconds = 0.0

    def index() -> None:
        nonlocal seconds
        started = time.perf_counter()
        values = (text.as_py() for chunk in texts_in(texts).chunks for text in chunk)
        write_index(values, Path(folder), "en", is_chosen=True, documents_sha256="")
        seconds = time.perf_counter() - started

    peak = peak_megabytes(index)
    return {"seconds": round(seconds, 3), "peak_megabytes": peak, "megabytes": _megabytes(folder)}


def _open(folder: str) -> dict[str, Any]:
    """Open an index and read the postings of the heaviest terms, those that most documents have."""
    before = anonymous_megabytes()
    started = time.perf_counter()
    index = WordsIndex(Path(folder))
    opened = time.perf_counter() - started
    counts = index.document_counts(range(index.n_terms))
    heaviest = counts.argsort()[-_QUERY:].tolist()
    del counts
    after = anonymous_megabytes()
    started = time.perf_counter()
    for number in heaviest:
        index.weights(number)
    return {
        "terms": index.n_terms,
        "postings": len(index),
        "seconds_to_open": round(opened, 3),
        "open_megabytes": None if before is None or after is None else round(after - before, 1),
        f"seconds_of_the_{_QUERY}_most_frequent_terms": round(time.perf_counter() - started, 3),
    }


def _bm25s(texts: str, folder: str) -> dict[str, Any]:
    import bm25s
    import Stemmer

    seconds = 0.0

    def index() -> None:
        nonlocal seconds
        started = time.perf_counter()
        corpus = bm25s.tokenize(
            texts_in(texts).to_pylist(), stopwords="en_plus", stemmer=Stemmer.Stemmer("english"), show_progress=False
        )
        retriever = bm25s.BM25()
        retriever.index(corpus, show_progress=False)
        retriever.save(folder)
        seconds = time.perf_counter() - started

    peak = peak_megabytes(index)
    return {"seconds": round(seconds, 3), "peak_megabytes": peak, "megabytes": _megabytes(folder)}


def _megabytes(folder: str) -> float:
    return round(sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6, 1)


if __name__ == "__main__":
    main()
