"""The "See Also" section of documentation in numpydoc's form, and the objects that it names."""

import re
from collections.abc import Container

_SECTION = re.compile(r"\nSee [Aa]lso\n-{3,}\n(?P<body>.*?)(?=\n[^\n]+\n-{3,}\n|\Z)", re.DOTALL)
_ROLE = re.compile(r":[\w:]+:(?=`)|[`~]")  # :func:`~numpy.sum`


def without_see_also(docstring: str) -> str:
    """Return a docstring without that section."""
    return _SECTION.sub("", docstring)


def see_also(docstring: str) -> list[str]:
    """Return the names in that section, as they are written: ``name, name : description``, descriptions indented."""
    section = _SECTION.search(docstring)
    lines = section["body"].splitlines() if section else []
    entries = [_ROLE.sub("", line) for line in lines if line and not line[0].isspace()]
    names = (name.strip() for entry in entries for name in re.split(r"\s*:(?:\s|$)", entry)[0].split(","))
    return [name for name in names if re.fullmatch(r"[\w.]+", name)]


def named_documents(doc_id: str, docstring: str, known: Container[str]) -> list[str | None]:
    """Return what the section of an object names: the known object that is meant, nearest first, or None."""
    parts = doc_id.split(".")
    around = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
    return [
        next((full for full in (name, *(f"{place}.{name}" for place in around)) if full in known), None)
        for name in see_also(docstring)
    ]
