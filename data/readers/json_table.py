"""Rows of JSON Lines and JSON files."""

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.encodings import decoded_lines
from exemplar.data.readers.file import File
from exemplar.data.readers.table import Row, Table, check_names
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates

_LOOK_AT = 1000  # objects whose keys are the columns
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_FIRST_LINE = re.compile(r"\s*([^\r\n]*)")
_NO_OBJECT = "no JSON object"
_TOO_DEEP = "nested too deeply"

# A value of JSON takes up to 72 bytes in memory, and two or three characters in a file.
_MOST_VALUES_OF_A_LINE = 2**24
_MOST_VALUES = 2**26


def json_lines_table(file: File, named: Iterable[str] = ()) -> Table:
    """Return a JSON Lines file as a table whose columns are the keys of its first 1,000 objects.

    For columns that are named and not among them, all of the file is searched.
    """
    columns = _keys(itertools.islice(_objects(_lines(file)), _LOOK_AT))
    if not columns:
        raise ExemplarError("no line of it is a JSON object with a key")
    missing = set(named).difference(columns)
    if missing:
        columns.update(dict.fromkeys(sorted(missing - _lacking(missing, _objects(_lines(file))))))
    return Table(tuple(columns), lambda needed: _lines(file))


def json_table(file: File, named: Iterable[str] = ()) -> Table:
    """Return a JSON file as a table; it is held in memory while it is read.

    A list of objects, or an object with exactly one such list, or one of lists of equal length, a list a column;
    otherwise its lines are read as JSON Lines.
    """
    text = _text(file)[1]
    if _n_values(text) > _MOST_VALUES:
        told = f"it has more than {_MOST_VALUES:,} values, and JSON has to be read as a whole; save it as JSON Lines"
        return _lines_table_or_tell(file, named, text, told)
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise ExemplarError(f"it is {_TOO_DEEP}") from None
    except ValueError as error:
        return _lines_table_or_tell(file, named, text, f"it is no JSON: {error}")
    if _rows_of(parsed) is None:
        told = "its JSON is neither a list of objects, nor an object with one such list, nor columns of equal length"
        return _lines_table_or_tell(file, named, text, told)

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        problems, text = _text(file)
        yield from problems
        for number, row in enumerate(_rows_of(json.loads(text)) or ()):
            yield from _checked(row, file.at(f"row {number}"), might_need_mending=True)

    return Table(tuple(_keys(row for row in _rows_of(parsed) or () if isinstance(row, dict))), rows)


def _text(file: File) -> tuple[list[Problem], str]:
    found = list(decoded_lines(BytesIO(file.content()), file.name))
    problems = [line for line in found if isinstance(line, Problem)]
    return problems, "".join(line for line in found if isinstance(line, str))


def _rows_of(parsed: Any) -> Iterable[Any] | None:
    if isinstance(parsed, list):
        return parsed if any(isinstance(row, dict) for row in parsed) else None
    if not isinstance(parsed, dict):
        return None
    tables = [value for value in parsed.values() if isinstance(value, list) and value and _all_objects(value)]
    if len(tables) == 1:
        return tables[0]
    lengths = {len(value) if isinstance(value, list) else 0 for value in parsed.values()}
    if len(lengths) == 1 and lengths != {0}:
        return (dict(zip(parsed, cells, strict=True)) for cells in zip(*parsed.values(), strict=True))
    return None


def _all_objects(rows: list[Any]) -> bool:
    return all(isinstance(row, dict) for row in rows)


def _lines_table_or_tell(file: File, named: Iterable[str], text: str, told: str) -> Table:
    [first] = _FIRST_LINE.match(text).groups()  # type: ignore[union-attr]  # it matches any text
    if not isinstance(_parsed(first), dict):
        raise ExemplarError(told)
    return json_lines_table(file, named)


def _n_values(text: str) -> int:
    """Return a bound of how many values a text of JSON may hold."""
    return sum(map(text.count, ",[{"))


def _keys(rows: Iterable[Row]) -> dict[str, None]:
    """Return the keys of rows, in their order; ExemplarError as soon as there are too many."""
    found: dict[str, None] = {}
    n_characters = 0
    for row in rows:
        for name in row:
            if name not in found:
                found[name] = None
                n_characters += len(name)
        check_names(len(found), n_characters)
    return found


def _lacking(names: set[str], rows: Iterable[Row]) -> set[str]:
    """Return those of some names that are no row's key."""
    lacking = set(names)
    for row in rows:
        lacking -= row.keys()
        if not lacking:
            break
    return lacking


def _objects(rows: Iterable[Row | Problem]) -> Iterator[Row]:
    return (row for row in rows if not isinstance(row, Problem))


def _lines(file: File) -> Iterator[Row | Problem]:
    """Yield each line's object, or what is wrong with the line; blank lines are no rows."""
    number = 0
    with file.open() as opened:
        for line in decoded_lines(opened, file.name):
            if isinstance(line, Problem):
                yield line
                continue
            number += 1
            if line.strip():
                might_need_mending = _HALF_A_PAIR.search(line) is not None
                yield from _checked(_parsed(line), file.at(f"line {number}"), might_need_mending)


def _parsed(line: str) -> Any:
    """Return what a line of JSON says, or why it says nothing, as an error."""
    if len(line) > _MOST_VALUES_OF_A_LINE and _n_values(line) > _MOST_VALUES_OF_A_LINE:
        return ExemplarError(f"more than {_MOST_VALUES_OF_A_LINE:,} values")
    try:
        return json.loads(line)
    except RecursionError:
        return ExemplarError(_TOO_DEEP)
    except ValueError:
        return ExemplarError("no JSON")


def _checked(row: Any, place: str, might_need_mending: bool) -> Iterator[Row | Problem]:
    if not isinstance(row, dict):
        yield Problem(place, str(row) if isinstance(row, ExemplarError) else _NO_OBJECT)
        return
    try:
        whole = replace_lone_surrogates(row) if might_need_mending else row
        changed = whole != row
    except RecursionError:
        yield Problem(place, _TOO_DEEP)
        return
    if changed:
        yield Problem(place, LONE_SURROGATE, left_out=False)
    yield whole
