"""Measure what applying a saved search to new documents costs beside their embedding.

``python -m benchmarks.applying --documents 10000 --json FILE``

The documents are IMDB's reviews, or passages of 100 words made of these where there are more. A stand-in for the model
gives random vectors after a wait of ``--seconds``, in which words are counted beside it; the time in it is left out,
and so is the time to read the file, which a build takes too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.words import passages, reviews
from exemplar.data.documents import Document
from exemplar.data.encoders.base import EncoderInfo, Spans, unit_rows
from exemplar.data.encoders.hardware import n_processors
from exemplar.retrieval.exports.writing import write_export
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.in_memory import engine_in_memory
from exemplar.retrieval.saved_search.applying import apply
from exemplar.retrieval.saved_search.file import bytes_of, saved_search_of
from exemplar.retrieval.saved_search.making import saved_search
from exemplar.retrieval.saved_search.new_documents import engine_of_new
from exemplar.retrieval.saved_search.ranked_rows import ranked_export
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.sessions.events import MarksAdded, Queried
from exemplar.retrieval.sessions.session import Session

_DIM, _WORDS, _MARKED = 384, 100, 20


class StandIn:
    """An Encoder that gives random unit vectors; ``seconds`` is the time in it."""

    info = EncoderInfo("stand-in", "1", "float32", "cpu", "none", "cosine", _DIM, None)

    def __init__(self, wait: float = 0.0) -> None:
        self.seconds, self._wait = 0.0, wait  # wait: for each text
        self._random = np.random.default_rng(0)

    def token_spans(self, texts: Sequence[str]) -> Sequence[Spans]:
        """Return no token: every text is a passage."""
        return [[] for _ in texts]

    def encode_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return random unit vectors."""
        start = time.perf_counter()
        time.sleep(self._wait * len(texts))
        vectors = unit_rows(self._random.normal(size=(len(texts), _DIM)))
        self.seconds += time.perf_counter() - start
        return vectors

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """Return a random unit vector."""
        return self.encode_documents([text])[0]


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000])
    parser.add_argument("--seconds", type=float, default=5.0, help="that the model takes for all documents")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "command": "python -m benchmarks.applying --documents " + " ".join(map(str, options.documents)),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "applied": [_measure(n, options.seconds) for n in options.documents],
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def _measure(n: int, seconds: float) -> dict[str, Any]:
    texts = reviews()
    texts = texts[:n] if n <= len(texts) else list(passages(texts, n, _WORDS))
    documents = [Document(str(row), text, cells={"id": str(row), "text": text}) for row, text in enumerate(texts)]
    saved = _saved(documents)
    encoder, start = StandIn(seconds / n), time.perf_counter()
    engine = engine_of_new(saved, documents, encoder, name="new")
    made = time.perf_counter()
    applied = apply(saved, engine)
    ranked = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_export(ranked_export(applied, saved), Path(folder) / "ranked.csv", "csv")
    written = time.perf_counter()
    return {
        "documents": n,
        "seconds_of_the_model": round(encoder.seconds, 3),
        "terms": len(saved.words.terms) if saved.words else 0,
        "seconds_besides_embedding": round(written - start - encoder.seconds, 3),
        "of_which": {
            "documents_and_words": round(made - start - encoder.seconds, 3),
            "scores": round(ranked - made, 3),
            "file": round(written - ranked, 3),
        },
    }


def _saved(documents: Sequence[Document]) -> SavedSearch:
    """Return a search with marks on the first documents, as it is read from a file."""
    engine = engine_in_memory(documents[: 20 * _MARKED], StandIn(), name="old")
    ids = [str(row) for row in range(_MARKED)]
    marks = MarksAdded(Feedback(tuple(ids[::2]), tuple(ids[1::2])), {})
    session = Session("old", "old").after(Queried("a film that is worth its time"), marks)
    saved = saved_search(session, engine, dict, "old", with_figures=False)
    return saved_search_of(bytes_of(replace(saved, title="old")))


if __name__ == "__main__":
    main()
