"""The log of the program's own faults: a person reads one sentence, the log keeps the traceback."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from exemplar.data.home import home_folder

_MOST_BYTES = 1_000_000  # of the log, and of the older log that it replaced


def log_path() -> Path:
    """Return the path of the log; the file may not exist."""
    return home_folder() / "errors.log"


def log_traceback(error: BaseException) -> Path:
    """Append an error with its traceback to the log, and return the log's path.

    Raises
    ------
    OSError
        The log can't be written.
    """
    path = log_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=1, encoding="utf-8", errors="replace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    record = logging.LogRecord(__name__, logging.ERROR, "", 0, name, None, (type(error), error, error.__traceback__))
    try:
        handler.handle(record)
    finally:
        handler.close()
    return path


def describe_fault(error: BaseException) -> str:
    """Log an error that is the program's own fault, and return a sentence for the person."""
    what = f"a fault of Exemplar itself stopped this ({type(error).__name__})"
    try:
        return f"{what}; its traceback is in {log_traceback(error)}"
    except OSError as failure:
        return f"{what}, and its traceback could not be written: {failure}"
