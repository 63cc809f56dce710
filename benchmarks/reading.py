"""Read files of many formats: how fast, against plain libraries and another checkout, and with how much memory.

``python -m benchmarks.reading --json FILE``; benchmarks/tables.py makes the tables of docs/reading.md from the file.
``--against FOLDER`` names a checkout of another version, whose times for
CSV and JSON Lines are measured in turns with this one's. Every reading runs in a process of its own, on one core.
"""

import argparse
import json
import operator
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from exemplar.data.encoders.hardware import n_processors
from exemplar.data.home import write_atomically

ROOT = Path(__file__).resolve().parents[1]

_MEGABYTES = (32, 128)  # of the files whose reading shows how memory grows
_N_ROWS = 20_000  # of the files that are read for their time
_SEED = 7
_WORDS_A_TEXT = 230  # as the reviews of IMDB have on the mean

_OURS = """
import json, resource, sys, time
from exemplar.data.documents import Document
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
started = time.perf_counter()
n = sum(isinstance(item, Document) for item in read_source(SourceSpec(sys.argv[1])).read())
seconds = time.perf_counter() - started
print(json.dumps([n, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
_PLAIN = {
    "csv": "import csv\nrows = list(csv.DictReader(open(sys.argv[1], encoding='utf-8', newline='')))",
    "jsonl": "rows = [json.loads(line) for line in open(sys.argv[1], encoding='utf-8')]",
    "ris": "import rispy\nrows = rispy.load(open(sys.argv[1], encoding='utf-8'))",
}
_TIMED = """
import json, sys, time
started = time.perf_counter()
{}
print(json.dumps([len(rows), time.perf_counter() - started, 0]))
"""


class _Texts:
    """Texts of random words, the same at every run."""

    def __init__(self) -> None:
        self._random = random.Random(_SEED)  # noqa: S311
        letters = "etaoinshrdlucmfwypvbgkqjxz"
        self._words = ["".join(self._random.choices(letters, range(26, 0, -1), k=2 + n % 9)) for n in range(5_000)]

    def text(self, n_words: int = _WORDS_A_TEXT) -> str:
        """Return a text of so many words, with a comma or a full stop after some."""
        words = self._random.choices(self._words, k=n_words)
        return " ".join(f"{word}{',.'[n % 2] if n % 11 == 0 else ''}" for n, word in enumerate(words, start=1))


def _csv_row(number: int, texts: _Texts) -> str:
    return f'{number},"{texts.text()}",{number % 2}\r\n'


def _json_row(number: int, texts: _Texts) -> str:
    return json.dumps({"id": str(number), "text": texts.text(), "label": number % 2})


def _ris_record(number: int, texts: _Texts) -> str:
    authors = "".join(f"AU  - {texts.text(1).title()}, {n}.\r\n" for n in "ABCD")
    keywords = "".join(f"KW  - {texts.text(2)}\r\n" for _ in range(4))
    return (
        f"TY  - JOUR\r\nAN  - {number}\r\nTI  - {texts.text(12)}\r\n{authors}PY  - {1990 + number % 30}\r\n"
        f"JO  - {texts.text(3)}\r\nDO  - 10.1000/{number}\r\n{keywords}AB  - {texts.text()}\r\nER  - \r\n\r\n"
    )


def _post(number: int, texts: _Texts) -> str:
    body = quoteattr(f"<p>{texts.text()}</p>")
    return f'  <row Id="{number}" PostTypeId="1" Title={quoteattr(texts.text(9))} Body={body} Tags="&lt;a&gt;" />\n'


def _mail(number: int, texts: _Texts) -> str:
    return (
        f"From a@example.org Thu Jan  1 00:00:00 2026\nMessage-ID: <{number}@example.org>\nFrom: a@example.org\n"
        f"To: b@example.org\nSubject: {texts.text(5)}\nDate: Thu, 01 Jan 2026 00:00:00 +0000\n\n{texts.text()}\n\n"
    )


# Of each format: the suffix, what stands before and behind the rows, and a row.
_FORMATS: dict[str, tuple[str, str, str, Callable[[int, _Texts], str]]] = {
    "csv": (".csv", "id,text,label\r\n", "", _csv_row),
    "jsonl": (".jsonl", "", "", lambda number, texts: f"{_json_row(number, texts)}\n"),
    "json": (".json", "[", "]\n", _json_row),
    "ris": (".ris", "", "", _ris_record),
    "stackexchange": (".xml", '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n', "</posts>\n", _post),
    "mbox": (".mbox", "", "", _mail),
}


def write(path: Path, name: str, *, n_rows: int | None = None, megabytes: int | None = None) -> int:
    """Write a file of a format with so many rows, or with so many megabytes; return the number of rows."""
    _, before, behind, row = _FORMATS[name]
    texts = _Texts()
    number = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        size = file.write(before)
        while number < n_rows if n_rows else size < (megabytes or 0) * 2**20:
            separator = ",\n" if name == "json" and number else ""
            size += file.write(separator + row(number, texts))
            number += 1
        file.write(behind)
    return number


def _read(code: str, path: Path, checkout: Path = ROOT) -> tuple[int, float, float]:
    """Return the number of rows, the seconds and the peak megabytes of a reading in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src"), "HF_HUB_OFFLINE": "1"}
    one_core = ["taskset", "-c", "0"] if Path("/usr/bin/taskset").exists() else []
    command = [*one_core, sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    n_rows, seconds, megabytes = json.loads(done.stdout)
    return int(n_rows), float(seconds), float(megabytes)


def _speed(name: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    path = folder / f"rows{_FORMATS[name][0]}"
    n_rows = write(path, name, n_rows=options.rows)
    ways = {"ours": (_OURS, ROOT), "plain": (_TIMED.format(_PLAIN[name]), ROOT)}
    if options.against is not None and name != "ris":
        ways["before"] = (_OURS, options.against)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(options.runs):
        for way, (code, checkout) in ways.items():
            n_read, taken, _ = _read(code, path, checkout)
            if n_read != n_rows:
                raise RuntimeError(f"{way} read {n_read} of {n_rows} rows of {name}")
            seconds[way].append(taken)
    path.unlink()
    ours = seconds.pop("ours")
    ratios = {
        f"times_{way}": round(statistics.median(map(operator.truediv, ours, taken)), 3)
        for way, taken in seconds.items()
    }
    return {"rows": n_rows, "rows_a_second": round(n_rows / statistics.median(ours)), **ratios}


def _median_ratio(ours: list[float], others: list[float]) -> float:
    return round(statistics.median(map(operator.truediv, ours, others)), 3)


def _memory(name: str, folder: Path, small: int, large: int) -> dict[str, Any]:
    peaks = {}
    for megabytes in (small, large):
        path = folder / f"large{_FORMATS[name][0]}"
        n_rows = write(path, name, megabytes=megabytes)
        n_read, _, peaks[megabytes] = _read(_OURS, path)
        path.unlink()
        if n_read != n_rows:
            raise RuntimeError(f"{n_read} of {n_rows} rows of {name} were read")
    return {
        "peak_mb": {f"{size} MB": round(peak, 1) for size, peak in peaks.items()},
        "more_mb": round(peaks[large] - peaks[small], 1),
    }


def main() -> None:
    """Measure, and write JSON to a file or to the output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--against", type=Path, help="a checkout of another version")
    parser.add_argument("--rows", type=int, default=_N_ROWS, help="of the files that are read for their time")
    parser.add_argument("--megabytes", type=int, nargs=2, default=_MEGABYTES, help="of those read for their memory")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        result = {
            "command": f"python -m benchmarks.reading --runs {options.runs} --rows {options.rows}",
            "date": datetime.now(UTC).date().isoformat(),
            "cpus": n_processors(),
            "versions": {name: version(name) for name in ("rispy", "inscriptis")},
            "speed": {name: _speed(name, folder, options) for name in _PLAIN},
            "memory": {name: _memory(name, folder, *options.megabytes) for name in _FORMATS},
        }
    text = json.dumps(result, indent=1) + "\n"
    write_atomically(options.json, text.encode()) if options.json else sys.stdout.write(text)


if __name__ == "__main__":
    main()
