"""Exports as a folder that ``datasets.load_from_disk`` reads, or a zip with such a folder."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from exemplar.retrieval.exports.export import Export, Row
from exemplar.retrieval.exports.formats.arrow_batches import arrow_batches, arrow_schema

ABOUT = "about.json"  # in the folder


def write_dataset(export: Export, rows: Iterator[Row], path: Path, _: str) -> None:
    """Write rows as a folder of ``datasets``; what the export is stands in ``about.json`` in it."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    schema = arrow_schema(export).remove_metadata()
    path.mkdir()
    stream = path / "rows.arrow"
    with pa.OSFile(str(stream), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for batch in arrow_batches(rows, schema):
            writer.write_batch(batch)
    dataset = Dataset.from_file(str(stream))
    dataset.save_to_disk(str(path / "dataset"))
    del dataset
    stream.unlink()
    for written in (path / "dataset").iterdir():
        written.rename(path / written.name)
    (path / "dataset").rmdir()
    about = json.dumps(export.about, ensure_ascii=False, indent=2) + "\n"
    (path / ABOUT).write_bytes(about.encode(errors="backslashreplace"))


def write_dataset_zip(export: Export, rows: Iterator[Row], path: Path, delimiter: str) -> None:
    """Write rows as a zip with a folder of ``datasets``."""
    folder = path.with_name(f"{path.name}.folder")
    try:
        write_dataset(export, rows, folder, delimiter)
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(folder.iterdir()):
                packed.write(file, file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
