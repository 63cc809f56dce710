"""How a file is to be read, where its name and content do not say it, or not rightly."""

import codecs
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from exemplar.data.errors import ExemplarError

DELIMITERS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "colon": ":"}

_MOST_LINES = 10**9
_NO_ENCODINGS = ("idna", "punycode", "undefined")  # for other text than that of files
_FLAGS = ("no_header", "lines")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """A person's choices about the format of files; the defaults leave everything to name and content.

    Attributes
    ----------
    format
        The name of a format, such as ``ris``.
    delimiter
        The character between the cells of a delimited table, or its name.
    no_header
        The first row of a table is a row; columns are named ``column 1``, ``column 2``, ...
    skip_lines
        Lines of a delimited table, or rows of a sheet, before its header.
    encoding
        The encoding of text, by a name that Python has.
    table
        The sheet of a workbook, the table of a database, or the list of a JSON file that holds the rows.
    lines
        Each line of a text file is a document.
    """

    format: str | None = None
    delimiter: str | None = None
    no_header: bool = False
    skip_lines: int = 0
    encoding: str | None = None
    table: str | None = None
    lines: bool = False

    def checked(self) -> Self:
        """Return the options; raises ExemplarError for a value that no file can have."""
        if self.delimiter is not None and len(self.separator or "") != 1:
            names = ", ".join(DELIMITERS)
            raise ExemplarError(f"a delimiter is one character, or one of {names}; got '{self.delimiter[:20]}'")
        if self.separator in ('"', "\r", "\n", "\0"):
            raise ExemplarError("a quote, the end of a line or a zero can't be the delimiter")
        if not 0 <= self.skip_lines <= _MOST_LINES:
            raise ExemplarError(f"so many lines can't be skipped: {self.skip_lines}")
        if self.encoding is not None and not is_encoding(self.encoding):
            raise ExemplarError(f"there is no encoding '{self.encoding[:50]}'; examples are utf-8, cp1252 and cp1250")
        return self

    @property
    def separator(self) -> str | None:
        """The delimiter as a character."""
        if self.delimiter is None:
            return None
        return DELIMITERS.get(self.delimiter.lower(), "\t" if self.delimiter == "\\t" else self.delimiter)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all options."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def is_valid(cls, name: str, value: Any) -> bool:
        """Return whether a value from an untrusted file has the type of an option."""
        if name in _FLAGS:
            return isinstance(value, bool)
        if name == "skip_lines":
            return type(value) is int and 0 <= value <= _MOST_LINES
        return value is None or isinstance(value, str)


DEFAULTS = ReadOptions()


def is_encoding(name: str) -> bool:
    """Return whether Python decodes text in an encoding of a name."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # it takes no codec of other things than text
        return codecs.lookup(name).name not in _NO_ENCODINGS
    except (LookupError, ValueError):
        return False
