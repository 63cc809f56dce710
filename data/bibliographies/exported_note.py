"""The note by which an exported reference says its verdict, and which an import reads again.

::

    Exemplar: relevant; reason: wrong population; doc_id: W123; text_hash: 0123456789abcdef; note: see table 2

The note of the person comes last, since it may hold semicolons. A line break in a value is a blank here.
"""

from collections.abc import Mapping

_START = "Exemplar:"
_KEYS = ("reason", "reader", "marked", "doc_id", "text_hash", "note")


def written_note(values: Mapping[str, str | None]) -> str:
    """Return the note of a reference from its values: mark, reason, reader, marked, doc_id, text_hash and note."""
    parts = [f"{_START} {_line(values.get('mark') or 'not marked')}"]
    parts += [f"{key}: {_escaped(key, value)}" for key in _KEYS if (value := _line(values.get(key) or ""))]
    return "; ".join(parts)


def read_note(text: str) -> dict[str, str] | None:
    """Return the values of a note; None if a text is no such note. A reference without a mark has none."""
    line = _line(text)
    if not line.startswith(_START):
        return None
    mark, *rest = line.removeprefix(_START).split(";", 1)
    values = {} if mark.strip() == "not marked" else {"mark": mark.strip()}
    remaining = rest[0].strip() if rest else ""
    while remaining:
        key, _, remaining = remaining.partition(":")
        if key.strip() not in _KEYS:
            break
        value = remaining
        if key.strip() == "note":
            remaining = ""
        else:
            value, _, remaining = remaining.partition(";")
        values[key.strip()] = value.strip().replace("%3B", ";").replace("%25", "%") if key != "note" else value.strip()
        remaining = remaining.strip()
    return values


def _escaped(key: str, value: str) -> str:
    return value if key == "note" else value.replace("%", "%25").replace(";", "%3B")


def _line(text: str) -> str:
    return " ".join(text.split())
