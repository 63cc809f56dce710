"""Compare a ranking by vectors and words with one by vectors alone: times, in turns.

``python -m benchmarks.joint --documents 25000 1000000 --json FILE``

The texts are those of ``benchmarks.words``. Their vectors are drawn around 50 points, one a document, since a ranking
takes as long with any. Positives and negatives are drawn from the documents that are nearest to a query's vector: from
60, or as many as are marked.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.words import texts_in, write_texts
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.words.index import WordsIndex
from exemplar.data.words.indexing import write_index
from exemplar.retrieval.index.dense import DenseIndex
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.index.words import DocumentWords
from exemplar.retrieval.rankers import Examples, ExampleWords, Ranker, scorer

_DIM, _N_CENTRES, _CHUNK = 384, 50, 20_000
_QUERIES = (
    "a film about a robot and a boy",
    "the acting was wooden and the plot thin",
    "war movie with a great soundtrack",
    "romantic comedy in Paris",
    "horror with vampires",
)
_MARKS = ((0, 0), (1, 0), (20, 30), (100, 900))  # positives and negatives
_RANKERS: tuple[Ranker, ...] = ("anchored-vectors", "anchored")


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[25_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {
        "command": "python -m benchmarks.joint --documents " + " ".join(map(str, options.documents)),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "corpora": [_measure(n, options.repeats) for n in options.documents],
    }
    text = json.dumps(result, indent=1) + "\n"
    options.json.write_text(text) if options.json else sys.stdout.write(text)


def _measure(n: int, repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.arrow"
        write_texts(n, file)
        texts = texts_in(str(file))
        values = (text.as_py() for chunk in texts.chunks for text in chunk)
        write_index(values, Path(folder) / "words", "en", is_chosen=True, documents_sha256="")
        index = DenseIndex(_vectors(n))
        words = DocumentWords(WordsIndex(Path(folder) / "words"), index, np.arange(n))
        return {"documents": n, "marks": [_compare(index, words, texts, *marks, repeats) for marks in _MARKS]}


def _vectors(n: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((_N_CENTRES, _DIM), dtype=np.float32)
    vectors = np.empty((n, _DIM), np.float32)
    for start in range(0, n, _CHUNK):
        rows = vectors[start : start + _CHUNK]
        rows[:] = centres[rng.integers(_N_CENTRES, size=len(rows))] + rng.standard_normal(rows.shape, dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def _compare(
    index: DenseIndex, words: DocumentWords, texts: Any, n_positives: int, n_negatives: int, repeats: int
) -> dict[str, Any]:
    """Time both rankers in turns, from the examples to the first ten; a new mark has no joint index in the cache."""
    seconds: dict[str, list[float]] = {ranker: [] for ranker in _RANKERS}
    for repeat in range(repeats + 1):  # the first calls pay for pages and threads
        for number in range(len(_QUERIES)):
            examples = _examples(index, words, texts, number, n_positives, n_negatives)
            for ranker in _RANKERS:
                words.forget()
                began = time.perf_counter()
                with one_blas_thread():
                    found = scorer(ranker, examples)
                if found.words is None:
                    index.top_k(found.w, 10, b=found.b)
                else:
                    words.joined(found.words.terms).top_k(np.append(found.w, found.words.w), 10, b=found.b)
                if repeat:
                    seconds[ranker].append(time.perf_counter() - began)
    ratios = (joint / alone for alone, joint in zip(*(seconds[ranker] for ranker in _RANKERS), strict=True))
    medians = {f"{ranker}_ms": round(1000 * median(times), 1) for ranker, times in seconds.items()}
    return {"positives": n_positives, "negatives": n_negatives, **medians, "ratio": round(median(ratios), 2)}


def _examples(
    index: DenseIndex, words: DocumentWords, texts: Any, number: int, n_positives: int, n_negatives: int
) -> Examples:
    [vector] = index.vectors([number])
    near, _ = index.top_k(vector, max(60, n_positives + n_negatives), exclude=[number])
    marked = np.random.default_rng(number).permutation(near)[: n_positives + n_negatives]
    positives, negatives = np.split(marked, [n_positives])
    of_words = ExampleWords(
        words,
        words.of_text(_QUERIES[number]),
        tuple(words.of_text(texts[int(row)].as_py()) for row in positives),
    )
    return Examples(index, vector, index.vectors(positives), negatives, np.sort(marked), None, of_words)


if __name__ == "__main__":
    main()
