"""Words for messages: errors in one line, sizes and durations; and the repair of lone surrogates."""

import itertools
import re
from collections.abc import Collection
from typing import Any, overload

LONE_SURROGATE = "half a surrogate pair, replaced"

_LONGEST_NAME = 100  # characters
_LONGEST = 300  # characters of an error's message
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__


def listed(names: Collection[str], most: int = 20) -> str:
    """Return names for a message, each in one line, with long names and long lists cut."""
    folded = (" ".join(name.split()) for name in itertools.islice(names, most))
    shown = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..." for name in folded]
    return ", ".join([*shown, f"and {len(names) - most:,} more"] if len(names) > most else shown)


def root_cause(error: BaseException) -> str:
    """Return the message of the cause of a library's error, or of the error itself, in one line."""
    return " ".join(str(error.__cause__ or error).split())[:_LONGEST] or type(error).__name__


@overload
def replace_lone_surrogates(value: str) -> str: ...


@overload
def replace_lone_surrogates(value: Any) -> Any: ...


def replace_lone_surrogates(value: Any) -> Any:
    """Return a value of JSON with U+FFFD in place of every lone surrogate, which is not Unicode text."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [replace_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {replace_lone_surrogates(key): replace_lone_surrogates(item) for key, item in value.items()}
    return value


def has_lone_surrogate(text: str) -> bool:
    """Return whether a text holds half a surrogate pair; Python decodes bytes that are not UTF-8 to them."""
    return _LONE_SURROGATE.search(text) is not None


def size_in_words(n_bytes: int) -> str:
    """Return a size for people, such as ``840 bytes``, ``12 kB`` or ``3.4 MB``."""
    size, unit = float(n_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit and size < 9.95 else f"{size:.0f} {_UNITS[unit]}"


def duration_in_words(seconds: float) -> str:
    """Return a duration for people, such as ``45 s``, ``4 min`` or ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
