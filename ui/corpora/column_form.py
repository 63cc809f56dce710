"""Choose which columns of a table hold the text, the title, the label and the id."""

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
_NO_COLUMN, _GUESS_PER_TABLE = -1, -2  # instead of the number of a column


def choose_columns(spec: SourceSpec, preview: Preview) -> Columns:
    """Draw the pickers, which begin with the guessed columns; return the chosen ones, None for no column."""
    key = str(zlib.crc32(repr((spec.to_json(), preview.columns)).encode(errors="replace")))
    chosen = {}
    for place, role in zip(st.columns(4), _ROLES, strict=True):
        with place:
            chosen[role] = _choose_column(role, preview, key)
    return Columns(**chosen)


def _choose_column(role: str, preview: Preview, key: str) -> str | None:
    columns, guess = preview.columns, getattr(preview.chosen, role)
    several_tables = preview.chosen == Columns() and not preview.error
    others = [_GUESS_PER_TABLE] if several_tables else [] if role == "text" else [_NO_COLUMN]
    number = st.selectbox(
        f"{role.capitalize()} column",
        [*others, *range(len(columns))],
        index=len(others) + columns.index(guess) if guess is not None else 0 if others else None,
        key=f"build_{role} {key}",
        format_func=lambda number: _option_label(number, columns),
        placeholder="Choose a column",
        help=_ROLES[role],
    )
    return columns[number] if number is not None and number >= 0 else None


def with_columns(spec: SourceSpec, guessed: Columns, chosen: Columns) -> SourceSpec:
    """Return the spec that reads the chosen columns; the unchanged spec if they are the guessed ones."""
    if chosen == guessed:
        return spec
    text, title, label, doc_id = (
        OFF if column is None and guess is not None else column
        for column, guess in zip(astuple(chosen), astuple(guessed), strict=True)
    )
    return replace(spec, text_column=text, title_column=title, label_column=label, id_column=doc_id)


def _option_label(number: int, columns: tuple[str, ...]) -> str:
    if number == _GUESS_PER_TABLE:
        return "guessed in each table"
    return "no column" if number == _NO_COLUMN or number >= len(columns) else html.name(columns[number])
