"""Rows of JSON Lines and JSON files."""

import itertools
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.readers.encodings import decoded_lines
from exemplar.data.readers.file import File
from exemplar.data.readers.table import Row, Table, check_names
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates

_N_FIRST = 1000  # objects whose keys are the columns
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_FIRST_LINE = re.compile(r"\s*([^\r\n]*)")
_TOO_DEEP = "nested too deeply"

# A value of JSON takes up to 72 bytes in memory, and two or three characters in a file.
_MOST_VALUES_OF_A_LINE = 2**24
_MOST_VALUES = 2**26


def json_lines_table(file: File, required: Iterable[str] = ()) -> Table:
    """Return a JSON Lines file as a table whose columns are the keys of its first 1,000 objects.

    Required columns that these objects lack are looked for in the rest of the file.
    """
    columns = _keys(itertools.islice(_objects(_lines(file)), _N_FIRST))
    if not columns:
        raise ExemplarError("no line is a JSON object with a key")
    missing = set(required).difference(columns)
    if missing:
        columns.update(dict.fromkeys(sorted(missing - _lacking(missing, _objects(_lines(file))))))
    return Table(tuple(columns), lambda needed: _lines(file))


def json_table(file: File, required: Iterable[str] = ()) -> Table:
    """Return a JSON file as a table, which is in memory while it is read.

    The file holds a list of objects, or an object with exactly one such list, or an object of lists of equal length,
    which are the columns; otherwise its lines are read as JSON Lines. The first call of ``rows`` uses the value that
    gave the columns, and no later call does: it reads the file again.
    """
    problems, text = _text(file)
    if _n_values(text) > _MOST_VALUES:
        reason = f"it has more than {_MOST_VALUES:,} values, and JSON is read all at once; save it as JSON Lines"
        return _lines_table(file, required, text, reason)
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise ExemplarError(f"it is {_TOO_DEEP}") from None
    except ValueError as error:
        return _lines_table(file, required, text, f"it is not JSON: {error}")
    objects = _rows_of(parsed)
    if objects is None:
        reason = "its JSON is neither a list of objects, nor an object with one such list, nor columns of equal length"
        return _lines_table(file, required, text, reason)
    columns = tuple(_keys(row for row in objects if isinstance(row, dict)))
    return Table(columns, _rows_reader(file, [(problems, parsed)]))


def _rows_reader(file: File, first_read: list[tuple[list[Problem], Any]]) -> Callable[..., Iterator[Row | Problem]]:
    """Return the ``rows`` of a JSON file; the first call takes the parsed value out of the list ``first_read``."""

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        if first_read:
            problems, parsed = first_read.pop()
        else:
            problems, text = _text(file)
            parsed = json.loads(text)
        yield from problems
        for number, row in enumerate(_rows_of(parsed) or ()):
            yield from _checked(row, file.at(f"row {number}"), may_have_surrogates=True)

    return rows


def _text(file: File) -> tuple[list[Problem], str]:
    lines = list(decoded_lines(BytesIO(file.content()), file.name))
    problems = [line for line in lines if isinstance(line, Problem)]
    return problems, "".join(line for line in lines if isinstance(line, str))


def _rows_of(parsed: Any) -> Iterable[Any] | None:
    """Return the rows of parsed JSON, None if it has no table's layout."""
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


def _lines_table(file: File, required: Iterable[str], text: str, reason: str) -> Table:
    """Return the file as JSON Lines if its first line is an object; raise ExemplarError with the reason if not."""
    [first] = _FIRST_LINE.match(text).groups()  # type: ignore[union-attr]  # it matches any text
    if not isinstance(_parsed(first), dict):
        raise ExemplarError(reason)
    return json_lines_table(file, required)


def _n_values(text: str) -> int:
    """Return an upper bound for the number of values in a text of JSON."""
    return sum(map(text.count, ",[{"))


def _keys(rows: Iterable[Row]) -> dict[str, None]:
    """Return the keys of rows in their order; raises ExemplarError as soon as they are too many."""
    keys: dict[str, None] = {}
    n_characters = 0
    for row in rows:
        for name in row:
            if name not in keys:
                keys[name] = None
                n_characters += len(name)
        check_names(len(keys), n_characters)
    return keys


def _lacking(names: set[str], rows: Iterable[Row]) -> set[str]:
    """Return the names that are not a key of any row."""
    lacking = set(names)
    for row in rows:
        lacking -= row.keys()
        if not lacking:
            break
    return lacking


def _objects(rows: Iterable[Row | Problem]) -> Iterator[Row]:
    return (row for row in rows if not isinstance(row, Problem))


def _lines(file: File) -> Iterator[Row | Problem]:
    """Yield the object of each line, or the problem with the line; skip blank lines."""
    number = 0
    with file.open() as opened:
        for line in decoded_lines(opened, file.name):
            if isinstance(line, Problem):
                yield line
                continue
            number += 1
            if line.strip():
                may_have_surrogates = _HALF_A_PAIR.search(line) is not None
                yield from _checked(_parsed(line), file.at(f"line {number}"), may_have_surrogates)


def _parsed(line: str) -> Any:
    """Return the value of a line of JSON, or an error as a value if it has none."""
    if len(line) > _MOST_VALUES_OF_A_LINE and _n_values(line) > _MOST_VALUES_OF_A_LINE:
        return ExemplarError(f"more than {_MOST_VALUES_OF_A_LINE:,} values")
    try:
        return json.loads(line)
    except RecursionError:
        return ExemplarError(_TOO_DEEP)
    except ValueError:
        return ExemplarError("no JSON")


def _checked(row: Any, where: str, may_have_surrogates: bool) -> Iterator[Row | Problem]:
    if not isinstance(row, dict):
        yield Problem(where, str(row) if isinstance(row, ExemplarError) else "no JSON object")
        return
    try:
        repaired = replace_lone_surrogates(row) if may_have_surrogates else row
        changed = repaired != row
    except RecursionError:
        yield Problem(where, _TOO_DEEP)
        return
    if changed:
        yield Problem(where, LONE_SURROGATE, left_out=False)
    yield repaired
