"""Rows of JSON Lines and JSON files."""

import contextlib
import itertools
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names, placed_row
from exemplar.data.readers.json_layouts import cell_at, column_names, rows_in
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates

_N_FIRST = 1000  # objects whose keys are the columns
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_BETWEEN = re.compile(r"\s*,?\s*")
_BEHIND = " \t\r\n,"
_BRACKETS = ("", "[", "]", "],", ",")  # lines of a list that has a value a line
_TOO_DEEP = "nested too deeply"

# A value of JSON takes up to 72 bytes in memory, and two or three characters in a file.
_MOST_VALUES_OF_A_LINE = 2**24
_MOST_VALUES = 2**26


def json_lines_table(file: File, required: Iterable[str] = ()) -> Table:
    """Return a JSON Lines file as a table whose columns are the keys of its first 1,000 objects.

    A line may hold several objects, or a list of objects. Required columns that the first objects lack are looked for
    in the rest of the file. A file that begins as a list, or as an object over several lines, is read as JSON if it is
    JSON.
    """
    beginning = _first_lines(file)
    if beginning and beginning[0][0] in "[{" and not _holds_objects(beginning[0]):
        with contextlib.suppress(ExemplarError):
            return _whole_table(file)
    return _lines_table(file, required)


def json_table(file: File, required: Iterable[str] = ()) -> Table:
    """Return a JSON file as a table, which is in memory while it is read.

    The file holds a list of objects or of texts, or an object with exactly one list of objects, or an object of lists
    of equal length, which are the columns, or several objects one after the other. A file whose first two lines are
    objects is read as JSON Lines, and so is any other whose first line is one. The first call of ``rows`` uses the
    value that gave the columns, and no later call does: it reads the file again.
    """
    beginning = _first_lines(file)
    are_objects = [_holds_objects(line) for line in beginning]
    if are_objects == [True, True] and beginning[0].startswith("{"):
        return _lines_table(file, required)
    try:
        return _whole_table(file)
    except ExemplarError:
        if are_objects[:1] != [True]:
            raise
    return _lines_table(file, required)


def _first_lines(file: File) -> list[str]:
    """Return the first two lines that are not blank, without blanks around them."""
    with file.open() as opened:
        lines = (line.strip() for line in decoded_lines(opened, file.name) if isinstance(line, str))
        return list(itertools.islice(filter(None, lines), 2))


def _holds_objects(line: str) -> bool:
    """Return whether a line has objects, or a list of objects, that end in it."""
    values = _values(line) if line.startswith("{") or line.endswith("]") else []
    return bool(values) and all(isinstance(value, dict) for value in values)


def _lines_table(file: File, required: Iterable[str]) -> Table:
    columns = _keys(itertools.islice(_objects(_lines(file)), _N_FIRST))
    if not columns:
        raise ExemplarError("no line is a JSON object with a key")
    missing = set(required).difference(columns)
    if missing:
        columns.update(dict.fromkeys(sorted(missing - _lacking(missing, _objects(_lines(file))))))
    return Table(tuple(columns), lambda needed: _lines(file))


def _whole_table(file: File) -> Table:
    """Return a file that is JSON as a whole as a table.

    Raises
    ------
    ExemplarError
        It is not JSON, has too many values, or does not have the layout of a table.
    """
    problems, text = _text(file)
    if _n_values(text) > _MOST_VALUES:
        most = f"{_MOST_VALUES:,} values"
        raise ExemplarError(f"it has more than {most}, and JSON is read all at once; save it as JSON Lines")
    parsed = _parsed(text)
    objects = rows_in(parsed, file.options.table)
    if objects is None:
        raise ExemplarError(
            "its JSON is neither a list of objects, nor an object with such a list, nor objects by id, nor columns of "
            "equal length"
        )
    columns = tuple(_keys(row for row in objects if isinstance(row, dict)))
    return Table(columns, _rows_reader(file, [(problems, parsed)]))


def _parsed(text: str) -> Any:
    """Return the value of a text of JSON, or a list of its values if it has several, which are objects.

    Raises
    ------
    ExemplarError
        It is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ExemplarError(f"it is {_TOO_DEEP}") from None
    except ValueError as error:
        values = _objects_between_commas(_without_brackets(text))
        if not values:
            raise ExemplarError(f"it is not JSON: {error}") from None
        return values


def _without_brackets(text: str) -> str:
    """Return the inside of a list, whose last value may have a comma behind it; any other text unchanged."""
    stripped = text.strip()
    return stripped[1:-1] if stripped.startswith("[") and stripped.endswith("]") else text


def _objects_between_commas(text: str) -> list[Any]:
    """Return the objects of a text with nothing else than commas between and behind them; none if it has more."""
    decoder, objects = json.JSONDecoder(), []
    position, end = len(text) - len(text.lstrip()), len(text.rstrip(_BEHIND))
    while position < end:
        try:
            found, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return []
        if not isinstance(found, dict):
            return []
        objects.append(found)
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # it matches any text
    return objects


def _rows_reader(file: File, first_read: list[tuple[list[Problem], Any]]) -> Callable[..., Iterator[Row | Problem]]:
    """Return the ``rows`` of a JSON file; the first call takes the parsed value out of the list ``first_read``."""

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        if first_read:
            problems, parsed = first_read.pop()
        else:
            problems, text = _text(file)
            parsed = _parsed(text)
        yield from problems
        for number, row in enumerate(rows_in(parsed, file.options.table) or ()):
            yield from _checked(row, file, f"row {number}", may_have_surrogates=True)

    return rows


def _text(file: File) -> tuple[list[Problem], str]:
    lines = list(decoded_lines(BytesIO(file.content()), file.name))
    problems = [line for line in lines if isinstance(line, Problem)]
    return problems, "".join(line for line in lines if isinstance(line, str))


def _n_values(text: str) -> int:
    """Return an upper bound for the number of values in a text of JSON."""
    return sum(map(text.count, ",[{"))


def _keys(rows: Iterable[Row]) -> dict[str, None]:
    """Return the keys of rows in their order; raises ExemplarError as soon as they are too many."""
    keys: dict[str, None] = {}
    n_characters = 0
    for row in rows:
        for name in column_names(row):
            if name not in keys:
                keys[name] = None
                n_characters += len(name)
        check_names(len(keys), n_characters)
    return keys


def _lacking(names: set[str], rows: Iterable[Row]) -> set[str]:
    """Return the names that are not a key of any row."""
    lacking = set(names)
    for row in rows:
        lacking -= {name for name in lacking if name in row or cell_at(row, name) is not None}
        if not lacking:
            break
    return lacking


def _objects(rows: Iterable[Row | Problem]) -> Iterator[Row]:
    return (row for row in rows if not isinstance(row, Problem))


def _lines(file: File) -> Iterator[Row | Problem]:
    """Yield the objects of each line, or the problem with the line; skip blank lines."""
    number = 0
    with file.open() as opened:
        for line in decoded_lines(opened, file.name):
            if isinstance(line, Problem):
                yield line
                continue
            number += 1
            if line.strip() not in _BRACKETS:
                may_have_surrogates = _HALF_A_PAIR.search(line) is not None
                for value in _values(line) or [None]:
                    if isinstance(value, dict) and not may_have_surrogates:
                        yield placed_row(value, number)
                    else:
                        yield from _checked(value, file, f"line {number}", may_have_surrogates, number, line)


def _values(line: str) -> list[Any]:
    """Return the rows of a line of JSON: its value, or the objects of its list; an error in place of a row."""
    if len(line) > _MOST_VALUES_OF_A_LINE and _n_values(line) > _MOST_VALUES_OF_A_LINE:
        return [ExemplarError(f"more than {_MOST_VALUES_OF_A_LINE:,} values")]
    try:
        value = json.loads(line)
    except RecursionError:
        return [ExemplarError(_TOO_DEEP)]
    except ValueError:
        inside = line.strip().removeprefix("[").removesuffix("]")  # the first and the last line of a list
        return _objects_between_commas(inside) or [ExemplarError("no JSON")]
    return value if isinstance(value, list) and all(isinstance(row, dict) for row in value) else [value]


def _checked(
    row: Any, file: File, position: str, may_have_surrogates: bool, line: int | None = None, raw: str = ""
) -> Iterator[Row | Problem]:
    def problem(reason: str, *, left_out: bool = True) -> Problem:
        cells = {"line": raw} if raw else {"value": row}
        return Problem(file.at(position), reason, left_out, cells if left_out else {}, file.name, line)

    if not isinstance(row, dict):
        yield problem(str(row) if isinstance(row, ExemplarError) else "no JSON object")
        return
    try:
        repaired = replace_lone_surrogates(row) if may_have_surrogates else row
        changed = repaired != row
    except RecursionError:
        yield problem(_TOO_DEEP)
        return
    if changed:
        yield problem(LONE_SURROGATE, left_out=False)
    yield repaired if line is None else placed_row(repaired, line)
