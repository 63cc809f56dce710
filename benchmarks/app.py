"""Measure in a real browser how long the page takes from a click, or from a query, to its lists.

``python -m benchmarks.app --json FILE``; benchmarks/tables.py makes the README's table from the file.

Chromium opens two corpora at 1,440 x 900 pixels, with two lists of 25 rows: IMDB's 25,000 training reviews, and a
million vectors drawn from their mixture. After a query, the benchmark makes twenty marks in turn, relevant and not
relevant. A mark is seen when its row shows it and the browser begins the next frame. Its time ends when both lists have
the engine's order for these marks, and the number of marks that are on the disk is the new one. The same run measures
the engine alone on the same machine, counts the messages of the server and their size, the elements of the page and the
rows that fit whole, and times new queries after the model is loaded. The result has medians and maxima.

The time of the first page runs from the start of the command to the box for the query; an earlier start has read the
files into memory.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
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
from exemplar.retrieval.sessions.settings import Settings
from exemplar.ui.search.results import DEPTH
from tests.support.streamlit_client.browser import launch_arguments, serving

QUERY = "a disappointing science fiction series"
QUERIES = ("a film about chess", "the worst sequel ever made", "songs that stay in the ear", "a slow western", "robots")
_IS_AT_REST = "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') === 'notRunning'"
_N_COMPARED = 10  # rows of each list, which are in view
_SHOWN = """([lists, marks]) => {
    const shown = (list) => [...list.querySelectorAll("li[data-row]")]
        .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet).map((row) => Number(row.dataset.row))
    const drawn = [...document.querySelectorAll(".exl-list")].map(shown)
    const saved = document.querySelector(".exl-bar")?.textContent.match(/[+]([\\d,]+) relevant.*?[^\\d,]([\\d,]+) not/)
    return lists.every((rows, side) => rows.every((row, place) => drawn[side]?.[place] === row))
        && (marks === null || (Boolean(saved) && saved.slice(1).map(Number).join() === marks.join()))
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
    """Return the times of marks and queries on a corpus in milliseconds, and what a mark takes."""
    engine = SearchEngine(corpus)
    engine.query_vector(QUERY)
    page_ms, seen_ms, engine_ms, session = [], [], [], Session("", corpus.manifest.name)
    n_messages, n_bytes, received = [], [], []
    with page_at(1440, 900) as (page, url, _):
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
        page.goto(f"{url}/?corpus={corpus.manifest.name}&q={QUERY.replace(' ', '+')}")
        expected, _ = _expected(engine, QUERY, session.feedback)
        page.wait_for_function(_SHOWN, arg=[expected, [0, 0]], timeout=180_000)
        settle(page)
        elements, whole_rows = page.evaluate(_SIZES)
        for number in range(n_marks):
            settle(page)
            received.clear()
            mark: Mark = "negative" if number % 3 == 2 else "positive"
            row = expected[1][2]
            session = session.after(Marked(corpus.doc_ids([row])[0], mark))
            expected, seconds = _expected(engine, QUERY, session.feedback)
            engine_ms.append(1000 * seconds)
            seen, shown = _click_ms(page, row, mark, expected, session.feedback)
            seen_ms.append(seen)
            page_ms.append(shown)
            settle(page)
            n_messages.append(len(received))
            n_bytes.append(sum(received))
        query_ms = [_query_ms(page, engine, text) for text in QUERIES]
    return {
        "corpus": corpus.manifest.name,
        "documents": corpus.manifest.n_documents,
        "marks": n_marks,
        "page_ms": _summed(page_ms),
        "seen_ms": _summed(seen_ms),
        "engine_ms": _summed(engine_ms),
        "beside_engine_ms": _summed([page - engine for page, engine in zip(page_ms, engine_ms, strict=True)]),
        "query_ms": _summed(query_ms),
        "messages": _summed(n_messages),
        "kilobytes": _summed([n / 1000 for n in n_bytes]),
        "elements": elements,
        "whole_rows": whole_rows,
    }


def _summed(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(values), 1), "slowest": round(max(values), 1)}


def first_page_seconds(n: int) -> dict[str, float]:
    """Return the seconds from the start of the app to its first page, after a first start that is not counted."""
    seconds = []
    for _ in range(n + 1):
        with page_at(1440, 900) as (page, url, began):
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


_SIZES = """() => {
    const box = document.querySelector(".exl-scroll").getBoundingClientRect()
    const rows = [...document.querySelectorAll(".exl-list")[0].querySelectorAll("li[data-row]")]
    const whole = rows.map((row) => row.getBoundingClientRect())
        .filter(({ top, bottom }) => top >= box.top - 1 && bottom <= box.bottom + 1)
    return [document.querySelectorAll("*").length, whole.length]
}"""


def _expected(engine: SearchEngine, query: str, feedback: Feedback) -> tuple[list[list[int]], float]:
    """Return the rows that begin both lists, and the seconds that the engine takes."""
    began = time.perf_counter()
    rankings = [
        engine.search(query, feedback, ranker=ranker, k=0, depth=DEPTH, without=feedback.marked)
        for ranker in Settings().rankers
    ]
    return [list(ranking.rows[:_N_COMPARED]) for ranking in rankings], time.perf_counter() - began


def _click_ms(page: Any, row: int, mark: Mark, expected: list[list[int]], feedback: Feedback) -> tuple[float, float]:
    """Click a row's button; return the milliseconds until the mark is seen, and until the lists are the engine's."""
    script = f"""([row, mark, waits]) => new Promise((resolve) => {{
        const shown = {_SHOWN}
        const list = document.querySelectorAll(".exl-list")[1]
        const button = list.querySelector(`li[data-row="${{row}}"] [data-do=${{mark}}]`)
        const began = performance.now()
        let seen = 0
        new MutationObserver((_, observer) => {{
            if (!shown(waits)) return
            observer.disconnect()
            resolve([seen, performance.now() - began])
        }}).observe(list.closest(".exl"), {{ subtree: true, childList: true, characterData: true }})
        button.click()
        requestAnimationFrame(() => {{ if (button.ariaPressed === "true") seen = performance.now() - began }})
    }})"""
    marks = [len(feedback.positives), len(feedback.negatives)]
    seen, shown = page.evaluate(script, [row, mark, [expected, marks]])
    if not seen:
        raise RuntimeError("the mark was not seen in the next frame")
    return seen, shown


def _query_ms(page: Any, engine: SearchEngine, text: str) -> float:
    """Begin a new session and type a query; return the milliseconds from Enter until its rows rest."""
    settle(page)
    page.get_by_role("button", name="New", exact=True).click()
    page.locator(".st-key-beginning").wait_for()
    settle(page)
    expected, _ = _expected(engine, text, Feedback())
    box = page.get_by_role("textbox", name="Search")
    box.fill(text)
    began = time.perf_counter()
    box.press("Enter")
    page.wait_for_function(_SHOWN, arg=[expected, [0, 0]], polling=5)
    page.wait_for_function(_IS_AT_REST, polling=5)
    return 1000 * (time.perf_counter() - began)


def settle(page: Any) -> None:
    """Wait until the page has finished drawing, and a little longer."""
    page.wait_for_function(_IS_AT_REST, timeout=180_000)
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
