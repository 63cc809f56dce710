"""Names of people in one cell: how the readers of bibliographies join them, and how cells of tables list them."""

import re
from collections.abc import Iterable, Sequence

_MOST = 1_000_000  # characters of a cell
_LONGEST = 200  # characters of a short form; whether a longer run of letters is one would take long to see
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"(?=\s*(?:[;\n]|$))|([^;\n]*))\s*(?:[;\n]|$)')
_PARTED = re.compile(r'[;\n]|^"')
_INITIALS = r"(?:[^\W\d_a-z]\.?[ -]?){1,4}"
_SHORT = re.compile(rf"([^,]*[^\W\d_][^,\s]+) ({_INITIALS})")  # Doe JA
_ONLY_INITIALS = re.compile(_INITIALS)


def joined_people(names: Iterable[str]) -> str:
    """Return names as a cell from which ``people_in`` takes them: a name that it would part is in quotes."""
    listed = [name for name in names if name]
    if len(listed) == 1 and not _PARTED.search(listed[0]) and people_in(listed[0]) != listed:
        return _quoted(listed[0])
    return "; ".join(_quoted(name) if _PARTED.search(name) else name for name in listed)


def people_in(cell: str) -> list[str]:
    """Return the names in a cell.

    Semicolons and line breaks part them. Without these, ``and`` does between names with commas, and commas do where
    only that can be meant: ``Doe J, Roe R``, which become ``Doe, J`` and ``Roe, R``; ``Doe, J., Roe, R.``; and three
    or more full names.
    """
    if len(cell) > _MOST:
        return [cell]
    found: list[tuple[str, str]] = [(match[1], match[2]) for match in _PART.finditer(cell)]
    names = [quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found if quoted or plain]
    is_one = len(names) == 1 and not found[0][0]
    return _without_semicolons(names[0]) if is_one else names


def _without_semicolons(cell: str) -> list[str]:
    names = cell.split(" and ")
    if len(names) > 1 and all("," in name for name in names):
        return names
    parts = [part.strip() for part in cell.split(",")]
    if len(parts) < 2:
        return [cell]
    if short := _all_short(parts):
        return short
    surnames, initials = parts[::2], parts[1::2]
    if len(parts) > 2 and len(surnames) == len(initials) and all(map(_ONLY_INITIALS.fullmatch, initials)):
        return [", ".join(pair) for pair in zip(surnames, initials, strict=True)]
    is_list = len(parts) > 2 and all(" " in part for part in parts)
    return parts if is_list else [cell]


def _all_short(parts: Sequence[str]) -> list[str]:
    """Return names such as Doe J with a comma behind the surname; none if one of them is another."""
    matches = [_SHORT.fullmatch(part) if len(part) <= _LONGEST else None for part in parts]
    return [f"{match[1]}, {match[2]}" for match in matches if match] if all(matches) else []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
