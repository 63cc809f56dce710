"""What references say beside their fields: volume, pages, publisher and so on, whatever their source calls them.

The names of BibTeX stand for all others. Where a format has no name of its own for a column, it keeps its name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from exemplar.data.bibliographies.people import people_in
from exemplar.data.files.usual_names import plain_name

Tags = Literal["ris", "medline", "wos"]  # whose names columns of two capitals have

RIS = {
    "volume": "VL", "number": "IS", "first page": "SP", "last page": "EP", "serial": "SN", "publisher": "PB",
    "address": "CY", "edition": "ET", "editor": "A2", "series": "T3", "language": "LA", "shorttitle": "ST",
    "shortjournal": "J2", "affiliation": "AD", "eid": "C7", "chapter": "SE", "type": "M3", "date": "DA",
    "urldate": "Y2", "booktitle": "BT", "note": "N1",
}  # fmt: skip
_OF_RIS = {tag: name for name, tag in RIS.items()} | {"ED": "editor", "JA": "shortjournal", "PY": "date", "Y1": "date"}
_OF_MEDLINE = {
    "VI": "volume", "IP": "number", "PG": "pages", "IS": "serial", "ISBN": "serial", "PB": "publisher", "PL": "address",
    "FED": "editor", "ED": "editor", "EN": "edition", "LA": "language", "TA": "shortjournal", "AD": "affiliation",
    "DP": "date", "BTI": "booktitle", "GN": "note",
}  # fmt: skip
_OF_WOS = {
    "VL": "volume", "IS": "number", "BP": "first page", "EP": "last page", "AR": "eid", "SN": "serial", "EI": "serial",
    "BN": "serial", "PU": "publisher", "PI": "address", "BE": "editor", "ED": "editor", "SE": "series",
    "LA": "language", "JI": "shortjournal", "C1": "affiliation", "PD": "month",
}  # fmt: skip
_OF_TAGS: Mapping[Tags, Mapping[str, str]] = {"ris": _OF_RIS, "medline": _OF_MEDLINE, "wos": _OF_WOS}
_OF_ENDNOTE = {
    "%V": "volume", "%N": "number", "%P": "pages", "%@": "serial", "%I": "publisher", "%C": "address", "%7": "edition",
    "%E": "editor", "%S": "series", "%G": "language", "%!": "shorttitle", "%+": "affiliation", "%8": "date",
    "%Z": "note",
}  # fmt: skip
_USUAL = {
    "volume": "volume", "number": "number", "issue": "number", "issue number": "number", "pages": "pages",
    "page range": "pages", "page start": "first page", "page end": "last page", "start page": "first page",
    "end page": "last page", "issn": "serial", "isbn": "serial", "publisher": "publisher", "school": "publisher",
    "institution": "publisher", "organization": "publisher", "address": "address", "location": "address",
    "place": "address", "pub location": "address", "edition": "edition", "editor": "editor", "editors": "editor",
    "series": "series", "tertiary title": "series", "language": "language", "shorttitle": "shorttitle",
    "short title": "shorttitle", "shortjournal": "shortjournal", "journal abbreviation": "shortjournal",
    "abbr 1": "shortjournal", "affiliation": "affiliation", "affiliations": "affiliation", "eid": "eid",
    "art. no.": "eid", "article number": "eid", "chapter": "chapter", "other type": "type", "date": "date",
    "month": "month", "urldate": "urldate", "booktitle": "booktitle", "note": "note", "annote": "note",
    "notes": "note",
}  # fmt: skip

_ONLY_MEDLINE = frozenset({"VI", "IP", "JT", "JID", "FAU", "OWN", "STAT", "DCOM", "EDAT", "PHST", "MHDA"})
_ONLY_WOS = frozenset({"BP", "PU", "J9", "JI", "PT", "EI", "Z9", "GA", "NR", "TC", "WC"})
# Of RIS, which mean something else, or nothing, where PubMed and Web of Science have them.
_TAGS_OF_RIS = frozenset(
    f"{letter}{second}"
    for letter, seconds in {
        "A": "1234BDNU", "C": "12345678ANPTY", "D": "ABOP", "E": "DPT", "I": "DS", "J": "12AFO", "K": "W",
        "L": "1234ABK", "M": "123", "N": "12OV", "O": "P", "P": "BPY", "R": "INPT", "S": "ENPTV", "T": "123AITY",
        "U": "12345R", "V": "LO", "Y": "12",
    }.items()
    for second in seconds
)  # fmt: skip
_MANY = frozenset({"editor", "issn", "isbn", "publisher", "affiliation", "note"})  # of which there may be several
_SERIALS = re.compile(r"[;,\n]")
_ISBN_DIGITS = 9
_LONGEST_PAGES = 100  # characters
_DASH = "[-\u2013\u2014]"
_PAGES = re.compile(rf"(\w[^-\u2013\u2014]*?)\s*{_DASH}+\s*([^-\u2013\u2014]*\w)")
_DASHED = re.compile(r"(\S.*?)\s*(?:--+|[\u2013\u2014])\s*(\S.*)")
_DATE = re.compile(r"(\d{4})[-/](\d\d)(?:[-/](\d\d)?)?[-/]?")
_DAY = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)(?!\d)")
_WORDY_DATE = re.compile(r"(\d{4}) ([A-Za-z]{3})[a-z]*\.?(?: (\d{1,2}))?")
_SEASON = re.compile(r"(\d{4})///(.+)", re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Details:
    """What a reference says beside its fields.

    Attributes
    ----------
    named
        The values of details by the names of BibTeX; pages are ``first page`` and ``last page``, a date is ISO 8601,
        and what is no date of a year, such as Spring, is its ``season``.
    others
        The cells of other columns, by their own names.
    """

    named: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)


def tags_of(columns: Iterable[str]) -> Tags:
    """Return whose tags some columns are."""
    names = frozenset(columns)
    return "medline" if names & _ONLY_MEDLINE else "wos" if names & _ONLY_WOS else "ris"


def detail_of(column: str, tags: Tags) -> str | None:
    """Return the detail that a column has; None for another column."""
    return _OF_TAGS[tags].get(column) or _OF_ENDNOTE.get(column) or _USUAL.get(plain_name(column))


def is_misleading(column: str, tags: Tags) -> bool:
    """Return whether a column without a detail has a name that means something else in RIS."""
    return column == "AU" or (tags != "ris" and column in _TAGS_OF_RIS)  # AU: the short forms of the authors


def tag_of(column: str, tags: Tags) -> str | None:
    """Return the tag of RIS that a column is by its name, in lower case where BibTeX has kept it; None for none."""
    if re.fullmatch("[A-Z][A-Z0-9]", column):
        return None if is_misleading(column, tags) else column
    return column.upper() if re.fullmatch("[a-z][a-z0-9]", column) and column.upper() in _TAGS_OF_RIS else None


def details_of(cells: Mapping[str, str], year: str, tags: Tags) -> Details:
    """Return the details in the cells of a reference of a year, by the names of their columns."""
    found = Details()
    for column, text in cells.items():
        detail = detail_of(column, tags)
        values = list(_values(detail, text, year, tags)) if detail else []
        if values and all(name in _MANY or name not in found.named for name, _ in values):
            for name, value in values:
                found.named.setdefault(name, []).append(value)
        elif (detail is None and not is_misleading(column, tags)) or (detail and tags == "ris"):
            found.others[column] = text
    return found


def dashed_pages(text: str) -> str:
    """Return pages with the dash of BibTeX between the first and the last."""
    return "--".join(_pages(text))


def _values(detail: str, text: str, year: str, tags: Tags) -> Iterator[tuple[str, str]]:
    """Yield a detail in its parts."""
    if detail == "serial":
        for each in filter(None, map(str.strip, _SERIALS.split(text))):
            yield ("isbn" if sum(map(str.isdigit, each)) >= _ISBN_DIGITS else "issn"), each
    elif detail == "pages":
        first, *last = _pages(text)
        yield "first page", first
        yield from (("last page", _full_page(first, each) if tags == "medline" else each) for each in last)
    elif detail == "editor":
        yield from ((detail, name.strip()) for name in (text.split("\n") if "\n" in text else people_in(text)))
    elif detail in ("affiliation", "note"):
        yield from ((detail, line) for each in text.split("\n") if (line := each.strip()))
    elif detail == "urldate" and (match := _DAY.match(text)):
        yield detail, "-".join(match.groups())
    elif detail in ("date", "month"):
        yield from _date(text.strip(), year)
    else:
        yield detail, text.strip()


def _pages(text: str) -> list[str]:
    """Return the first and the last page; one text where these are not plain."""
    text = text.strip()
    match = _PAGES.fullmatch(text) or _DASHED.fullmatch(text) if len(text) <= _LONGEST_PAGES else None
    return [match[1], match[2]] if match else [text]


def _full_page(first: str, last: str) -> str:
    """Return the last page as a number of its own: 129 for PubMed's 123-9."""
    both = first.isdigit() and last.isdigit() and len(last) < len(first)
    return first[: len(first) - len(last)] + last if both else last


def _date(text: str, year: str) -> Iterator[tuple[str, str]]:
    if match := _DATE.fullmatch(text):
        yield "date", "-".join(filter(None, match.groups()))
    elif match := _SEASON.fullmatch(text):
        yield "season", match[2].strip()
    elif year and (match := _WORDY_DATE.fullmatch(text if text.startswith(year) else f"{year} {text}")):
        month = _MONTHS.index(match[2].lower()) + 1 if match[2].lower() in _MONTHS else 0
        day = f"-{int(match[3]):02}" if match[3] else ""
        yield ("date", f"{year}-{month:02}{day}") if month else ("season", text.removeprefix(year).strip())
    elif year and text != year:
        yield "season", text.removeprefix(year).strip()
