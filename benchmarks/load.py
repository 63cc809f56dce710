"""Serve many sessions that search and mark at the same time; check their results, and measure the times.

``python -m benchmarks.load --json FILE``; benchmarks/tables.py makes the tables of docs/reliability.md from the file.

The app serves IMDB's 25,000 training reviews. It starts as a user starts it, without a loaded model. Twenty visitors
come at once and stay for two minutes; tests/support/streamlit_client has their actions in visits.py, and in visitor.py
the protocol of Streamlit's page, which they use without a browser. Every visitor has a separate session and separate
queries, which are beginnings of reviews. Visitors think for two seconds on average before every click: a quarter of a
second, and the rest drawn from an exponential distribution. They run as one process on the machine of the app.

- **Times** run from the click until the lists show the new ranking, with the mark confirmed. The first search of a
  session, which waits for the model, is separate.
- **Errors** are exceptions and error messages on a page, tracebacks in the app's log, closed connections, and pages
  that take longer than a minute or do not show a clicked mark.
- **Lost or mixed** is any difference, within a session, between the clicks in their order, the marks on the page at the
  end, the log of the session, and the session that ``SessionStore`` reads from it; and any row of a list that differs
  from the ranking of the engine alone for the same query and marks.
- **Memory** is the app's resident memory without the pages of files, read once a second.
"""

import argparse
import json
import os
import random
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import vectors
from benchmarks.memory import in_own_process
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.encoders.hardware import n_processors
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import SessionStore
from exemplar.ui.search.lists.payload import BATCH
from tests.support.streamlit_client.browser import serving
from tests.support.streamlit_client.visits import COLUMNS, Plan, Visit, as_clicked, visits

_SEED = 7
_N_QUERIES = 40  # a session, more than it can search
_WORDS = (4, 12)  # of a query
_WITHIN = 300  # seconds for the visitors to finish after their time
_WINDOW = 5  # seconds; memory fluctuates, so a value is the median of a window


def main() -> None:
    """Measure, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    corpus = vectors.corpus("imdb-train", vectors.imdb(), "train")
    queries = typed_queries(corpus, arguments.sessions)
    with TemporaryDirectory() as folder:
        home = home_with(corpus, Path(folder))
        measured = measure(home, Plan(corpus.manifest.name, queries, arguments.seconds), SearchEngine(corpus))
    result = {
        "command": "python -m benchmarks.load",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": n_processors(),
        "documents": corpus.n_documents,
        **measured,
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def home_with(corpus: Corpus, home: Path) -> Path:
    """Return a home folder without sessions that links to a corpus of another home."""
    (home / "corpora").mkdir()
    (home / "corpora" / corpus.manifest.name).symlink_to(corpus_folder(corpus.manifest.name))
    return home


def typed_queries(corpus: Corpus, n_sessions: int) -> tuple[tuple[str, ...], ...]:
    """Return the queries of every session: beginnings of documents, none of them twice."""
    rng = random.Random(_SEED)  # noqa: S311 - the same queries each time
    rows = rng.sample(range(corpus.n_documents), n_sessions * _N_QUERIES)
    queries = [" ".join(document.text.split()[: rng.randint(*_WORDS)]) for document in corpus.documents_at(rows)]
    return tuple(tuple(queries[number::n_sessions]) for number in range(n_sessions))


def measure(home: Path, plan: Plan, engine: SearchEngine) -> dict[str, Any]:
    """Serve a home to the visitors, and compare their results with the engine of the same corpus."""
    log = home / "app.log"
    with (
        serving({**os.environ, "EXEMPLAR_HOME": str(home), "HF_HUB_OFFLINE": "1"}, log) as (url, server),
        watched(server.pid) as megabytes,
    ):
        done = in_own_process(visits, replace(plan, url=url), timeout=plan.seconds + _WITHIN)
    if done is None:
        raise RuntimeError(f"the visitors did not finish; the log of the app ends with:\n{log.read_text()[-2000:]}")
    store = SessionStore(home / "sessions.sqlite")
    took = {
        action: times([ms for visit in done for name, ms in visit.took if name == action])
        for action in ("mark", "search", "first search")
    }
    return {
        "sessions": len(done),
        "seconds": plan.seconds,
        "think_seconds": plan.think,
        "clicks": sum(len(visit.clicked) for visit in done),
        "took": took,
        "errors": errors(done, log.read_text()),
        "lost_or_mixed": [line for visit in done for line in differences(visit, plan.corpus, store, engine)],
        "memory_mb": memory(megabytes, int(plan.seconds / 2)),
    }


def errors(done: Sequence[Visit], log: str) -> list[str]:
    """Return the errors on the pages, and the tracebacks in the app's log."""
    on_pages = [f"session {visit.session_id}: {error}" for visit in done for error in visit.errors]
    return on_pages + re.findall(r"Traceback.*?\n(?=\S)[^\n]*", log, re.DOTALL)


def differences(visit: Visit, corpus: str, store: SessionStore, engine: SearchEngine) -> list[str]:
    """Return where a session differs from its clicks: in the log, in the marks on the page, or in the rankings."""
    events, saved = visit.events(engine.corpus), store.load(visit.session_id)
    expected = Session(visit.session_id, corpus).after(*events, corpus_id=engine.corpus.manifest.corpus_id)
    compared: list[tuple[str, object, object]] = [
        ("the log", events, [as_clicked(logged.event) for logged in store.history(visit.session_id)]),
        ("the session from the log", expected, saved),
        ("the marks on the page", expected.feedback, visit.marks),
    ]
    if expected.query is not None:
        for ranker in COLUMNS:
            marks = expected.feedback
            ranking = engine.search(expected.query, marks, ranker=ranker, k=0, depth=BATCH, without=marks.marked)
            compared.append((f"the list of {ranker}", list(ranking.doc_ids), visit.rows.get(ranker)))
    return [
        f"session {visit.session_id}: {subject} should be {should_be}, and is {actual}"
        for subject, should_be, actual in compared
        if should_be != actual
    ]


def times(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return the number of times, their median, their 95th percentile and their maximum."""
    if not milliseconds:
        return {"n": 0}
    p50, p95, slowest = np.quantile(milliseconds, (0.5, 0.95, 1)).round(1).tolist()
    return {"n": len(milliseconds), "p50_ms": p50, "p95_ms": p95, "slowest_ms": slowest}


def memory(megabytes: Sequence[float], half: int) -> dict[str, float]:
    """Return the memory of a process in MB after half of the seconds and at the end, and its growth between."""
    if not megabytes:
        return {}
    at_half = median(megabytes[: half + 1][-_WINDOW:])
    at_end = median(megabytes[-_WINDOW:])
    return {"at_half": round(at_half), "at_end": round(at_end), "growth": round(at_end - at_half)}


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Read the anonymous memory of a process every second, in megabytes; read nothing on a system without /proc."""
    megabytes: list[float] = []
    status, ended = Path(f"/proc/{pid}/status"), threading.Event()

    def watch() -> None:
        while status.exists():
            match = re.search(r"^RssAnon:\s+(\d+) kB", status.read_text(), re.MULTILINE)
            megabytes.extend([int(match[1]) / 1024] if match else [])
            if ended.wait(1):
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield megabytes
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    main()
