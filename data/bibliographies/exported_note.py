"""The note by which an exported reference says its verdict, and which an import reads again.

::

    Exemplar: relevant; reason: wrong population; doc_id: W123; text_hash: 0123456789abcdef; note: see table 2

The note of the person comes last, since it may hold semicolons. A line break in a value is a blank here.
"""

from collections.abc import Mapping

_START = "Exemplar:"
_UNMARKED = "not marked"
_KEYS = ("mark_state", "reason", "reader", "marked", "doc_id", "text_hash", "note")


def written_note(values: Mapping[str, str | None], others: Mapping[str, str] | None = None) -> str:
    """Return the note of a reference.

    Parameters
    ----------
    values
        Its mark, mark_state, reason, reader, marked, doc_id, text_hash and note.
    others
        More for people to see, such as ranks, which is not read again.
    """
    parts = [f"{_START} {_line(values.get('mark') or _UNMARKED)}"]
    written = [(key, _line(values.get(key) or "")) for key in _KEYS if key != "note"] + list((others or {}).items())
    parts += [f"{key}: {value.replace('%', '%25').replace(';', '%3B')}" for key, value in written if value]
    note = _line(values.get("note") or "")
    return "; ".join([*parts, f"note: {note}"] if note else parts)


def read_note(text: str) -> dict[str, str] | None:
    """Return the values of a note; None if a text is no such note. A reference without a mark has none."""
    line = _line(text)
    if not line.startswith(_START):
        return None
    mark, _, rest = line.removeprefix(_START).partition(";")
    values = {} if mark.strip() == _UNMARKED else {"mark": mark.strip()}
    while rest:
        key, _, rest = rest.strip().partition(":")
        if key == "note":
            return values | {"note": rest.strip()}
        value, _, rest = rest.partition(";")
        if key in _KEYS:
            values[key] = value.strip().replace("%3B", ";").replace("%25", "%")
    return values


def _line(text: str) -> str:
    return " ".join(text.split())
