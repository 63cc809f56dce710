"""Bring the rows of a table that does not fit into memory into another order."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_MOST_TOGETHER = 2**25  # bytes of rows that are sorted in memory
_MOST_PARTS = 200  # files that are open together


def reordered(batches: Iterable[Any], places: NDArray[np.int64], n_bytes: int) -> Iterator[Any]:
    """Yield the rows of record batches in another order, as tables.

    The rows are first spread over temporary files, each for a part of the places; every file is then sorted alone.

    Parameters
    ----------
    places
        ``(n_rows,)``: the place of every row in the new order, from 0 without a gap; -1 leaves a row out.
    n_bytes
        About the size of all rows.
    """
    n = int(places.max(initial=-1)) + 1
    n_parts = max(1, min(_MOST_PARTS, -(-n_bytes // _MOST_TOGETHER)))
    if n == 0:
        return
    if bool((np.diff(places[places >= 0]) > 0).all()):
        yield from _chosen(batches, places)
    elif n_parts == 1:
        yield _sorted(pa.Table.from_batches(_chosen_batches(batches, places)))
    else:
        with tempfile.TemporaryDirectory(prefix="exemplar-") as folder:
            paths = _spread(batches, places, -(-n // n_parts), Path(folder))
            for path in paths:
                with pa.memory_map(str(path)) as file:
                    yield _sorted(pa.ipc.open_stream(file).read_all())
                path.unlink()


def _chosen(batches: Iterable[Any], places: NDArray[np.int64]) -> Iterator[Any]:
    for batch in _chosen_batches(batches, places):
        yield pa.Table.from_batches([batch]).drop_columns(["place of the row"])


def _chosen_batches(batches: Iterable[Any], places: NDArray[np.int64]) -> Iterator[Any]:
    """Yield the rows that are not left out, with their places in a column."""
    first = 0
    for batch in batches:
        of_batch = places[first : first + len(batch)]
        first += len(batch)
        yield batch.append_column("place of the row", pa.array(of_batch)).filter(pa.array(of_batch >= 0))


def _spread(batches: Iterable[Any], places: NDArray[np.int64], size: int, folder: Path) -> list[Path]:
    """Write rows to a file for each ``size`` places; return the files in the order of their places."""
    writers: dict[int, Any] = {}
    with ExitStack() as opened:
        for batch in _chosen_batches(batches, places):
            parts = batch["place of the row"].to_numpy() // size
            for part in np.unique(parts).tolist():
                if part not in writers:
                    file = opened.enter_context(pa.OSFile(str(folder / f"{part}"), "wb"))
                    writers[part] = opened.enter_context(pa.ipc.new_stream(file, batch.schema))
                writers[part].write_batch(batch.filter(pa.array(parts == part)))
    return [folder / f"{part}" for part in sorted(writers)]


def _sorted(table: Any) -> Any:
    return table.take(np.argsort(table["place of the row"].to_numpy())).drop_columns(["place of the row"])
