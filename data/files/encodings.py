"""Bytes into lines of text: by the byte order mark, else as UTF-8, else in a guessed encoding."""

import codecs
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import IO, AnyStr

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.detection import guess

_MARKS = {  # longest first: the mark of UTF-32 begins with the mark of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
_LITTLE_ENDIAN = re.compile(rb"(?:[\t\r\n -~]\0){2}")  # UTF-16 without a mark, which begins with two letters of ASCII
_BIG_ENDIAN = re.compile(rb"(?:\0[\t\r\n -~]){2}")
_MOST_LINE_BYTES = 2**27  # ten million characters as escapes of JSON, 12 bytes per character, fit
_BLOCK = 2**16
_NOT_THROUGHOUT = "it is not {} throughout; save it as UTF-8, or name its encoding"
_SAMPLE_LINES = 1000
_SAMPLE_BYTES = 2**16
UNSURE = "if letters look wrong, choose another encoding"


def decoded_lines(file: IO[bytes], name: str, encoding: str | None = None) -> Iterator[str | Problem]:
    """Yield the lines of a file with their ends, and one problem if some lines are not UTF-8.

    A given encoding holds for all lines. Without one, lines that are not UTF-8 are decoded in an encoding that is
    guessed from the first of them; all others stay UTF-8, so that one bad byte in a million lines damages one line.

    Raises
    ------
    ExemplarError
        The file is not text, its encoding can't be guessed, or a line is too long.
    """
    if wide := encoding or _behind_mark(file):
        yield from _wide_lines(file, wide)
        return
    for line in _decoded(_bounded(file, _MOST_LINE_BYTES, "bytes"), name):
        if isinstance(line, str) and "\r" in line.removesuffix("\r\n"):
            yield from io.StringIO(line, newline="")  # old Macs end lines with CR alone
        else:
            yield line


def numbered_lines(lines: Iterable[str | Problem]) -> Iterator[tuple[int, str] | Problem]:
    """Yield decoded lines with their numbers, counted from 1, and the problems among them."""
    number = 0
    for line in lines:
        if isinstance(line, Problem):
            yield line
        else:
            number += 1
            yield number, line


def decoded_blocks(file: IO[bytes], name: str, encoding: str | None = None) -> Iterator[str | Problem]:
    """Yield the text of a file in blocks of some ten thousand characters, decoded as ``decoded_lines`` does.

    Lines may have any length.

    Raises
    ------
    ExemplarError
        The file is not text, or its encoding can't be guessed.
    """
    if encoding := encoding or _behind_mark(file):
        yield from _wide_blocks(file, encoding)
        return
    number, blocks = 1, _blocks(file)
    for block in blocks:
        if (text := _utf8(block)) is None:
            lines = (line for each in itertools.chain([block], blocks) for line in each.splitlines(keepends=True))
            yield from _decoded(lines, name, number)
            return
        yield text
        number += text.count("\n")


def decoded_text(content: bytes, name: str, encoding: str | None = None) -> tuple[list[Problem], str]:
    """Return the problems of a file, as ``decoded_lines`` yields them, and all its text."""
    lines = list(decoded_lines(io.BytesIO(content), name, encoding))
    return [line for line in lines if isinstance(line, Problem)], "".join(
        line for line in lines if isinstance(line, str)
    )


def text_of(head: bytes) -> str:
    """Return the beginning of a file as text, in which letters beyond ASCII may be others than they should be."""
    return head.decode(wide_encoding(head) or "utf-8", errors="replace")


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding that a file begins to show: by its mark, or by zeros between the letters of UTF-16."""
    if marked := next((encoding for start, encoding in _MARKS.items() if head.startswith(start)), None):
        return marked
    if _LITTLE_ENDIAN.match(head):
        return "utf-16-le"
    return "utf-16-be" if _BIG_ENDIAN.match(head) else None


def _behind_mark(file: IO[bytes]) -> str | None:
    """Return the encoding that a byte order mark names, None for UTF-8 and no mark; seek behind the mark of UTF-8."""
    encoding = wide_encoding(file.read(4))
    file.seek(0)
    if encoding == "utf-8-sig":
        file.read(len(codecs.BOM_UTF8))
        return None
    return encoding


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks that end with a line, or within a long one with a character of UTF-8."""
    rest = b""
    while block := file.read1(_BLOCK):  # type: ignore[attr-defined]  # what is there before an error is not lost
        block = rest + block
        end = block.rfind(b"\n") + 1 or _end_of_characters(block)
        rest = block[end:]
        if end:
            yield block[:end]
    if rest:
        yield rest


def _end_of_characters(block: bytes) -> int:
    """Return where the last complete character of UTF-8 ends."""
    for n_behind, byte in enumerate(reversed(block[-3:])):
        if byte >= 0xC0:  # the first byte of a character of two to four bytes
            n_bytes = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(block) - n_behind - 1 if n_behind + 1 < n_bytes else len(block)
        if byte < 0x80:
            break
    return len(block)


def _wide_blocks(file: IO[bytes], encoding: str) -> Iterator[str]:
    decoded = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        begin = decoded.read(_BLOCK).removeprefix("\ufeff")
        while block := begin or decoded.read(_BLOCK):
            begin = ""
            yield block
    except UnicodeError as error:
        raise ExemplarError(_NOT_THROUGHOUT.format(encoding.upper()), hint="encoding") from error


def _wide_lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    number = 0
    try:
        wrapped = io.TextIOWrapper(file, encoding=encoding, newline="")
        for number, line in enumerate(_bounded(wrapped, _MOST_LINE_BYTES // 4, "characters"), start=1):
            yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeError as error:
        raise ExemplarError(_NOT_THROUGHOUT.format(encoding.upper()), hint="encoding") from error


def _bounded(file: IO[AnyStr], max_length: int, unit: str) -> Iterator[AnyStr]:
    number = 0
    while line := file.readline(max_length):
        number += 1
        if len(line) == max_length:
            raise ExemplarError(f"line {number} is longer than {max_length:,} {unit}")
        yield line


def _decoded(lines: Iterator[bytes], name: str, number: int = 1) -> Iterator[str | Problem]:
    for line in lines:
        if (text := _utf8(line)) is None:
            break
        yield text
        number += 1
    else:
        return
    ahead = [line, *itertools.islice(_sample(lines), _SAMPLE_LINES)]
    found = guess(b"".join(line for line in ahead if _utf8(line) is None)[:_SAMPLE_BYTES])
    if found is None:
        raise ExemplarError("it is not text, or its encoding can't be guessed; save it as UTF-8")
    reason = f"not UTF-8, read as {found.encoding}"
    yield Problem(f"line {number} of {name}", reason if found.is_sure else f"{reason}; {UNSURE}", left_out=False)
    for line in itertools.chain(ahead, lines):
        yield _utf8(line) or line.decode(found.encoding, errors="replace")


def _sample(lines: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    while size < _SAMPLE_BYTES and (line := next(lines, None)) is not None:
        size += len(line)
        yield line


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None
