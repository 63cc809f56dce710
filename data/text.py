"""Words for messages: errors in one line, sizes and durations for people, and text that is Unicode."""

import re
from typing import Any, overload

LONE_SURROGATE = "half a surrogate pair, replaced"

_LONGEST = 300  # characters of an error's message
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def one_line(error: BaseException) -> str:
    """Return in one line what an error says."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__


def root_cause(error: BaseException) -> str:
    """Return in one line what an error of another library says, or its cause where it has one."""
    return " ".join(str(error.__cause__ or error).split())[:_LONGEST] or type(error).__name__


@overload
def replace_lone_surrogates(value: str) -> str: ...


@overload
def replace_lone_surrogates(value: Any) -> Any: ...


def replace_lone_surrogates(value: Any) -> Any:
    """Return a value of JSON with each lone surrogate, which is not Unicode text, replaced by U+FFFD."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [replace_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {replace_lone_surrogates(key): replace_lone_surrogates(item) for key, item in value.items()}
    return value


def has_lone_surrogate(text: str) -> bool:
    """Return whether a text holds half a surrogate pair, as Python keeps bytes that are not UTF-8."""
    return _LONE_SURROGATE.search(text) is not None


def size_in_words(n_bytes: int) -> str:
    """Return a size for people: ``840 bytes``, ``12 kB``, ``3.4 MB``."""
    size, unit = float(n_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit and size < 9.95 else f"{size:.0f} {_UNITS[unit]}"


def duration_in_words(seconds: float) -> str:
    """Return a duration for people: ``45 s``, ``4 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
