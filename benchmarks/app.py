"""The page in a real browser: how long from a click to the ranking that it leads to.

``python -m benchmarks.app --json FILE``; benchmarks/tables.py makes the README's table from the file.

A corpus of IMDB's 25,000 training reviews, and one of a million vectors drawn from their mixture, are opened in
Chromium at 1,440 x 1,000 pixels with ten rows in each of two columns. After a query, twenty marks are made in turn, as
relevant and as not relevant; where every row of the page has one, one is taken back instead. A mark counts until the
page shows all of it: both columns in the order that the engine gives by itself for these marks, the mark on its row,
and the new number of marks. It is compared with the engine alone, on the same machine in the same run. Medians are
given, and the slowest.

The first page counts from the start of the command to the box that a query is typed in; the files have been read
before.
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
from exemplar.data.encoders.sentence_transformer import SentenceEncoder, load_encoder
from exemplar.data.errors import CorpusNotFound
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.retrieval.feedback import Feedback, Mark
from exemplar.retrieval.search import SearchEngine
from tests.support.streamlit_client.browser import launch_arguments, serving

QUERY = "a disappointing science fiction series"
_SHOWN = """([ranker, ids, badges, marks]) => {
    const column = document.querySelector(`.st-key-column-${ranker}`)
    const shown = column && [...column.querySelectorAll(".ex-id")].map((each) => each.textContent)
    const line = document.querySelector(".ex-quiet")?.textContent ?? ""
    return shown?.join() === ids.join() && column.querySelectorAll(".ex-marked").length === badges
        && (marks === null || new RegExp(`\\\\b${marks} marks?\\\\b`).test(line))
}"""


def main() -> None:
    """Measure and write JSON."""
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
        "cores": os.cpu_count(),
        "first_page_seconds": first_page_seconds(3),
        "corpora": [measure(corpus, arguments.marks) for corpus in corpora],
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def measure(corpus: Corpus, n_marks: int) -> dict[str, Any]:
    """Return what marks take on a corpus, in milliseconds: to the page, and the engine alone."""
    engine = SearchEngine(corpus)
    engine.query_vector(QUERY)
    page_ms, engine_ms, feedback = [], [], Feedback()
    with page_at(1440, 1000) as (page, url, _):
        page.goto(f"{url}/?corpus={corpus.manifest.name}&q={QUERY.replace(' ', '+')}")
        expected, _ = _expected(engine, feedback)
        for ranker in expected:
            page.wait_for_function(_SHOWN, arg=[ranker, expected[ranker], 0, None], timeout=180_000)
        for number in range(n_marks):
            settle(page)
            mark: Mark = "negative" if number % 3 == 2 else "positive"
            doc_id, taken_back = _next_click(expected["anchored"], feedback)
            mark = taken_back or mark
            feedback = feedback.marked(doc_id, None if taken_back else mark)
            expected, seconds = _expected(engine, feedback)
            engine_ms.append(1000 * seconds)
            page_ms.append(_click_ms(page, doc_id, mark, expected, feedback))
    return {
        "corpus": corpus.manifest.name,
        "documents": corpus.manifest.n_documents,
        "marks": n_marks,
        "page_ms": {"median": median(page_ms), "slowest": max(page_ms)},
        "engine_ms": {"median": median(engine_ms), "slowest": max(engine_ms)},
    }


def first_page_seconds(n: int) -> dict[str, float]:
    """Return how long from starting the app to its first page, with the files read once before."""
    found = []
    for _ in range(n + 1):
        with page_at(1440, 1000) as (page, url, began):
            page.goto(url)
            page.get_by_role("textbox", name="Search").wait_for()
            found.append(time.perf_counter() - began)
    return {"median": median(found[1:]), "slowest": max(found[1:])}


def drawn_corpus(n: int) -> Corpus:
    """Return a corpus of n short documents whose vectors are drawn; it is built once and kept."""
    name = f"drawn-{n}"
    os.environ["EXEMPLAR_HOME"] = str(vectors.CACHE)
    try:
        return open_corpus(name)
    except (CorpusNotFound, CorpusDamaged):
        documents = (Document(str(row), f"Document {row} of {n}.") for row in range(n))
        source = Source(name, SourceSpec(name), lambda: documents)
        return build_corpus(source, _Given(vectors.drawn(n), load_encoder()), name=name, whole=True)


class _Given:
    """An encoder that gives documents the next of the vectors that there are; all else is a real one's."""

    def __init__(self, given: NDArray[np.float32], real: SentenceEncoder) -> None:
        self._rows = iter(range(len(given)))
        self._given = given
        self.info = replace(real.info, device="none", backend="none")

    def encode_documents(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> NDArray[Any]:
        return self._given[[next(self._rows) for _ in texts]]


def _next_click(shown: list[str], feedback: Feedback) -> tuple[str, Mark | None]:
    """Return a row without a mark; where all have one, a row and the mark that is taken back from it."""
    unmarked = [doc_id for doc_id in shown[2:] if feedback.mark_of(doc_id) is None]
    return (unmarked[0], None) if unmarked else (shown[5], feedback.mark_of(shown[5]))


def _expected(engine: SearchEngine, feedback: Feedback) -> tuple[dict[str, list[str]], float]:
    """Return what both columns must show, and how long the engine takes."""
    began = time.perf_counter()
    rankings = [engine.search(QUERY, feedback, ranker=ranker, depth=100) for ranker in ("knn", "anchored")]
    seconds = time.perf_counter() - began
    return {each.ranker: list(each.doc_ids[:10]) for each in rankings}, seconds


def _click_ms(page: Any, doc_id: str, mark: Mark, expected: dict[str, list[str]], feedback: Feedback) -> float:
    """Click a row's button; return the milliseconds until the page shows what the engine ranks."""
    waits = [
        [ranker, doc_ids, sum(feedback.mark_of(each) is not None for each in doc_ids), len(feedback)]
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
    return float(page.evaluate(script, [f"{mark}-anchored-{doc_id}", waits]))


def settle(page: Any) -> None:
    """Wait until the page has finished drawing, and a little longer."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') === 'notRunning'",
        timeout=180_000,
    )
    page.wait_for_timeout(300)


@contextmanager
def page_at(width: int, height: int) -> Iterator[tuple[Any, str, float]]:
    """Start a browser, then the app; give a page, the app's address, and when it was started."""
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
