"""Measure in a real browser how long the page takes from a click to its ranking.

``python -m benchmarks.app --json FILE``; benchmarks/tables.py makes the README's table from the file.

Chromium opens two corpora at 1,440 x 1,000 pixels, with ten rows in each of two columns: IMDB's 25,000 training
reviews, and a million vectors drawn from their mixture. After a query, the benchmark makes twenty marks in turn,
relevant and not relevant; if every row of the page has a mark, it takes one back instead. The time of a mark ends when
the page shows its full effect: both columns in the engine's order for these marks, the mark on its row, and the new
number of marks. The same run measures the engine alone on the same machine. The result has medians and maxima.

The time of the first page runs from the start of the command to the box for the query; an earlier start has read the
files into memory.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import vectors
from exemplar.data.building.build import build_corpus
from exemplar.data.corpus.corpus import Corpus, CorpusDamaged, open_corpus
from exemplar.data.documents import Document
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from exemplar.data.errors import CorpusNotFound
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.events import Marked
from exemplar.retrieval.sessions.session import Session
from tests.support.streamlit_client.browser import launch_arguments, serving

QUERY = "a disappointing science fiction series"
_SHOWN = """([ranker, ids, badges, marks]) => {
    const column = document.querySelector(`.st-key-column-${ranker}`)
    const shown = column && [...column.querySelectorAll(".ex-id")].map((id) => id.textContent)
    const line = document.querySelector(".ex-quiet")?.textContent ?? ""
    return shown?.join() === ids.join() && column.querySelectorAll(".ex-marked").length === badges
        && (marks === null || new RegExp(`\\\\b${marks} marks?\\\\b`).test(line))
}"""


def main() -> None:
    """Measure, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--vectors", type=int, default=1_000_000, help="of the drawn corpus; 0 leaves it out")
    parser.add_argument("--marks", type=int, default=20)
    arguments = parser.parse_args()
    corpora = [vectors.corpus("imdb-train", vectors.imdb(), "train")]
    if arguments.vectors:
        corpora.append(drawn_corpus(arguments.vectors))
    result = {
        "command": "python -m benchmarks.app",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": n_processors(),
        "first_page_seconds": first_page_seconds(3),
        "corpora": [measure(corpus, arguments.marks) for corpus in corpora],
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def measure(corpus: Corpus, n_marks: int) -> dict[str, Any]:
    """Return the times of marks on a corpus in milliseconds: of the page, and of the engine alone."""
    engine = SearchEngine(corpus)
    engine.query_vector(QUERY)
    page_ms, engine_ms, session = [], [], Session("", corpus.manifest.name)
    with page_at(1440, 1000) as (page, url, _):
        page.goto(f"{url}/?corpus={corpus.manifest.name}&q={QUERY.replace(' ', '+')}")
        expected, _ = _expected(engine, session.feedback)
        for ranker in expected:
            page.wait_for_function(_SHOWN, arg=[ranker, expected[ranker], 0, None], timeout=180_000)
        for number in range(n_marks):
            settle(page)
            mark: Mark = "negative" if number % 3 == 2 else "positive"
            doc_id, taken_back = _next_click(expected["anchored"], session.feedback)
            mark = taken_back or mark
            session = session.after(Marked(doc_id, None if taken_back else mark))
            expected, seconds = _expected(engine, session.feedback)
            engine_ms.append(1000 * seconds)
            page_ms.append(_click_ms(page, doc_id, mark, expected, session.feedback))
    return {
        "corpus": corpus.manifest.name,
        "documents": corpus.manifest.n_documents,
        "marks": n_marks,
        "page_ms": {"median": median(page_ms), "slowest": max(page_ms)},
        "engine_ms": {"median": median(engine_ms), "slowest": max(engine_ms)},
    }


def first_page_seconds(n: int) -> dict[str, float]:
    """Return the seconds from the start of the app to its first page, after a first start that is not counted."""
    seconds = []
    for _ in range(n + 1):
        with page_at(1440, 1000) as (page, url, began):
            page.goto(url)
            page.get_by_role("textbox", name="Search").wait_for()
            seconds.append(time.perf_counter() - began)
    return {"median": median(seconds[1:]), "slowest": max(seconds[1:])}


def drawn_corpus(n: int) -> Corpus:
    """Return a corpus of n short documents with drawn vectors; it is built once and kept."""
    name = f"drawn-{n}"
    os.environ["EXEMPLAR_HOME"] = str(vectors.CACHE)
    try:
        return open_corpus(name)
    except (CorpusNotFound, CorpusDamaged):
        documents = (Document(str(row), f"Document {row} of {n}.") for row in range(n))
        source = Source(name, SourceSpec(name), lambda: documents)
        return build_corpus(source, _PreparedEncoder(vectors.drawn(n), load_encoder()), name=name, whole=True)


class _PreparedEncoder:
    """An encoder that returns the next prepared vectors for documents; its info is that of a real encoder."""

    def __init__(self, prepared: NDArray[np.float32], real: SentenceEncoder) -> None:
        self._rows = iter(range(len(prepared)))
        self._vectors = prepared
        self.info = replace(real.info, device="none", backend="none")

    def encode_documents(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> NDArray[Any]:
        return self._vectors[[next(self._rows) for _ in texts]]


def _next_click(shown: list[str], feedback: Feedback) -> tuple[str, Mark | None]:
    """Return a document without a mark; if all have one, a document and the mark to take back."""
    unmarked = [doc_id for doc_id in shown[2:] if feedback.mark_of(doc_id) is None]
    return (unmarked[0], None) if unmarked else (shown[5], feedback.mark_of(shown[5]))


def _expected(engine: SearchEngine, feedback: Feedback) -> tuple[dict[str, list[str]], float]:
    """Return the documents that both columns must show, and the seconds that the engine takes."""
    began = time.perf_counter()
    rankings = [engine.search(QUERY, feedback, ranker=ranker, depth=100) for ranker in ("knn", "anchored")]
    seconds = time.perf_counter() - began
    return {ranking.ranker: list(ranking.doc_ids[:10]) for ranking in rankings}, seconds


def _click_ms(page: Any, clicked: str, mark: Mark, expected: dict[str, list[str]], feedback: Feedback) -> float:
    """Click a row's button; return the milliseconds until the page shows the ranking of the engine."""
    waits = [
        [ranker, doc_ids, sum(feedback.mark_of(doc_id) is not None for doc_id in doc_ids), len(feedback)]
        for ranker, doc_ids in expected.items()
    ]
    script = f"""([key, waits]) => new Promise((resolve) => {{
        const shown = {_SHOWN}
        const button = document.querySelector(`.st-key-${{key}} button`)
        const began = performance.now()
        const look = () => waits.every(shown) ? resolve(performance.now() - began) : setTimeout(look, 1)
        button.click()
        look()
    }})"""
    return float(page.evaluate(script, [f"{mark}-anchored-{clicked}", waits]))


def settle(page: Any) -> None:
    """Wait until the page has finished drawing, and a little longer."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') === 'notRunning'",
        timeout=180_000,
    )
    page.wait_for_timeout(300)


@contextmanager
def page_at(width: int, height: int) -> Iterator[tuple[Any, str, float]]:
    """Start a browser and then the app; yield a page, the app's address, and the time of the app's start."""
    from playwright.sync_api import sync_playwright

    environment = {**os.environ, "EXEMPLAR_HOME": str(vectors.CACHE), "HF_HUB_OFFLINE": "1"}
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments())
        page = browser.new_page(viewport={"width": width, "height": height})
        began = time.perf_counter()
        with serving(environment, Path(folder) / "log") as (url, _):
            yield page, url, began
        browser.close()


if __name__ == "__main__":
    main()
