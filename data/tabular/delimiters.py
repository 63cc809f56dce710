"""What the first lines of a delimited file show: its delimiter, lines before its table, blanks before quotes."""

import contextlib
import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.options import DELIMITERS
from exemplar.data.tabular.names import cell_count, header_hint, n_before

_FIRST_LINES = 100
_FIRST_CHARACTERS = 2**20
_MOSTLY = 0.8  # of the rows have as many cells as the first one
_FEW_NAMES = 1000
_BETTER = 0.15  # than the usual delimiter's score, so that another one is taken
_DELIMITERS = (",", ";", "\t", "|")
_NO_DELIMITER = "\x1f"  # no text has it
_FEW_ROWS, _LEAST_ROWS = 6, 3  # that show a table, header included
_LONGEST_NAME = 40  # characters of a name in such a header
_USUAL_NAMES = frozenset({"id", "doc_id", "text", "title", "abstract", "label", "content", "body", "description"})
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
    cells as the header, and the header the plainest names.

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

    def line_of(row: int) -> int:
        return skipped + n_blank + _line_number(lines, found, row) + 1

    hint = "" if file.options.no_header else header_hint(parses[found], line_of)
    return Head(found, skipped, parses[found], _has_blanks(lines, found), note, hint)


def is_delimited(text: str) -> bool:
    """Return whether the beginning of a text shows a table with a header: a usual name, and rows of as many cells."""
    lines = text.splitlines(keepends=True)[: None if text.endswith(("\n", "\r")) else -1][:_FIRST_LINES]
    for delimiter in _DELIMITERS:
        rows = _parsed(lines, delimiter)[:_FEW_ROWS]
        if len(rows) < _LEAST_ROWS or len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
            continue
        names = [name.strip().casefold() for name in rows[0]]
        if len({*names}) == len(names) and "" not in names and not _USUAL_NAMES.isdisjoint(names):
            return max(map(len, names)) <= _LONGEST_NAME
    return False


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
    if score(parses[usual], usual) == 1:
        return usual
    scores = {each: score(parses[each], each) for each in dict.fromkeys((usual, *_DELIMITERS))}
    best = max(scores, key=lambda each: scores[each])
    if scores[usual] > 0 and scores[best] <= scores[usual] + _BETTER:
        return usual
    if scores[best] > 0:
        return best
    if not has_header or parses.lines[0].strip().strip('"').casefold() in _USUAL_NAMES:
        return _NO_DELIMITER if _is_one_column(parses, usual) or not has_header else usual
    before = {each: n_before(parses[each]) for each in scores}
    if found := next((each for each, n in before.items() if n), None):
        return found
    return _NO_DELIMITER if _is_one_column(parses, usual) else usual


def _score(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """Return how well a delimiter parts rows, between 0 and 1; 0 if it does not part the first one.

    It is the share of rows with as many cells as the first, and less if a name holds another delimiter.
    """
    n_cells = cell_count(rows[0]) if rows else 0
    if n_cells < 2:
        return 0.0
    below = rows[1:]
    fits = sum(len(row) >= n_cells >= cell_count(row) for row in below) / len(below) if below else 1.0
    others = [each for each in _DELIMITERS if each != delimiter]
    n_odd = sum(any(re.search(rf"{re.escape(each)}(?! )", name) for each in others) for name in rows[0][:_FEW_NAMES])
    return fits * (1 - 0.5 * n_odd / n_cells) if fits >= 0.5 else 0.0


def _score_without_header(rows: Sequence[Sequence[str]], delimiter: str) -> float:
    """Return the share of rows with the most usual number of cells; 0 if less than half have it, or many have one."""
    counts = Counter(map(cell_count, rows))
    fits = max(counts.values(), default=0) / max(1, len(rows))
    return fits if fits >= 0.5 and counts[1] <= (1 - _MOSTLY) * len(rows) else 0.0


def _is_one_column(parses: _Parses, usual: str) -> bool:
    """Return whether no delimiter stands in the header, and the usual one would part texts below it."""
    header = next((line for line in parses.lines if line.strip()), "")
    if any(each in header for each in _DELIMITERS):
        return False
    return any(cell_count(row) > 1 for row in parses[usual][1:])


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
    if delimiter == "\t":
        return False
    pattern = re.compile(_BLANK_BEFORE_QUOTE.replace("{delimiter}", re.escape(delimiter)))
    return any(map(pattern.search, lines))
