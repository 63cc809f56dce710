"""Rows of JSON Lines and JSON files."""

import itertools
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_blocks, decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import HoldsText, Row, Table, line_of, placed_row, position_of
from exemplar.data.readers.elasticsearch import action_of, with_actions
from exemplar.data.readers.json_columns import column_rows, numbered_columns
from exemplar.data.readers.json_layouts import (
    NO_TABLE,
    Layout,
    layout_of,
    list_names,
    rows_within,
    values_at,
)
from exemplar.data.readers.json_shapes import read_shape
from exemplar.data.readers.json_stream import (
    HALF_A_PAIR,
    TOO_DEEP,
    JsonReader,
    NotJson,
    loads,
    n_values,
)
from exemplar.data.readers.nested_cells import cell_at, table_columns
from exemplar.data.text import LONE_SURROGATE, replace_lone_surrogates

_N_FIRST = 1000  # objects whose keys are the columns
_HEAD = 2**20  # characters in which the first lines are looked at
_BRACKETS = ("", "[", "]", "],", ",")  # lines of a list that has a value a line
_FEW = 20  # rows whose lists or problems a message names
_NO_OBJECT = "no JSON object"
_NO_OBJECT_WITH_KEY = "no line is a JSON object with a key"
_TEXTS_BY_ID = "each text of the object is a document, and its name the id"
_LINES = (".jsonl", ".ndjson")
_ASSIGNED = re.compile(r"window\.[\w.]+\s*=\s*")  # before the list in the files of an archive of X

# A value of JSON takes up to 72 bytes in memory, and two or three characters in a file.
_MOST_VALUES_OF_A_LINE = 2**24
_MOST_VALUES = 2**26  # of a file that is read at once

Rows = Iterator[Row | Problem]

_decode = json.JSONDecoder().decode


def json_lines_table(file: File, required: Iterable[str] = (), holds_text: HoldsText = bool) -> Table:
    """Return a JSON Lines file as a table whose columns are the keys of its first 1,000 objects.

    A line may hold several objects, or a list of objects; without objects, each line is a text, or a list of the cells
    of a row. Required columns that the first objects lack are looked for in the rest of the file. A file that begins as
    a list, or as an object over several lines, is read as JSON if it is JSON; so is one of a single object, unless its
    suffix is that of JSON Lines.
    """
    first, second = _first_lines(file)
    if (_holds_objects(first) and (second or file.kind in _LINES)) or (_is_list(first) and _is_list(second)):
        return _lines_table(file, required)
    if first and first[0] in "[{w" and not (first[0] == "[" and _holds_objects(second.removesuffix(","))):
        with suppress(NotJson):
            return _document_table(file, required, holds_text)
    return _lines_table(file, required)


def json_table(file: File, required: Iterable[str] = (), holds_text: HoldsText = bool) -> Table:
    """Return a JSON file as a table.

    The file holds a list of objects, of texts or of lists; an object with a list of objects, whose name may be chosen,
    or which is the only one of several that holds texts; objects or texts by id; columns, which are lists or objects;
    or several objects one after the other. All but columns are read value by value. The columns of the table are the
    keys of the first 1,000 objects, and required ones that any object has. A file whose first two lines are objects is
    read as JSON Lines, and so is any other whose first line is one and that is not JSON.

    Raises
    ------
    ExemplarError
        It is neither, has several lists, or has too many values for columns.
    """
    first, second = _first_lines(file)
    if first.startswith("{") and _holds_objects(first) and _holds_objects(second):
        return _lines_table(file, required)
    try:
        return _document_table(file, required, holds_text)
    except NotJson:
        if not _holds_objects(first):
            raise
    return _lines_table(file, required)


def _first_lines(file: File) -> tuple[str, str]:
    """Return the first two lines that are not blank, without blanks around them; what a long beginning leaves of it."""
    head, lines = "", [""]
    with file.open() as opened:
        for block in decoded_blocks(opened, file.name, file.options.encoding):
            head += block if isinstance(block, str) else ""
            lines = [line for each in head[:_HEAD].split("\n") if (line := each.strip("\ufeff \t\r\n"))]
            if len(lines) > 2 or len(head) >= _HEAD:
                break
    first, second, *_ = [*lines, "", ""]
    return first, second


def _holds_objects(line: str) -> bool:
    """Return whether a line has objects, or a list of objects, that end in it."""
    values = _values(line) if line.startswith("{") or line.endswith("]") else []
    return bool(values) and all(isinstance(value, dict) for value in values)


def _is_list(line: str) -> bool:
    """Return whether a line is a list of cells, which are not objects."""
    values = _values(line) if line.startswith("[") and line.endswith("]") else []
    return len(values) == 1 and isinstance(values[0], list)


def _table(file: File, columns: dict[str, None], required: Iterable[str], rows: Callable[[], Rows]) -> Table:
    """Return rows as a table; required columns that are not among the first ones are looked for in all rows."""
    missing = set(required).difference(columns)
    if missing:
        columns.update(dict.fromkeys(sorted(missing - _lacking(missing, _objects(rows())))))
    return Table(tuple(columns), lambda needed: rows())


def _lines_table(file: File, required: Iterable[str]) -> Table:
    are_objects = next(_objects(itertools.islice(_lines(file, True), _N_FIRST)), None) is not None
    first, chosen = next(_objects(_lines(file, are_objects)), None), file.options.table
    are_actions = first is not None and action_of(first) is not None

    def rows() -> Rows:
        found = with_actions(_lines(file, are_objects)) if are_actions else _lines(file, are_objects)
        return _rows_in_lists(found, chosen, file) if chosen else found

    columns = table_columns(itertools.islice(_objects(rows()), _N_FIRST))
    if not columns:
        if chosen and first:
            raise _lacks_list(chosen, _objects(_lines(file, are_objects)))
        raise ExemplarError(_NO_OBJECT_WITH_KEY)
    return _table(file, columns, required, rows)


def _document_table(file: File, required: Iterable[str], holds_text: HoldsText) -> Table:
    """Return a file of JSON that is not JSON Lines as a table.

    Raises
    ------
    NotJson
        It is not JSON, as far as it was read.
    ExemplarError
        It has no table's layout, or too many values for columns.
    """
    layout = _layout(file, required, holds_text)
    if layout is None:
        return _lines_table(file, required)
    if layout.kind == "columns":
        return _columns_table(file)

    def rows() -> Rows:
        if layout.others:
            reason = f"the only list with a text; not read were {layout.others}, which can be chosen"
            yield Problem(file.at(f"the list '{'.'.join(layout.path)[:100]}'"), reason, left_out=False)
        found = _streamed(file, layout)
        yield from _rows_in_lists(found, layout.within, file) if layout.within else found

    columns = table_columns(itertools.islice(_objects(rows()), _N_FIRST))
    if not columns:
        if layout.within:
            raise _lacks_list(layout.within, _objects(_streamed(file, layout)))
        reasons = {row.reason for row in itertools.islice(rows(), _FEW) if isinstance(row, Problem)}
        raise ExemplarError(f"it is {TOO_DEEP}" if TOO_DEEP in reasons else NO_TABLE)
    notes = (_TEXTS_BY_ID,) if layout.kind == "texts" else ()
    return replace(_table(file, columns, required, rows), tables=layout.tables, notes=notes)


@contextmanager
def _reading(file: File) -> Iterator[JsonReader]:
    with file.open() as opened:
        reader = JsonReader(decoded_blocks(opened, file.name, file.options.encoding))
        reader.pass_over(_ASSIGNED)
        yield reader


def _layout(file: File, required: Iterable[str], holds_text: HoldsText) -> Layout | None:
    """Return where the rows of a file lie; None if it has an object a line."""
    chosen = file.options.table
    with _reading(file) as reader:
        if reader.peek() == "[":
            return Layout("row", within=chosen or "")
        if reader.peek() != "{":
            reader.value()
            raise ExemplarError(NO_TABLE)
        first_line = reader.line
        shape = read_shape(reader)
        last_line = reader.line
        if not reader.peek():
            layout = layout_of(shape, chosen, holds_text)
            return Layout("row") if layout.kind == "texts" and not shape.members.keys().isdisjoint(required) else layout
        are_lines = first_line == last_line < reader.line and _ends_on_its_line(reader)
        return None if are_lines else Layout("row", within=chosen or "")


def _ends_on_its_line(reader: JsonReader) -> bool:
    """Return whether the next value, or what is none, ends on the line that it begins on."""
    line = reader.line
    try:
        reader.value()
    except NotJson:
        return True
    return reader.line == line


def _streamed(file: File, layout: Layout) -> Rows:
    """Yield the rows of a file that is read value by value, and the problems with them."""
    with _reading(file) as reader:
        are_objects = any(isinstance(value, dict) for value in itertools.islice(values_at(reader, layout), _N_FIRST))
    number = 0
    with _reading(file) as reader:
        for value in values_at(reader, layout):
            yield from reader.problems
            reader.problems.clear()
            may_have_surrogates = reader.last_may_have_surrogates()
            for row in _rows_of(value, are_objects):
                yield from _checked(row, file, f"row {number}", may_have_surrogates)
                number += 1
        yield from reader.problems


def _rows_of(value: Any, are_objects: bool) -> Iterable[Any]:
    """Return the rows of a value in a list, which is a row, a text, or a list of objects or of the cells of a row."""
    if isinstance(value, list) and value:
        if all(isinstance(each, dict) for each in value):
            return value
        return [value if are_objects else numbered_columns(value)]
    return [{"text": value} if isinstance(value, str) and not are_objects else value]


def _rows_in_lists(rows: Rows, name: str, file: File) -> Rows:
    """Yield the rows of the lists of a name within rows."""
    for number, row in enumerate(rows):
        if isinstance(row, Problem):
            yield row
            continue
        line, position = line_of(row), file.at(position_of(row, number))
        found = rows_within(row, name)
        if found is None:
            yield Problem(position, f"no list '{name}'", cells=row, file=file.name, line=line)
        for each in found or ():
            if isinstance(each, dict):
                yield placed_row(each, line)
            else:
                yield Problem(position, _NO_OBJECT, cells={"value": each}, file=file.name, line=line)


def _lacks_list(name: str, rows: Iterable[Row]) -> ExemplarError:
    names = list_names(itertools.islice(rows, _FEW))
    return ExemplarError(f"it has no list '{name[:50]}' of objects; its lists are {names}")


def _columns_table(file: File) -> Table:
    """Return a file whose columns are lists or objects as a table, which is in memory while it is read.

    The first call of ``rows`` uses the value that gave the columns, and no later call does: it reads the file again.
    """
    problems, parsed = _parsed(file)
    first_read = [(problems, parsed)]

    def rows(needed: Collection[str]) -> Rows:
        problems, parsed = first_read.pop() if first_read else _parsed(file)
        yield from problems
        for number, row in enumerate(column_rows(parsed)):
            yield from _checked(row, file, f"row {number}", may_have_surrogates=True)

    return Table(tuple(table_columns(itertools.islice(column_rows(parsed), _N_FIRST))), rows)


def _parsed(file: File) -> tuple[list[Problem], Any]:
    blocks = list(decoded_blocks(BytesIO(file.content()), file.name, file.options.encoding))
    text = "".join(block for block in blocks if isinstance(block, str)).removeprefix("\ufeff")
    if n_values(text) > _MOST_VALUES:
        most = f"{_MOST_VALUES:,} values"
        raise ExemplarError(f"it has more than {most}, and columns of JSON are read all at once; save it as JSON Lines")
    try:
        return [block for block in blocks if isinstance(block, Problem)], loads(text)
    except RecursionError:
        raise ExemplarError(f"it is {TOO_DEEP}") from None
    except ValueError as error:
        raise NotJson(f"it is not JSON: {error}") from None


def _lacking(names: set[str], rows: Iterable[Row]) -> set[str]:
    """Return the names that are not a column of any row."""
    lacking = set(names)
    for row in rows:
        lacking -= {name for name in lacking if name in row or cell_at(row, name) is not None}
        if not lacking:
            break
    return lacking


def _objects(rows: Iterable[Row | Problem]) -> Iterator[Row]:
    return (row for row in rows if not isinstance(row, Problem))


def _lines(file: File, are_objects: bool) -> Rows:
    """Yield the objects of each line, or the problem with the line; skip blank lines.

    Without objects, texts and lists are rows too.
    """
    number = 0
    with file.open() as opened:
        for line in decoded_lines(opened, file.name, file.options.encoding):
            if isinstance(line, Problem):
                yield line
                continue
            number += 1
            if line.strip() not in _BRACKETS:
                may_have_surrogates = HALF_A_PAIR.search(line) is not None
                values = _values(line) or [None]
                if not are_objects:
                    values = [row for value in values for row in _rows_of(value, are_objects)]
                for value in values:
                    if isinstance(value, dict) and not may_have_surrogates:
                        yield placed_row(value, number)
                    else:
                        yield from _checked(value, file, f"line {number}", may_have_surrogates, number, line)


def _values(line: str) -> list[Any]:
    """Return the rows of a line of JSON: its value, or the objects of its list; an error in place of a row."""
    if len(line) > _MOST_VALUES_OF_A_LINE and n_values(line) > _MOST_VALUES_OF_A_LINE:
        return [ExemplarError(f"more than {_MOST_VALUES_OF_A_LINE:,} values")]
    try:
        value = _decode(line)
    except RecursionError:
        return [ExemplarError(TOO_DEEP)]
    except ValueError:
        inside = line.strip().removeprefix("[").removesuffix("]")  # the first and the last line of a list
        return _objects_between_commas(inside) or [ExemplarError("no JSON")]
    return value if isinstance(value, list) and all(isinstance(row, dict) for row in value) else [value]


def _objects_between_commas(text: str) -> list[Any]:
    """Return the objects of a text with nothing else than commas between and behind them; none if it has more."""
    reader, objects = JsonReader([text]), []
    try:
        for _ in reader.roots():
            objects.append(reader.value())
    except NotJson:
        return []
    return objects if all(isinstance(value, dict) for value in objects) else []


def _checked(
    row: Any, file: File, position: str, may_have_surrogates: bool, line: int | None = None, raw: str = ""
) -> Rows:
    def problem(reason: str, *, left_out: bool = True) -> Problem:
        cells = {"line": raw} if raw else {"value": row}
        return Problem(file.at(position), reason, left_out, cells if left_out else {}, file.name, line)

    if not isinstance(row, dict):
        yield problem(str(row) if isinstance(row, ExemplarError) else _NO_OBJECT)
        return
    try:
        repaired = replace_lone_surrogates(row) if may_have_surrogates else row
        changed = repaired != row
    except RecursionError:
        yield problem(TOO_DEEP)
        return
    if changed:
        yield problem(LONE_SURROGATE, left_out=False)
    yield repaired if line is None else placed_row(repaired, line)
