"""Measure the export of a large corpus: every row with both rankings, to CSV and to Parquet, in two orders.

``python -m benchmarks.exporting --json FILE`` prints and writes JSON. The corpus has rows of random words in six
columns and random unit vectors; it is built in a temporary folder. Seconds are medians of the rounds, of the whole
export: ranking, reading, writing. Beside them stands what pandas takes to write the same table from its memory.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.memory import anonymous_megabytes
from exemplar.data.building.build import build_corpus
from exemplar.data.documents import Document
from exemplar.data.encoders.base import EncoderInfo, Span
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.exports.from_session import session_export
from exemplar.retrieval.exports.writing import FORMATS, write_export
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import MarksAdded, Queried
from exemplar.retrieval.sessions.identity import present_marks
from exemplar.retrieval.sessions.session import Session

_WORDS = np.array(
    [f"{a}{b}{c}{b}{a}" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdfgklmnprstvw" for _ in range(3)]
)
_TITLE, _ABSTRACT = 8, 150  # words
_BLOCK = 4096  # rows that are made together
_EVERY = 0.02  # seconds between two looks at the memory


class RandomEncoder:
    """Gives every text a random unit vector; a text is one passage."""

    model, revision, precision, device, backend, similarity = "random", "1", "float32", "cpu", "none", "cosine"
    max_tokens = None

    def __init__(self, dim: int) -> None:
        self.dim, self._random = dim, np.random.default_rng(1)

    @property
    def info(self) -> EncoderInfo:
        """What it says of itself."""
        return EncoderInfo(
            self.model, self.revision, self.precision, self.device, self.backend, self.similarity, self.dim, None
        )

    def token_spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return each text as a token."""
        return [[(0, len(text))] for text in texts]

    def encode_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Any:
        """Return random unit vectors."""
        vectors = self._random.standard_normal((len(texts), self.dim), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_query(self, text: str) -> Any:
        """Return a random unit vector."""
        return self.encode_documents([text])[0]


def main() -> None:
    """Measure, print and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"], choices=list(FORMATS))
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["EXEMPLAR_HOME"] = home
        figures = _figures(arguments.rows, arguments.dim, arguments.rounds, arguments.formats, Path(home))
    result = {
        "command": f"python -m benchmarks.exporting --rows {arguments.rows} --rounds {arguments.rounds}",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": n_processors(),
        "rows": arguments.rows,
        **figures,
    }
    text = json.dumps(result, indent=1) + "\n"
    arguments.json.write_text(text)
    sys.stdout.write(text)


def _figures(n: int, dim: int, rounds: int, formats: Sequence[str], folder: Path) -> dict[str, Any]:
    encoder = RandomEncoder(dim)
    corpus = build_corpus(Source("rows", SourceSpec("rows"), lambda: _documents(n)), encoder)
    engine = SearchEngine(corpus, lambda info: encoder)
    ids = corpus.doc_ids(range(20))
    session = Session("s", "rows").after(
        Queried("babab dofod"), MarksAdded(Feedback(tuple(ids[:10]), tuple(ids[10:])), _hashes(ids, corpus))
    )
    present = present_marks(session.marks, corpus, dict)
    engine.search("babab dofod", present.feedback, k=10)  # what every search needs is there
    runs: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        for name in formats:
            for order in ("file", "rank"):
                sys.stderr.write(f"round {number + 1} of {rounds}: {name}, in the order of {order}\n")
                path = folder / f"rows{FORMATS[name].suffix}"

                def run(name: str = name, order: Any = order, path: Path = path) -> None:
                    export = session_export(session, present, corpus, Choice(order=order), "", engine)
                    write_export(export, path, name)

                runs.setdefault(f"{name}, by {order}", []).append(_measured(run))
                runs[f"{name}, by {order}"][-1]["megabytes"] = path.stat().st_size / 1e6
    figures = {way: {key: round(median(run[key] for run in each), 1) for key in each[0]} for way, each in runs.items()}
    return {"ways": figures, "pandas": _pandas(folder, formats)}


def _measured(run: Callable[[], None]) -> dict[str, float]:
    """Return the seconds of a run, and by how many megabytes it raised the process's own memory."""
    before, peak, ended = anonymous_megabytes() or 0.0, 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(_EVERY):
            peak = max(peak, anonymous_megabytes() or 0.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        run()
    finally:
        seconds = time.perf_counter() - start
        ended.set()
        watcher.join()
    return {"seconds": seconds, "more_memory_megabytes": max(0.0, peak - before)}


def _pandas(folder: Path, formats: Sequence[str]) -> dict[str, float]:
    """Return the seconds that pandas takes to write the last table, which it has read before."""
    if "csv" not in formats:
        return {}
    table = pd.read_csv(folder / "rows.csv", low_memory=False)
    start = time.perf_counter()
    table.to_csv(folder / "pandas.csv", index=False)
    return {"to_csv_seconds": round(time.perf_counter() - start, 1)}


def _hashes(ids: Sequence[str], corpus: Any) -> dict[str, str]:
    return dict(zip(ids, corpus.text_hashes(range(len(ids))), strict=True))


def _documents(n: int) -> Iterator[Document]:
    """Yield documents with the cells of the rows of a file."""
    random = np.random.default_rng(0)
    for first in range(0, n, _BLOCK):
        words = _WORDS[random.integers(len(_WORDS), size=(min(_BLOCK, n - first), _TITLE + _ABSTRACT))]
        for row, chosen in enumerate(words.tolist(), first):
            title, text = " ".join(chosen[:_TITLE]), f"{' '.join(chosen[_TITLE:])} {row}"
            beside = {"year": str(1950 + row % 75), "journal": chosen[0], "doi": f"10.1000/{row}"}
            cells = {"id": f"W{row}", "title": title, "abstract": text, **beside}
            yield Document(f"W{row}", text, (), beside, title, file="rows.csv", line=row + 2, cells=cells)


if __name__ == "__main__":
    main()
