"""What the records of all bibliographies become: the same columns, whatever their format calls them."""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from exemplar.data.bibliographies.decisions import decision_in, own_columns
from exemplar.data.bibliographies.people import joined_people
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.table import Row, check_names

FIELDS = ("id", "title", "abstract", "authors", "year", "journal", "doi", "keywords", "url", "type", "decision")

_ALWAYS = ("title", "abstract")
_RESERVED = frozenset({*FIELDS, "text", "content", "review"})  # names by which a column would get a role

_N_FIRST = 1000  # records whose fields are the columns
_OF_ALL = frozenset({"keywords", "url"})  # fields with the values of all their names
_BETWEEN = {"keywords": "; ", "type": "; ", "url": " "}

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_DOI = re.compile(r"10\.\d{1,9}(?:\.\d{1,9}){0,4}/\S+")
_DOI_IN_URL = re.compile(r"doi\.org/(10\.\d{1,9}(?:\.\d{1,9}){0,4}/[^\s?#]+)")
_BESIDE_DOI = re.compile(r"(?i)https?://(?:dx\.|www\.)?doi\.org/|\[doi\]|doi\b|[\s.,;:]")


def record_row(
    values: Mapping[str, Sequence[str]], roles: Mapping[str, Sequence[str]], notes: Iterable[str] = ()
) -> dict[str, str]:
    """Return a record as a row; what the columns of ``FIELDS`` do not show is kept under its own name.

    Parameters
    ----------
    values
        The values of each name in the record, such as those of the tag AU.
    roles
        The names that a column of ``FIELDS`` is read from, the most telling first.
    notes
        Texts in which a program for screening may have left its decision.
    """
    rest = {name: found for name, texts in values.items() if (found := [text for text in texts if text.strip()])}
    row: dict[str, str] = {}
    for field, names in roles.items():
        present = [name for name in names if name in rest]
        if present:
            text, shown = _READERS.get(field, _joined)(field, [rest[name] for name in present])
            if text:
                row[field] = text
                seen = set(shown)
                for name in present:
                    rest[name] = [each for each in rest[name] if each not in seen]
    if "doi" not in row and (match := _DOI_IN_URL.search(row.get("url", ""))):
        row["doi"] = match[1]
    if notes:
        row |= own_columns(notes)
        if decision := decision_in(notes):
            row["decision"] = decision
    for name, texts in rest.items():
        if texts:
            row[f"other {name}" if name in _RESERVED or name in row else name] = "\n".join(dict.fromkeys(texts))
    return row


def columns_of(rows: Iterable[Row | Problem], otherwise: str) -> tuple[str, ...]:
    """Return the columns of the first 1,000 rows: those of ``FIELDS``, then others as they come.

    A title and an abstract are always among them.

    Raises
    ------
    ExemplarError
        There is no row, which is called ``otherwise``, or there are too many columns.
    """
    columns: dict[str, None] = {}
    for row in itertools.islice((row for row in rows if not isinstance(row, Problem)), _N_FIRST):
        columns |= dict.fromkeys(row)
        check_names(len(columns), sum(map(len, columns)))
    if not columns:
        raise ExemplarError(otherwise)
    columns |= dict.fromkeys(_ALWAYS)
    return (*(name for name in FIELDS if name in columns), *(name for name in columns if name not in FIELDS))


def _joined(field: str, values: list[list[str]]) -> tuple[str, Sequence[str]]:
    """Return the text of a field with several values, and the values in it."""
    shown = [text for texts in values for text in texts] if field in _OF_ALL else values[0]
    return _BETWEEN.get(field, "\n").join(dict.fromkeys(text.strip() for text in shown)), shown


def _people(field: str, values: list[list[str]]) -> tuple[str, Sequence[str]]:
    return joined_people(dict.fromkeys(text.strip() for text in values[0])), values[0]


def _one(field: str, values: list[list[str]]) -> tuple[str, Sequence[str]]:
    return values[0][0].strip(), values[0][:1]


def _year(field: str, values: list[list[str]]) -> tuple[str, Sequence[str]]:
    years = [match[0] for texts in values for text in texts if (match := _YEAR.search(text))]
    year = years[0] if years else values[0][0].strip()
    return year, [text for texts in values for text in texts if text.strip(" /") == year]


def _doi(field: str, values: list[list[str]]) -> tuple[str, Sequence[str]]:
    texts = [text for each in values for text in each]
    dois = [match[0] for text in texts if (match := _DOI.search(text))]
    doi = dois[0].removesuffix("[doi]").rstrip(".,;]") if dois else ""
    return doi, [text for text in texts if doi in text and not _BESIDE_DOI.sub("", text.replace(doi, ""))]


_READERS = {"id": _one, "title": _one, "authors": _people, "journal": _one, "year": _year, "doi": _doi}
