"""When each document of a corpus came into it, which a build keeps beside the documents and carries on to the next.

``<build>/arrivals.npy`` holds a number for every document: seconds since 1970 in UTC.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exemplar.data.errors import ExemplarError
from exemplar.data.home import content_of, write_atomically

ARRIVALS = "arrivals.npy"
UNKNOWN = 0  # of a document that an earlier version began to build

_MOST_HEADER = 4096  # bytes
_LAST = 253_402_300_799  # the end of the year 9999


def now() -> int:
    """Return the present time in seconds."""
    return int(datetime.now(UTC).timestamp())


def seconds_of(at: str) -> int:
    """Return an ISO 8601 time or date in seconds; in UTC unless it names a zone.

    Raises
    ------
    ExemplarError
        It is no time.
    """
    try:
        time = datetime.fromisoformat(at)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ExemplarError(
            f"{at!r:.60} is no time since which documents are new; give a date such as 2026-11-12, or also a time of "
            "day: 2026-11-12T09:30"
        ) from error


def in_words(seconds: int) -> str:
    """Return a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def write_arrivals(path: Path, seconds: Sequence[int]) -> None:
    """Write the times at which documents came, by row."""
    content = io.BytesIO()
    np.save(content, np.asarray(seconds, np.int64))
    write_atomically(path, content.getvalue())


def arrivals_in(folder: Path, n_documents: int, created: str = "") -> NDArray[np.int64]:
    """Return ``(n_documents,) int64``: when each document of a build came.

    Parameters
    ----------
    folder
        Of the build.
    created
        When all of them came if the folder has no such file that can be read, as in a corpus of an earlier version;
        they came at ``UNKNOWN`` if this is no time either.
    """
    try:
        content = content_of(folder / ARRIVALS, 8 * n_documents + _MOST_HEADER)
        seconds: NDArray[np.int64] = np.load(io.BytesIO(content), allow_pickle=False)
        if seconds.shape == (n_documents,) and seconds.dtype == np.dtype(np.int64):
            seconds.flags.writeable = False
            return seconds
    except (OSError, EOFError, ValueError):  # none, or damaged
        pass
    try:
        return np.full(n_documents, seconds_of(created), np.int64)
    except ExemplarError:
        return np.full(n_documents, UNKNOWN, np.int64)


def arrival_counts(seconds: NDArray[np.int64]) -> dict[str, int]:
    """Return how many documents came then or later, by time, the latest first; the last is all of them."""
    times, counts = np.unique(seconds, return_counts=True)
    pairs = zip(times[::-1].tolist(), np.cumsum(counts[::-1]).tolist(), strict=True)
    return {in_words(time): n for time, n in pairs if UNKNOWN < time <= _LAST}
