"""Write an export to a file of a format, atomically."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exemplar.data.errors import ExemplarError
from exemplar.data.home import write_atomically
from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats import bibtex, ris
from exemplar.retrieval.exports.formats.bibtex import write_bibtex
from exemplar.retrieval.exports.formats.csv_file import write_csv
from exemplar.retrieval.exports.formats.dataset_folder import write_dataset, write_dataset_zip
from exemplar.retrieval.exports.formats.json_lines import write_json_lines
from exemplar.retrieval.exports.formats.parquet_file import write_parquet
from exemplar.retrieval.exports.formats.ris import write_ris
from exemplar.retrieval.exports.formats.xlsx_file import write_xlsx

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
    "xlsx": Format(
        "Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx, True
    ),
    "parquet": Format("Parquet", ".parquet", "application/vnd.apache.parquet", write_parquet, True),
    "jsonl": Format("JSON Lines", ".jsonl", "application/jsonl", write_json_lines),
    "ris": Format("RIS", ".ris", "application/x-research-info-systems", write_ris),
    "bibtex": Format("BibTeX", ".bib", "application/x-bibtex", write_bibtex),
    "dataset": Format("datasets folder", "", "application/zip", write_dataset, True),
    "dataset-zip": Format("datasets folder, zipped", ".zip", "application/zip", write_dataset_zip, True),
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
    if path.is_dir() and (known.suffix or any(path.iterdir())):
        raise ExemplarError(f"{path} is a folder; name a file, or for a datasets folder one that is new or empty")
    if path.is_file() and not known.suffix:
        raise ExemplarError(f"{path} is a file; name a folder that is new or empty")
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        known.write(export, _counted(export, on_progress), temporary, delimiter)
        if path.is_dir():
            path.rmdir()  # an empty one
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise
    if not known.has_about:
        write_atomically(about_path(path), about_json(export))


def unwritten_columns(export: Export, format: str) -> tuple[str, ...]:
    """Return the columns of the source for which a format of references has no place."""
    if format == "ris":
        return ris.unwritten_columns(export)
    return bibtex.unwritten_columns(export) if format == "bibtex" else ()


def about_path(path: Path) -> Path:
    """Return the path of the file that says what an export is."""
    return path.with_name(f"{path.name}.about.json")


def about_json(export: Export) -> bytes:
    """Return what an export is, as JSON."""
    return (json.dumps(export.about, ensure_ascii=False, indent=2) + "\n").encode(errors="backslashreplace")


def format_of_name(path: Path) -> str:
    """Return the format of a file by its suffix; raises ExemplarError if no format has it."""
    named = {known.suffix: name for name, known in FORMATS.items() if known.suffix}
    if path.suffix.lower() not in named:
        raise ExemplarError(
            f"the name '{path.name}' says no format; end it in one of {', '.join(named)}, or choose the format: "
            f"{', '.join(FORMATS)}"
        )
    return named[path.suffix.lower()]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
