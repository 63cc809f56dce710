"""What the first lines of a delimited file show: its delimiter, lines before its table, blanks before quotes."""

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.options import DELIMITERS
from exemplar.data.files.usual_names import is_usual
from exemplar.data.tabular.names import cell_count, late_header, n_before, no_header

_FIRST_LINES = 100
_FIRST_CHARACTERS = 2**20
_MOSTLY = 0.8  # of the rows have as many cells as the first one
_FEW_NAMES = 1000
_BETTER = 0.15  # than the usual delimiter's score, so that another one is taken
_DELIMITERS = (",", ";", "\t", "|")
_NO_DELIMITER = "\x1f"  # no text has it
_LEAST_ROWS = 3  # that show a table, header included
_MORE_ROWS = 6  # where a single name is a usual one
_LONGEST_NAME = 40  # characters of a name in such a header
_SEP = re.compile(r'(?i)"?sep=(\\t|[^"\r\n])"?[,;\t|]*')
_NAMES = {character: f"{name}s" for name, character in DELIMITERS.items()}

# In a file without such blanks, a quote before a letter opens a cell or is doubled.
_BLANK_BEFORE_QUOTE = r'(?:^|{delimiter}) +"[^"{delimiter}\r\n]'


@dataclass(frozen=True, slots=True)
class Head:
    """What the first lines of a delimited file show.

    Attributes
    ----------
    skipped
        Number of lines before the table: those that the person skips, and a line ``sep=;``.
    rows
        The first rows, header included, without blank ones.
    has_blanks
        Whether blanks stand between delimiters and quotes, as in ``1, "a, b"``; not in TSV.
    note
        How the cells are parted, if the name of the file does not say so; else empty.
    hint
        What a person can do if this table is not the one in the file; else empty.
    """

    delimiter: str
    skipped: int
    rows: Sequence[Sequence[str]]
    has_blanks: bool = False
    note: str = ""
    hint: str = ""


def head_of(file: File, usual: str) -> Head:
    """Return what the first lines of a file show; the usual delimiter is that of its suffix.

    The delimiter is the chosen one, else that of a first line ``sep=;``, else the one that gives most rows as many
    cells as the header, and the header the plainest names. One that does not stand in the header parts no cells.

    Raises
    ------
    ExemplarError
        The file is empty, or has no line after those that are skipped.
    """
    sep, first = _sep_line(file)
    skipped = max(file.options.skip_lines, 1 if sep else 0)
    n_blank, lines = _first_lines(file, skipped)
    if not lines:
        raise ExemplarError(_nothing_after(file.options.skip_lines) if first else "it is empty")
    chosen = file.options.separator
    parses = _Parses(lines)
    found = chosen or sep or _found(parses, usual, has_header=not file.options.no_header)
    note = (
        f"cells are parted by {_NAMES.get(found, repr(found))}"
        if not chosen and found not in (usual, _NO_DELIMITER)
        else ""
    )
    hint = "" if file.options.no_header else _hint(parses, found, usual, skipped + n_blank)
    return Head(found, skipped, parses[found], _has_blanks(lines, found), note, hint)


def is_delimited(text: str, *, is_cut: bool = False) -> bool:
    """Return whether a text, or the beginning of one that is cut, is a table with a header.

    All rows have as many cells, and few of these begin with a blank, as the parts of a sentence do. Two names of
    columns are usual ones; in a table of five rows or more, one is enough.
    """
    first = text.lstrip().partition("\n")[0]
    for delimiter in _DELIMITERS:
        if delimiter in first and (n_usual := _n_usual(next(iter(_parsed([first], delimiter)), []))):
            lines = list(io.StringIO(text, newline=""))
            rows = _parsed(lines[:-1] if is_cut else lines, delimiter)
            rows = rows[:-1] if is_cut else rows
            is_even = len({*map(len, rows)}) == 1
            return (
                is_even
                and len(rows) >= (_LEAST_ROWS if n_usual > 1 else _MORE_ROWS)
                and _is_close(lines, rows, delimiter)
            )
    return False


def _is_close(lines: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Return whether no blanks stand behind delimiters, as they do in prose, in most rows; before quotes, they may."""
    n_before_quotes = sum(map(bool, map(_blank_before_quote(delimiter).search, lines)))
    n_blank = sum(any(cell[:1] == " " for cell in row[1:]) for row in rows)
    return 2 * n_blank <= len(rows) and (n_before_quotes == 0 or 2 * n_before_quotes >= len(rows))


def _n_usual(names: Sequence[str]) -> int:
    """Return the number of usual names in a header; 0 if it is none."""
    plain = {name.strip().casefold() for name in names}
    if len(names) < 2 or len(plain) < len(names) or "" in plain or max(map(len, plain)) > _LONGEST_NAME:
        return 0
    return sum(map(is_usual, names))


def without_line_break(line: str) -> str:
    """Return a line without its end."""
    return line.rstrip("\r\n")


def text_lines(opened: IO[bytes], file: File, skipped: int) -> Iterator[str]:
    """Yield the lines of an open file after the skipped ones, without problems."""
    lines = decoded_lines(opened, file.name, file.options.encoding)
    return itertools.islice((line for line in lines if isinstance(line, str)), skipped, None)


def _sep_line(file: File) -> tuple[str | None, bool]:
    """Return the delimiter of a first line ``sep=;``, and whether the file has a line."""
    with file.open() as opened:
        line = next(text_lines(opened, file, 0), None)
    found = _SEP.fullmatch(without_line_break(line)) if line is not None and len(line) < 20 else None
    return (found[1].replace("\\t", "\t") if found else None), line is not None


def _first_lines(file: File, skipped: int) -> tuple[int, list[str]]:
    """Return the number of blank lines, and the first lines after them; behind the last, a cell in quotes may go on."""
    lines: list[str] = []
    n_characters = n_blank = 0
    with file.open() as opened:
        for line in text_lines(opened, file, skipped):
            if not lines and not line.strip():
                n_blank += 1
                continue
            lines.append(line[:_FIRST_CHARACTERS])
            n_characters += len(line)
            if len(lines) >= _FIRST_LINES or n_characters > _FIRST_CHARACTERS:
                break
    return n_blank, lines


def _nothing_after(skip_lines: int) -> str:
    n_lines = f"{skip_lines:,} lines" if skip_lines != 1 else "1 line"
    return f"nothing is left after the {n_lines} to skip; skip fewer" if skip_lines else "it is empty"


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the rows that are not blank; of several, the last one is left out if it may be cut."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=delimiter, skipinitialspace=_has_blanks(lines, delimiter)))
    if len(rows) > 1 and len(lines) >= _FIRST_LINES and any("\n" in cell or "\r" in cell for cell in rows[-1]):
        rows.pop()
    return [row for row in rows if any(map(str.strip, row))]


class _Parses(dict[str, list[list[str]]]):
    """The rows of lines by every delimiter, parsed when they are looked at."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.lines = lines

    def __missing__(self, delimiter: str) -> list[list[str]]:
        self[delimiter] = _parsed(self.lines, delimiter)
        return self[delimiter]


def _found(parses: _Parses, usual: str, *, has_header: bool) -> str:
    score = _score if has_header else _score_without_header
    least = score(parses[usual], usual)
    if least == 1:
        return usual
    others = [each for each in _DELIMITERS if each != usual and (not has_header or _parts_header(parses, each, usual))]
    scores = {each: score(parses[each], each) for each in others}
    best = max(scores, key=lambda each: scores[each], default=usual)
    if scores.get(best, 0) > (least + _BETTER if least else 0):
        return best
    if least:
        return usual
    if not has_header:
        return _NO_DELIMITER
    if found := next((each for each in (usual, *_DELIMITERS) if _n_before(parses, each, usual, is_sure=True)), None):
        return found
    return _NO_DELIMITER if _is_one_column(parses, usual) else usual


def _parts_header(parses: _Parses, delimiter: str, usual: str) -> bool:
    """Return whether a delimiter parts the first row, and no name of it looks like several by the usual delimiter."""
    names, by_usual = (parses[each][0] if parses[each] else [] for each in (delimiter, usual))
    n_cells = cell_count(names)
    return n_cells > 1 and (n_cells >= cell_count(by_usual) or not _n_with_others(names, delimiter, [usual]))


def _n_with_others(names: Sequence[str], delimiter: str, others: Iterable[str] = _DELIMITERS) -> int:
    """Return how many names hold another delimiter without a blank behind it."""
    pattern = re.compile("|".join(rf"{re.escape(each)}(?! )" for each in others if each != delimiter))
    return sum(pattern.search(name) is not None for name in names[:_FEW_NAMES])


def _score(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """Return how well a delimiter parts rows, between 0 and 1; 0 if it does not part the first one.

    It is the share of rows with as many cells as the first, and less if a name holds another delimiter.
    """
    n_cells = cell_count(rows[0]) if rows else 0
    if n_cells < 2:
        return 0.0
    below = rows[1:]
    fits = sum(len(row) >= n_cells >= cell_count(row) for row in below) / len(below) if below else 1.0
    n_odd = _n_with_others(rows[0], delimiter)
    return fits * (1 - 0.5 * n_odd / n_cells) if fits >= 0.5 else 0.0


def _score_without_header(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """Return the share of rows with the most usual number of cells; 0 if less than half have it, or many have one."""
    counts = Counter(map(cell_count, rows))
    fits = max(counts.values(), default=0) / max(1, len(rows))
    return fits if fits >= 0.5 and counts[1] <= (1 - _MOSTLY) * len(rows) else 0.0


def _n_before(parses: _Parses, delimiter: str, usual: str, *, is_sure: bool) -> int:
    """Return how many rows stand before a header, each with fewer cells than it, as the rows below it have.

    Parameters
    ----------
    is_sure
        Whether the header must have a usual name.
    """
    # Lines are parsed by another delimiter only if they have to be.
    if any(is_usual(name) for each in (usual, delimiter) for row in parses[each][:1] for name in row):
        return 0
    rows = parses[delimiter]
    number = n_before(rows)
    if not number:
        return 0
    names = rows[number][: cell_count(rows[number])]
    return number if _names_columns(names, delimiter, is_sure=is_sure) else 0


def _names_columns(row: Sequence[str], delimiter: str, *, is_sure: bool) -> bool:
    """Return whether cells look like the names of columns, not like the parts of a sentence."""
    n_usual = sum(map(is_usual, row))
    if n_usual > 1:
        return True
    are_names = len({*row}) == len(row) and all(0 < len(cell.strip()) <= _LONGEST_NAME for cell in row)
    if not are_names or any(cell[:1] == " " for cell in row) or _n_with_others(row, delimiter):
        return False
    return n_usual > 0 or (len(row) > 2 and not is_sure)


def _is_one_column(parses: _Parses, usual: str) -> bool:
    """Return whether no delimiter stands in the header, and the usual one would part texts below it."""
    header = next((line for line in parses.lines if line.strip()), "")
    if any(each in header for each in _DELIMITERS):
        return False
    return any(cell_count(row) > 1 for row in parses[usual][1:])


def _hint(parses: _Parses, delimiter: str, usual: str, skipped: int) -> str:
    """Return what to do where the first row does not look like a header; empty where it does."""
    for each in dict.fromkeys(
        (delimiter, usual, *_DELIMITERS) if delimiter in (usual, _NO_DELIMITER) else (delimiter,)
    ):
        if number := _n_before(parses, each, usual, is_sure=False):
            return late_header(skipped + _line_number(parses.lines, each, number) + 1)
    rows = parses[delimiter]
    return no_header(rows[0]) if rows else ""


def _line_number(lines: Sequence[str], delimiter: str, n_rows: int) -> int:
    """Return the number of lines before the row that has so many rows that are not blank before it."""
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    for row in reader:
        if any(map(str.strip, row)):
            if n_rows == 0:
                break
            n_rows -= 1
        before = reader.line_num
    return before


def _has_blanks(lines: Sequence[str], delimiter: str) -> bool:
    return delimiter != "\t" and any(map(_blank_before_quote(delimiter).search, lines))


def _blank_before_quote(delimiter: str) -> re.Pattern[str]:
    return re.compile(_BLANK_BEFORE_QUOTE.replace("{delimiter}", re.escape(delimiter)))
