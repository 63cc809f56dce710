"""Bytes into lines of text: byte order marks are obeyed, UTF-8 is expected, other encodings are guessed and told."""

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from typing import IO, AnyStr

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError

_MARKS = {  # longest first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_MOST_LINE_BYTES = 2**27  # ten million characters, each written as an escape of JSON, and room to spare
_SAMPLE_LINES = 1000
_SAMPLE_BYTES = 2**16
_FEW = 20  # so few bytes beyond ASCII say nothing about their encoding

# In western text a symbol does not stand between two letters, or the encoding is another one.
_SYMBOL_AMID_LETTERS = re.compile(
    r"[^\W\d_][\x80-\x9f\xa1-\xa9\xab-\xb4\xb6\xb8\xb9\xbb-\xbf\xd7\xf7\u2020\u2021\u2030\u2039\u203a\u20ac]+[^\W\d_]"
)
# Hardly used, and often taken for others when there is little text.
_UNLIKELY = ["cp1252", "latin_1", "cp1006", "hp_roman8"]


def decoded_lines(file: IO[bytes], name: str) -> Iterator[str | Problem]:
    """Yield a file's lines with their ends, and one problem if they are not UTF-8.

    A line that is no UTF-8 is read in the encoding guessed from the first such lines; all others stay UTF-8, so
    that a bad byte in a million lines costs one of them.

    Raises
    ------
    ExemplarError
        The file is no text, or in no encoding that could be guessed.
    """
    mark = file.read(4)
    file.seek(0)
    encoding = next((encoding for start, encoding in _MARKS.items() if mark.startswith(start)), None)
    if encoding in ("utf-16", "utf-32"):
        yield from _wide_lines(file, encoding)
        return
    if encoding:
        file.read(len(codecs.BOM_UTF8))
    for line in _decoded(_bounded(file, _MOST_LINE_BYTES, "bytes"), name):
        if isinstance(line, str) and "\r" in line.removesuffix("\r\n"):
            yield from io.StringIO(line, newline="")  # lines that end as those of old Macs
        else:
            yield line


def _wide_lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    try:
        yield from _bounded(io.TextIOWrapper(file, encoding=encoding, newline=""), _MOST_LINE_BYTES // 4, "characters")
    except UnicodeError as error:
        raise ExemplarError(f"it begins as {encoding.upper()} and goes on as no text; save it as UTF-8") from error


def _bounded(file: IO[AnyStr], most: int, of_what: str) -> Iterator[AnyStr]:
    number = 0
    while line := file.readline(most):
        number += 1
        if len(line) == most:
            raise ExemplarError(f"line {number} is longer than {most:,} {of_what}")
        yield line


def _decoded(lines: Iterator[bytes], name: str) -> Iterator[str | Problem]:
    number = 1
    for line in lines:
        if (text := _utf8(line)) is None:
            break
        yield text
        number += 1
    else:
        return
    ahead = [line, *itertools.islice(_until_enough(lines), _SAMPLE_LINES)]
    encoding = _guess(b"".join(line for line in ahead if _utf8(line) is None)[:_SAMPLE_BYTES])
    yield Problem(f"line {number} of {name}", f"not UTF-8, read as {encoding}", left_out=False)
    for line in itertools.chain(ahead, lines):
        yield _utf8(line) or line.decode(encoding, errors="replace")


def _until_enough(lines: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    while size < _SAMPLE_BYTES and (line := next(lines, None)) is not None:
        size += len(line)
        yield line


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _guess(sample: bytes) -> str:
    if b"\0" not in sample:
        if _is_western(sample):
            return "cp1252"
        from charset_normalizer import from_bytes

        best = from_bytes(sample, cp_exclusion=_UNLIKELY).best()
        if best is not None:
            return best.encoding
    raise ExemplarError("it is no text, or in an encoding that can't be guessed; save it as UTF-8")


def _is_western(sample: bytes) -> bool:
    """Tell whether text is to be read as cp1252: because it looks like it, or is too little to look like anything."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    n_high = len(re.findall(rb"[\x80-\xff]", sample))
    n_ascii_letters = len(re.findall(rb"[A-Za-z]", sample))
    return n_high < _FEW or (n_high < 0.6 * n_ascii_letters and not _SYMBOL_AMID_LETTERS.search(text))
