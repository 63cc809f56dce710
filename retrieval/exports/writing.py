"""Write an export to a file of a format, atomically."""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exemplar.data.errors import ExemplarError
from exemplar.data.home import write_atomically
from exemplar.retrieval.exports.csv_file import write_csv
from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.json_lines import write_json_lines

OnProgress = Callable[[int, int], None]
Write = Callable[[Export, Iterator[Row], Path, str], None]  # the last one is the delimiter

_REPORTED = 1000  # rows between two reports of progress


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes
    ----------
    has_about
        Whether the file says itself what it is; else a file beside it does.
    """

    title: str
    suffix: str
    mime: str
    write: Write
    has_about: bool = False


FORMATS: Mapping[str, Format] = {
    "csv": Format("CSV", ".csv", "text/csv", write_csv),
    "jsonl": Format(
        "JSON Lines", ".jsonl", "application/jsonl", lambda e, rows, path, _: write_json_lines(e, rows, path)
    ),
}


def write_export(
    export: Export,
    path: Path,
    format: str,
    *,
    delimiter: str = ",",
    on_progress: OnProgress | None = None,
) -> None:
    """Write an export to a file, so that a reader meets the old file or the new one, never a part.

    What a format can't hold says what it is in a file beside it, ``FILE.about.json``.

    Parameters
    ----------
    delimiter
        Between the cells of a CSV file.
    on_progress
        Takes the number of rows that are written and the number of all.

    Raises
    ------
    ExemplarError
        The format is unknown, or can't hold a row; nothing is written then.
    """
    known = _format(format)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        known.write(export, _counted(export, on_progress), temporary, delimiter)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if not known.has_about:
        write_atomically(about_path(path), about_json(export))


def about_path(path: Path) -> Path:
    """Return the path of the file that says what an export is."""
    return path.with_name(f"{path.name}.about.json")


def about_json(export: Export) -> bytes:
    """Return what an export is, as JSON."""
    return (json.dumps(export.about, ensure_ascii=False, indent=2) + "\n").encode(errors="backslashreplace")


def format_of_name(path: Path) -> str:
    """Return the format that a file's name stands for; raises ExemplarError for any other name."""
    for name, known in FORMATS.items():
        if path.name.lower().endswith(known.suffix):
            return name
    suffixes = ", ".join(known.suffix for known in FORMATS.values())
    raise ExemplarError(f"the name '{path.name}' says no format; end it in one of {suffixes}")


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise ExemplarError(f"there is no format '{name}'; the formats are {', '.join(FORMATS)}")
    return FORMATS[name]


def _counted(export: Export, on_progress: OnProgress | None) -> Iterator[Row]:
    """Yield the rows of an export, and report how many there were."""
    report = on_progress or (lambda done, total: None)
    for done, row in enumerate(export.rows()):
        if done % _REPORTED == 0:
            report(done, export.n_rows)
        yield row
    report(export.n_rows, export.n_rows)
