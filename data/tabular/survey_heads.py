"""Surveys whose columns are described by several rows: Qualtrics and SurveyMonkey."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.files.file import File

_MOST_ROWS = 2  # below the first one
_IMPORT_ID = re.compile(r'\{"ImportId"\s*:')
_RESPONSES = frozenset({"response", "open-ended response"})
_LEAST_EQUAL = 2  # columns of Qualtrics that a row of questions repeats: Start Date, Response ID


@dataclass(frozen=True, slots=True)
class SurveyHead:
    """The head of a table.

    Attributes
    ----------
    names
        The names of the columns.
    n_rows
        Number of rows below the first that describe the columns.
    questions
        What was asked, by the name of the column, where a row says so.
    """

    names: list[str]
    n_rows: int = 0
    questions: dict[str, str] = field(default_factory=dict)


def survey_head(names: Sequence[str], below: Iterable[Sequence[str]]) -> SurveyHead:
    """Return the head of a table by its first row and the rows below it; most tables have a head of one row."""
    first = list(_first(below))
    for number, row in enumerate(first):
        filled = [cell for cell in row if cell.strip()]
        if filled and all(map(_IMPORT_ID.match, filled)):
            return SurveyHead(list(names), number + 1, _questions(names, first[0]) if number else {})
    if first and _repeats_names(names, first[0]):
        return SurveyHead(list(names), 1, _questions(names, first[0]))
    if first and _names_responses(names, first[0]):
        return SurveyHead(_with_options(names, first[0]), 1)
    return SurveyHead(list(names))


def described_columns(names: Sequence[str], cells: Sequence[Any], file: File, line: int) -> Problem:
    """Return the problem for a row that describes columns and is left out."""
    row = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    reason = "it describes the columns of a survey"
    return Problem(file.at(f"line {line}"), reason, True, row, file.name, line)


def _first(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    for row, _ in zip(rows, range(_MOST_ROWS), strict=False):
        yield row


def _questions(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    pairs = ((name, " ".join(cell.split())) for name, cell in zip(names, row, strict=False))
    return {name: question for name, question in pairs if question}


def _repeats_names(names: Sequence[str], row: Sequence[str]) -> bool:
    """Return whether cells repeat the names of Qualtrics's own columns, as "Start Date" under StartDate."""
    own = {"startdate", "enddate", "responseid", "recordeddate", "ipaddress", "recipientlastname"}
    pairs = ((_letters(name), _letters(cell)) for name, cell in zip(names, row, strict=False))
    return sum(name in own and name == cell for name, cell in pairs) >= _LEAST_EQUAL


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _names_responses(names: Sequence[str], row: Sequence[str]) -> bool:
    """Return whether a row has the second names of SurveyMonkey: blank under its own columns, else an answer's name."""
    if (
        not names
        or not names[0]
        or not row
        or row[0].strip()
        or not _letters(names[0]).startswith(("respondentid", "collectorid"))
    ):
        return False
    return any(cell.strip().lower() in _RESPONSES for cell in row)


def _with_options(names: Sequence[str], row: Sequence[str]) -> list[str]:
    """Return names with those of answers: a question stands over the first of its columns alone."""
    found: list[str] = []
    question = ""
    for number, name in enumerate(names):
        option = row[number].strip() if number < len(row) else ""
        question = name or question
        plain = not option or option.lower() in _RESPONSES
        found.append(question if plain and name else f"{question} - {option}" if question and option else name)
    return found
