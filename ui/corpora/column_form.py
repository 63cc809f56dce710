"""Which column of a table is what, to be chosen."""

import zlib
from dataclasses import astuple, replace

import streamlit as st

from exemplar.data.sources.columns import OFF, Columns
from exemplar.data.sources.preview import Preview
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html

_ROLES = {
    "text": "What is embedded and searched.",
    "title": "Put in front of the text.",
    "label": "What kind a document is; it is shown, and can be filtered by.",
    "id": "What identifies a document, so that marks stay with it when the corpus is built again. Without one a "
    "document goes by the number of its row.",
}
_NO_COLUMN, _EACH_ITS_OWN = -1, -2  # in place of a column's number


def choose_columns(spec: SourceSpec, found: Preview) -> Columns:
    """Draw the pickers, with what was guessed chosen; return what is chosen, None for no column."""
    several = found.chosen == Columns() and not found.error  # tables, each with columns of its own
    key = zlib.crc32(repr((spec.to_json(), found.columns)).encode(errors="replace"))
    picked = {}
    for place, role in zip(st.columns(4), _ROLES, strict=True):
        numbers = list(range(len(found.columns)))
        others = [_EACH_ITS_OWN] if several else [] if role == "text" else [_NO_COLUMN]
        guess = getattr(found.chosen, role)
        number = place.selectbox(
            f"{role.capitalize()} column",
            [*others, *numbers],
            index=len(others) + found.columns.index(guess) if guess is not None else 0 if others else None,
            key=f"build_{role} {key}",
            format_func=lambda number: _called(number, found.columns),
            placeholder="Choose a column",
            help=_ROLES[role],
        )
        picked[role] = found.columns[number] if number is not None and number >= 0 else None
    return Columns(**picked)


def with_columns(spec: SourceSpec, guessed: Columns, picked: Columns) -> SourceSpec:
    """Return the spec that reads the picked columns; the spec itself if they are the guessed ones."""
    if picked == guessed:
        return spec
    text, title, label, doc_id = (
        OFF if column is None and guess is not None else column
        for column, guess in zip(astuple(picked), astuple(guessed), strict=True)
    )
    return replace(spec, text_column=text, title_column=title, label_column=label, id_column=doc_id)


def _called(number: int, columns: tuple[str, ...]) -> str:
    if number == _EACH_ITS_OWN:
        return "guessed in each table"
    return "no column" if number == _NO_COLUMN or number >= len(columns) else html.name(columns[number])
