"""Many at once: sessions that search and mark at the same time, and whether each gets what it clicked, and how soon.

``python -m benchmarks.load --json FILE``; benchmarks/tables.py makes the tables of docs/reliability.md from the file.

The app serves IMDB's 25,000 training reviews, started as its user starts it, its model not yet loaded. Twenty visitors
(visits.py in tests/support/streamlit_client says what they do, visitor.py beside it how: by the protocol of Streamlit's
own page, without a browser) come at once, each with a session of its own and its own queries, the beginnings of
reviews, and stay for two minutes. They think for two seconds on the average before each click: a quarter of a second,
and the rest drawn from an exponential distribution. They share the machine with the app, as one process.

- **Times** run from the click until the page shows the new ranking with the new marks. In rows that nobody has looked
  at before the sentences that carried them are marked after that, and only then the page has finished, which is told
  apart. So is the first search of each session, which waits for the model.
- **Errors** are exceptions and messages of errors on a page, tracebacks in the app's log, closed connections, pages
  that take longer than a minute or do not show a mark that was clicked.
- **Lost or mixed** is any difference, for each session, between all that was clicked, in order, the marks on the page
  in the end, the log of the session, and what ``SessionStore`` makes of it; and any row of either column that the
  engine, asked alone for that query and those marks, ranks otherwise.
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
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.store import SessionStore
from tests.support.streamlit_client.browser import serving
from tests.support.streamlit_client.visits import COLUMNS, Plan, Visit, visits

_SEED = 7
_N_QUERIES = 40  # of each session, more than it comes to
_WORDS = (4, 12)  # of a query
_WITHIN = 300  # seconds in which the visitors come to an end after their time
_AT_ONE_TIME = 5  # seconds of which the median is given, as memory goes up and down


def main() -> None:
    """Measure and write JSON."""
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
        "cores": os.cpu_count(),
        "documents": corpus.n_documents,
        **measured,
    }
    arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def home_with(corpus: Corpus, home: Path) -> Path:
    """Give a home in which no session has been a corpus of another home."""
    (home / "corpora").mkdir()
    (home / "corpora" / corpus.manifest.name).symlink_to(corpus_folder(corpus.manifest.name))
    return home


def typed_queries(corpus: Corpus, n_sessions: int) -> tuple[tuple[str, ...], ...]:
    """Return queries for each session, the beginnings of documents; no two have the same."""
    chance = random.Random(_SEED)  # noqa: S311 - the same queries each time
    rows = chance.sample(range(corpus.n_documents), n_sessions * _N_QUERIES)
    queries = [" ".join(each.text.split()[: chance.randint(*_WORDS)]) for each in corpus.documents_at(rows)]
    return tuple(tuple(queries[number::n_sessions]) for number in range(n_sessions))


def measure(home: Path, plan: Plan, engine: SearchEngine) -> dict[str, Any]:
    """Serve a home, let the visitors come, and compare what came of it; the engine is the app's own corpus's."""
    log = home / "app.log"
    with (
        serving({**os.environ, "EXEMPLAR_HOME": str(home), "HF_HUB_OFFLINE": "1"}, log) as (url, server),
        watched(server.pid) as megabytes,
    ):
        made = in_own_process(visits, replace(plan, url=url), timeout=plan.seconds + _WITHIN)
    if made is None:
        raise RuntimeError(f"the visitors did not come to an end; the app said:\n{log.read_text()[-2000:]}")
    store = SessionStore(home / "sessions.sqlite")
    took = {
        what: times([ms for each in made for name, ms in each.took if name == what])
        for what in ("mark", "search", "first search")
    }
    return {
        "sessions": len(made),
        "seconds": plan.seconds,
        "think_seconds": plan.think,
        "clicks": sum(len(each.clicked) for each in made),
        "took": took | {"finished": times([ms for each in made for ms in each.finished])},
        "errors": errors(made, log.read_text()),
        "lost_or_mixed": [found for each in made for found in differences(each, plan.corpus, store, engine)],
        "memory_mb": memory(megabytes, int(plan.seconds / 2)),
    }


def errors(made: Sequence[Visit], log: str) -> list[str]:
    """Return what went wrong on the pages, and in the app, by what it wrote down."""
    found = [f"session {each.session_id}: {error}" for each in made for error in each.errors]
    return found + re.findall(r"Traceback.*?\n(?=\S)[^\n]*", log, re.DOTALL)


def differences(visit: Visit, corpus: str, store: SessionStore, engine: SearchEngine) -> list[str]:
    """Return where a session is not what was clicked in it: in the log, on the page, or in how the page ranks."""
    wanted, saved = visit.session(corpus), store.load(visit.session_id)
    compared: list[tuple[str, object, object]] = [
        ("the log", visit.clicked, [each.event for each in store.history(visit.session_id)]),
        ("what the log comes to", wanted, saved),
        ("the marks on the page", wanted.feedback, visit.marks),
    ]
    if wanted.query is not None:
        for ranker in COLUMNS:
            ranking = engine.search(wanted.query, wanted.feedback, ranker=ranker, k=wanted.settings.k)
            compared.append((f"the column of {ranker}", list(ranking.doc_ids), visit.rows.get(ranker)))
    return [
        f"session {visit.session_id}: {what} should be {should_be}, and is {found}"
        for what, should_be, found in compared
        if should_be != found
    ]


def times(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return how many there are, and the median, the 95th percentile and the slowest of them."""
    if not milliseconds:
        return {"n": 0}
    p50, p95, slowest = np.quantile(milliseconds, (0.5, 0.95, 1)).round(1).tolist()
    return {"n": len(milliseconds), "p50_ms": p50, "p95_ms": p95, "slowest_ms": slowest}


def memory(megabytes: Sequence[float], half: int) -> dict[str, float]:
    """Return what a process held after half of the seconds and at the end, and how it grew between."""
    if not megabytes:
        return {}
    at_half = median(megabytes[: half + 1][-_AT_ONE_TIME:])
    at_end = median(megabytes[-_AT_ONE_TIME:])
    return {"at_half": round(at_half), "at_end": round(at_end), "growth": round(at_end - at_half)}


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Read the anonymous memory of a process once a second, in megabytes; where there is no /proc, never."""
    megabytes: list[float] = []
    status, ended = Path(f"/proc/{pid}/status"), threading.Event()

    def watch() -> None:
        while status.exists():
            found = re.search(r"^RssAnon:\s+(\d+) kB", status.read_text(), re.MULTILINE)
            megabytes.extend([int(found[1]) / 1024] if found else [])
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
