"""Choose which columns of a table hold the text, the title, the label and the id, by name or in a table of examples."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace

import streamlit as st

from exemplar.data.sources.columns import OFF, Columns
from exemplar.data.sources.preview import Preview
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html
from exemplar.ui.corpora.examples import N_EXAMPLES

_ROLES = {
    "text": "What is embedded and searched.",
    "title": "Put in front of the text.",
    "label": "What kind a document is; it is shown, and can be filtered by.",
    "id": "What identifies a document, so that marks stay with it when the corpus is built again. Without one a "
    "document goes by the number of its row.",
}
_NO_COLUMN, _GUESS_PER_TABLE = -1, -2  # instead of the number of a column
_NO_ROLE = "none"
_ROLE, _COLUMN = "Role", "Column"  # headings
_MOST_ROWS_SEEN = 8  # the table of more columns scrolls
_ROW = 35  # pixels
_BREAKS = re.compile(r"[\r\n]+")  # within a name, which a picker joins to one word

Numbers = dict[str, int | None]  # of the column of each role


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of columns as it was drawn last.

    Attributes
    ----------
    number
        How many tables were drawn before it; it is in the key of the widget.
    first
        The roles of the columns when it was drawn first; the person's edits come on top of them.
    roles
        The roles when it was drawn last.
    """

    number: int = 0
    first: Sequence[str] = ()
    roles: Sequence[str] = ()


def choose_columns(spec: SourceSpec, preview: Preview, examples: Mapping[str, Sequence[str]]) -> Columns:
    """Draw the pickers and the table of columns; return the chosen columns, None for no column.

    Both begin with the guessed columns, and a change in one shows in the other.
    """
    key = str(zlib.crc32(repr((spec.to_json(), preview.columns)).encode(errors="replace")))
    _take_edits(key, preview)
    numbers: Numbers = {}
    for place, role in zip(st.columns(4), _ROLES, strict=True):
        with place:
            numbers[role] = _choose_column(role, preview, key)
    _show_table(key, preview.columns, examples, _roles_of(numbers, len(preview.columns)))
    return Columns(**{role: _column(number, preview.columns) for role, number in numbers.items()})


def _choose_column(role: str, preview: Preview, key: str) -> int | None:
    columns, guess, others = preview.columns, getattr(preview.chosen, role), _others(role, preview)
    number: int | None = st.selectbox(
        f"{role.capitalize()} column",
        [*others, *range(len(columns))],
        index=len(others) + columns.index(guess) if guess is not None else 0 if others else None,
        key=_picker(role, key),
        persist_state="session",
        format_func=lambda number: _option_label(number, columns),
        placeholder="Choose a column",
        help=_ROLES[role],
    )
    return number


def _others(role: str, preview: Preview) -> list[int]:
    """Return what may be chosen for a role instead of a column."""
    several_tables = preview.chosen == Columns() and not preview.error
    return [_GUESS_PER_TABLE] if several_tables else [] if role == "text" else [_NO_COLUMN]


def _show_table(key: str, columns: Sequence[str], examples: Mapping[str, Sequence[str]], roles: list[str]) -> None:
    """Draw the columns with their roles, which can be changed there, and with their first values."""
    table = _last(key)
    # Where it would show an edit that no longer holds, a new table takes its place: edits can't be taken back.
    table = replace(table, roles=roles) if roles == _edited(key, table) else _Table(table.number + 1, roles, roles)
    st.session_state[f"build_roles {key}"] = table
    values = [[*examples.get(column, ()), *[""] * N_EXAMPLES][:N_EXAMPLES] for column in columns]
    shared = sorted({role for role in roles if role and role.lower() not in _ROLES})
    headings = [f"Example {n + 1}" for n in range(N_EXAMPLES)]
    st.data_editor(
        {
            _ROLE: [role or None for role in table.first],
            _COLUMN: [html.shortened(html.name(column)) for column in columns],
            **{heading: list(cells) for heading, cells in zip(headings, zip(*values, strict=True), strict=True)},
        },
        key=_editor(key, table),
        hide_index=True,
        height="auto" if len(columns) <= _MOST_ROWS_SEEN else (_MOST_ROWS_SEEN + 1) * _ROW + _ROW // 2,
        disabled=[_COLUMN, *headings],
        column_config={
            _ROLE: st.column_config.SelectboxColumn(
                options=[*(role.capitalize() for role in _ROLES), *shared, _NO_ROLE],
                width="small",
                help="Choose here, with two clicks or with Enter, or above by name.",
            ),
            _COLUMN: st.column_config.TextColumn(width="medium"),
        },
        placeholder="",
        alt="The columns, their roles and their first values",
    )


def _take_edits(key: str, preview: Preview) -> None:
    """Set the pickers as the roles in the table were edited since the last drawing."""
    table = _last(key)
    if _editor(key, table) in st.session_state:  # the page was not left meanwhile
        for number, (old, new) in enumerate(zip(table.roles, _edited(key, table), strict=True)):
            if old != new:
                _give_role(key, number, new, preview)


def _give_role(key: str, number: int, role: str, preview: Preview) -> None:
    """Give a column one role, or none, and take its other roles away."""
    for each in _ROLES:
        if role.lower() == each:
            st.session_state[_picker(each, key)] = number
        elif st.session_state.get(_picker(each, key)) == number and each.capitalize() not in role.split(", "):
            st.session_state[_picker(each, key)] = next(iter(_others(each, preview)), None)


def _edited(key: str, table: _Table) -> list[str]:
    """Return the roles of the columns as the table shows them, with the edits of the person."""
    edits = st.session_state.get(_editor(key, table), {}).get("edited_rows", {})
    roles = list(table.first)
    for number, edited in edits.items():
        if _ROLE in edited and int(number) < len(roles):
            role = edited[_ROLE]
            roles[int(number)] = "" if role in (None, _NO_ROLE) else role
    return roles


def _roles_of(numbers: Numbers, n_columns: int) -> list[str]:
    """Return the roles of each column, with commas between; empty for a column without one."""
    roles: list[list[str]] = [[] for _ in range(n_columns)]
    for role, number in numbers.items():
        if number is not None and 0 <= number < n_columns:
            roles[number].append(role.capitalize())
    return [", ".join(names) for names in roles]


def with_columns(spec: SourceSpec, guessed: Columns, chosen: Columns) -> SourceSpec:
    """Return the spec that reads the chosen columns; the unchanged spec if they are the guessed ones."""
    if chosen == guessed:
        return spec
    text, title, label, doc_id = (
        OFF if column is None and guess is not None else column
        for column, guess in zip(astuple(chosen), astuple(guessed), strict=True)
    )
    return replace(spec, text_column=text, title_column=title, label_column=label, id_column=doc_id)


def _column(number: int | None, columns: Sequence[str]) -> str | None:
    return columns[number] if number is not None and number >= 0 else None


def _option_label(number: int, columns: tuple[str, ...]) -> str:
    if number == _GUESS_PER_TABLE:
        return "guessed in each table"
    if number == _NO_COLUMN or number >= len(columns):
        return "no column"
    return html.name(_BREAKS.sub(" ", columns[number]))


def _picker(role: str, key: str) -> str:
    return f"build_{role} {key}"


def _last(key: str) -> _Table:
    table: _Table = st.session_state.get(f"build_roles {key}", _Table())
    return table


def _editor(key: str, table: _Table) -> str:
    return f"build_columns {key} {table.number}"
