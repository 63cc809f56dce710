"""Read six systematic reviews to the end by ASReview and by this project's rankers, on the same files in turn.

``python -m benchmarks.screening --json FILE``

ASReview is installed from PyPI into an environment of its own, in the cache of the benchmarks. It reads every review as
a CSV file by ``asreview simulate --ai elas_u4``, from one relevant and one other record known; a seed draws these two,
the same for all. Ours read the same records from the same two, and from the review's title alone. ASReview ignores
``--n-query`` beside ``--ai``, so pages of more than one record take its own settings from a file.

All figures are over the records that were not known at the start: loss, WSS@95, WSS@100 and the recall after 10% are
read, means over the seeds, and their ratios to ASReview's with one record at a time, with 95% bootstrap intervals over
the seeds, in pairs; in the mean all screens have the same weight. ``--orders FILE`` writes every order of reading.
"""

import argparse
import contextlib
import csv
import functools
import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import vectors
from exemplar.data.encoders.hardware import n_processors
from exemplar.data.home import write_atomically
from exemplar.retrieval.evaluation.collection import Collection, Judged
from exemplar.retrieval.evaluation.judgements import judgements_of
from exemplar.retrieval.evaluation.metrics import estimate, relative_gain
from exemplar.retrieval.evaluation.protocols import check_rankers
from exemplar.retrieval.evaluation.reading import READING_METRICS, Reading, draw_known, read_to_the_end
from exemplar.retrieval.feedback import Feedback
from exemplar.retrieval.index.threads import one_blas_thread
from exemplar.retrieval.search import SearchEngine
from tests.support.paths import DATASETS

ASREVIEW = "3.0.8"
SCREENS = (
    *("screen_virus", "screen_nudging", "screen_ace"),
    *("screen_cohen_ADHD", "screen_cohen_NSAIDS", "screen_synergy_Oud_2018"),
)
METRICS = READING_METRICS[:4]
_AI = "elas_u4"


@dataclass(frozen=True, slots=True)
class Order:
    """The order in which one reader reads a screen.

    Attributes
    ----------
    seed
        Of the draw of the two known records; None from the title alone.
    reader
        ``asreview``, or a ranker.
    labels
        ``0`` or ``1`` for every record that was not known, in the order of reading.
    """

    screen: str
    seed: int | None
    reader: str
    page: int
    labels: str

    @property
    def reading(self) -> Reading:
        """The order as a reading, with its metrics."""
        return Reading(np.array([label == "1" for label in self.labels]), 0 if self.seed is None else 2)

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON, with the two known records first, as ``benchmarks.stopping`` reads it."""
        facts = {"screen": self.screen, "seed": self.seed, "ranker": self.reader, "page": self.page}
        return facts | {"labels": ("" if self.seed is None else "10") + self.labels}


@dataclass(frozen=True, slots=True)
class Task:
    """The readings of a screen from one start; ``seed`` is None for the title alone."""

    screen: str
    seed: int | None
    rankers: tuple[str, ...]
    pages: tuple[int, ...]
    asreview: str | None


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    options = _options()
    check_rankers(options.rankers)
    asreview = None if options.no_asreview else str(install_asreview(vectors.CACHE / f"asreview-{ASREVIEW}"))
    for screen in options.screens:
        _judged(screen)  # embeds it, if it has not been
    orders = read_all(options, asreview)
    if options.orders:
        write_atomically(options.orders, (json.dumps([order.to_json() for order in orders]) + "\n").encode())
    result = {
        "command": _command(options),
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": n_processors(),
        "versions": {"asreview": ASREVIEW, "scikit-learn": version("scikit-learn")},
        "seeds": options.seeds,
        "screens": {screen: figures(orders, [screen]) for screen in options.screens},
        "mean": figures(orders, options.screens),
    }
    text = json.dumps(result, indent=1) + "\n"
    write_atomically(options.json, text.encode()) if options.json else sys.stdout.write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="draws of the two known records")
    parser.add_argument("--screens", nargs="+", default=SCREENS, choices=SCREENS, metavar="SCREEN")
    parser.add_argument("--page", nargs="+", type=int, default=[10], help="records of a page; several are compared")
    parser.add_argument("--rankers", nargs="+", default=["rocchio-words", "elas", "anchored"], metavar="RANKER")
    parser.add_argument("--no-asreview", action="store_true", help="leave ASReview out, and the ratios to it")
    parser.add_argument("--processes", type=int, default=n_processors())
    parser.add_argument("--orders", type=Path, help="write every order of reading as JSON")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _command(options: argparse.Namespace) -> str:
    words = ["python -m benchmarks.screening", f"--seeds {options.seeds}", f"--screens {' '.join(options.screens)}"]
    words += [f"--page {' '.join(map(str, options.page))}", f"--rankers {' '.join(options.rankers)}"]
    return " ".join(words + ["--no-asreview"] * options.no_asreview)


def install_asreview(folder: Path) -> Path:
    """Install ASReview into an environment of its own, unless it is there; return its command."""
    installed = folder / ".installed"
    if not installed.exists():
        sys.stderr.write(f"installing ASReview {ASREVIEW} into {folder} once\n")
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"asreview=={ASREVIEW}"])
        installed.touch()
    return folder / "bin" / "asreview"


def _run(command: Sequence[str], folder: str | None = None) -> None:
    """Run a command without this project's packages; raises with what it wrote if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env={**environment, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")


def read_all(options: argparse.Namespace, asreview: str | None) -> list[Order]:
    """Return the orders of all readers, in the order of the screens and seeds."""
    rankers, pages = tuple(options.rankers), tuple(options.page)
    starts = [*range(options.seeds), None]
    tasks = [
        Task(screen, seed, rankers, pages, None if seed is None else asreview)
        for screen in options.screens
        for seed in starts
    ]
    orders: list[Order] = []
    with contextlib.ExitStack() as stack:
        read: Iterable[list[Order]] = map(read_task, tasks)
        if options.processes > 1:
            pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(options.processes))
            read = pool.imap(read_task, tasks)
        for number, of_task in enumerate(read, start=1):
            orders += of_task
            sys.stderr.write(f"{number} of {len(tasks)}: {of_task[0].screen}\n")
    return orders


def read_task(task: Task) -> list[Order]:
    """Return the orders of all readers of a screen from one start."""
    collection, judged = _judged(task.screen)
    known = Feedback() if task.seed is None else draw_known(judged, (task.seed,))
    if known is None:
        raise RuntimeError(f"{task.screen} has no relevant record, or no other one")
    orders = []
    if task.asreview:
        for page in sorted({1, *task.pages}):
            labels = asreview_labels(task.asreview, collection, judged, known, task.seed or 0, page)
            orders.append(Order(task.screen, task.seed, "asreview", page, _text(labels)))
    with one_blas_thread():
        for page in task.pages:
            for ranker in task.rankers:
                reading = read_to_the_end(collection, judged, ranker, page=page, known=known)
                orders.append(Order(task.screen, task.seed, ranker, page, _text(reading.labels)))
    return orders


@functools.lru_cache(maxsize=1)
def _judged(screen: str) -> tuple[Collection, Judged]:
    """Return a screen, and its records judged for its only query."""
    engine = SearchEngine(vectors.corpus(screen, str(DATASETS / "beir" / screen)))
    judgements = judgements_of(engine.corpus)
    collection = Collection(engine, judgements.unjudged)
    return collection, Judged(collection, judgements.queries[0])


def _text(labels: Iterable[bool]) -> str:
    return "".join("1" if label else "0" for label in labels)


def asreview_labels(
    command: str, collection: Collection, judged: Judged, known: Feedback, seed: int, page: int
) -> NDArray[np.bool_]:
    """Return whether each record is relevant in the order in which ASReview reads them, without the known ones."""
    with tempfile.TemporaryDirectory() as folder:  # ASReview leaves a cache where it runs
        write_screen(collection, judged, Path(folder) / "screen.csv")
        settings = ["--ai", _AI] if page == 1 else ["--config-file", str(_settings(command, page, Path(folder)))]
        rows = [str(row) for row in collection.marked_rows(known)]
        output = ["--seed", str(seed), "--output", "screen.asreview"]
        _run([command, "simulate", "screen.csv", *settings, "--prior-idx", *rows, *output], folder)
        results = _results(Path(folder) / "screen.asreview")
    relevant = judged.grades > 0
    if any(bool(label) != relevant[row] for row, label, _ in results):
        raise RuntimeError("ASReview has the records in another order than the corpus")
    read = [row for row, _, training in results if training is not None]
    if {row for row, _, training in results if training is None} != set(collection.marked_rows(known)):
        raise RuntimeError("ASReview began with other records than the drawn ones")
    rest = np.setdiff1d(np.arange(len(relevant)), [row for row, _, _ in results])
    labels: NDArray[np.bool_] = relevant[np.concatenate([read, rest]).astype(np.intp)]
    return labels


def write_screen(collection: Collection, judged: Judged, path: Path) -> None:
    """Write the records of a screen as ASReview reads them, in the order of the corpus."""
    corpus = collection.engine.corpus
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("title", "abstract", "included"))
        for row, document in enumerate(corpus.documents_at(range(corpus.n_documents))):
            writer.writerow((document.title or "", document.text, int(judged.grades[row] > 0)))


def _settings(command: str, page: int, folder: Path) -> Path:
    """Write ASReview's own settings of the default with so many records of a page."""
    path = folder / "settings.json"
    script = (
        "import json, sys; from dataclasses import asdict, replace; from asreview.models.models import get_ai_config\n"
        f"settings = replace(get_ai_config({_AI!r})['value'], n_query={page})\n"
        f"json.dump(asdict(settings), open({str(path)!r}, 'w'))"
    )
    _run([str(Path(command).parent / "python"), "-c", script], str(folder))
    return path


def _results(project: Path) -> list[tuple[int, int, int | None]]:
    """Return row, label and size of the training set (None for the known ones) of the records that ASReview read."""
    with zipfile.ZipFile(project) as archive:
        archive.extract("results.db", project.parent)
    database = sqlite3.connect(project.parent / "results.db")
    try:
        return database.execute("SELECT record_id, label, training_set FROM results ORDER BY rowid").fetchall()
    finally:
        database.close()


def figures(orders: Sequence[Order], screens: Sequence[str]) -> list[dict[str, Any]]:
    """Return the figures of every reader over some screens, which have the same weight."""
    values: dict[tuple[str, int, bool], dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for order in orders:
        if order.screen in screens:
            reader = order.reader, order.page, order.seed is not None
            values[reader][order.screen].append([order.reading.measures()[metric] for metric in METRICS])
    arrays = {reader: {name: np.array(v) for name, v in of.items()} for reader, of in values.items()}
    baseline = arrays.get(("asreview", 1, True))
    return [
        {"reader": reader, "page": page, "known": known, "metrics": _means(of, baseline if known else None)}
        for (reader, page, known), of in arrays.items()
    ]


def _means(
    values: Mapping[str, NDArray[np.float64]], baseline: Mapping[str, NDArray[np.float64]] | None
) -> dict[str, Any]:
    """Return every metric's mean and its ratio to the baseline's.

    Parameters
    ----------
    values, baseline
        ``(n_seeds, n_metrics)`` by screen.
    """
    means: dict[str, Any] = {}
    for position, metric in enumerate(METRICS):
        of_screens = {name: array[:, position] for name, array in values.items()}
        mean = float(np.mean([estimate(of_screen).mean for of_screen in of_screens.values()]))
        means[metric] = {"mean": round(mean, 4)}
        if baseline is None:
            continue
        gain = relative_gain(of_screens, {name: baseline[name][:, position] for name in of_screens})
        if gain is not None:
            bounds = {"low": gain.low, "high": gain.high}
            ratio = {name: None if bound is None else round(1 + bound, 4) for name, bound in bounds.items()}
            means[metric]["ratio"] = {"mean": round(1 + gain.mean, 4), **ratio}
    return means


if __name__ == "__main__":
    main()
