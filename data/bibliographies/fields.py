"""What the records of all bibliographies become: the same columns, whatever their format calls them."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from exemplar.data.documents import Problem
from exemplar.data.files.table import Row, check_names

FIELDS = ("id", "title", "abstract", "authors", "year", "journal", "doi", "keywords", "url", "type", "decision")

_N_FIRST = 1000  # records whose fields are the columns
_SEPARATORS = {
    "authors": "; ",
    "keywords": "; ",
    "type": "; ",
    "url": " ",
    "journal": "",
    "year": "",
    "id": "",
    "doi": "",
}
_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?!\d)")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
# What programs for screening write into the notes of a record.
_ASREVIEW = re.compile(r"\bASReview_(relevant|irrelevant|not_seen)\b")
_RAYYAN = re.compile(r"RAYYAN-INCLUSION: *\{(.*?)\}")
_RAYYAN_CHOICE = re.compile(r'=> *"(\w+)"')
_DECISIONS = {
    "relevant": "included",
    "irrelevant": "excluded",
    "included": "included",
    "excluded": "excluded",
    "maybe": "maybe",
}


def record_row(fields: Mapping[str, Sequence[str]], notes: Iterable[str] = ()) -> dict[str, str]:
    """Return a record as a row.

    Parameters
    ----------
    fields
        The values of each field, the most telling first; those that ``FIELDS`` lacks are kept under their own name.
    notes
        Texts in which a program for screening may have left its decision.
    """
    row = {}
    for name in (*FIELDS, *(name for name in fields if name not in FIELDS)):
        values = [each.strip() for each in fields.get(name, ()) if each.strip()]
        text = _text(name, values)
        if text:
            row[name] = text
    if "decision" not in row and (decision := decision_in(notes)):
        row["decision"] = decision
    return row


def columns_of(rows: Iterable[Row | Problem]) -> tuple[str, ...]:
    """Return the columns of the first 1,000 rows: those of ``FIELDS``, then others as they come."""
    columns: dict[str, None] = {}
    for row in itertools.islice((row for row in rows if not isinstance(row, Problem)), _N_FIRST):
        columns |= dict.fromkeys(row)
        check_names(len(columns), sum(map(len, columns)))
    return (*(name for name in FIELDS if name in columns), *(name for name in columns if name not in FIELDS))


def decision_in(notes: Iterable[str]) -> str | None:
    """Return the decision in the notes of a record: included, excluded or maybe; None without one, or with several."""
    found = set()
    for note in notes:
        if match := _ASREVIEW.search(note):
            found.add(_DECISIONS.get(match[1]))
        if match := _RAYYAN.search(note):
            found |= {_DECISIONS.get(choice.lower()) for choice in _RAYYAN_CHOICE.findall(match[1])}
    found.discard(None)
    return found.pop() if len(found) == 1 else "maybe" if found else None


def _text(name: str, values: Sequence[str]) -> str:
    match name:
        case "year":
            years = [match[0] for value in values if (match := _YEAR.search(value))]
            return next(iter(years), next(iter(values), ""))
        case "doi":
            dois = [match[0] for value in values if (match := _DOI.search(value))]
            return dois[0].rstrip(".,;]") if dois else ""
        case "title" | "journal" | "id":
            return next(iter(values), "")
    return _SEPARATORS.get(name, "\n").join(dict.fromkeys(values))
