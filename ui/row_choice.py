"""Choose a row of a table, by a click on it or by its name; the buttons of a page act on the chosen row."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

CHOSEN = "Chosen"  # the heading of the column that marks the chosen row
_MARK = "\N{BLACK CIRCLE}"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table.

    Attributes
    ----------
    ids
        What identifies the rows, in their order; all differ.
    names
        The names of the rows in the picker, by id; all differ.
    cells
        The cells by column; plain text or numbers.
    """

    ids: Sequence[str]
    names: Mapping[str, str]
    cells: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the last drawing showed; the browser's state differs from it if a person has clicked or picked since.

    The program never changes the state of either widget, but draws a new one under a new key: the browser may still
    send the state from before a change, which looks like a click.
    """

    ids: tuple[str, ...] = ()
    chosen: str | None = None
    table: str = ""
    picker: str = ""
    n_tables: int = 0
    n_pickers: int = 0
    cell: tuple[int, str] | None = None


def choose_row(
    key: str,
    rows: Rows,
    *,
    candidates: Sequence[str | None] = (),
    label: str,
    alt: str,
    place: DeltaGenerator | None = None,
    column_config: Mapping[str, Any] | None = None,
    placeholder: str | None = None,
) -> str:
    """Draw a table and a picker of its rows; return the id of the chosen row.

    The choice is kept by its id under ``key`` in the session's state, which may be set, and outlives changes of the
    rows. Positions never do: a table with other rows is a new widget, so that a late click on the old one is not
    taken for a click on the new one.

    Parameters
    ----------
    candidates
        The ids to choose if the last choice is none of the rows, the best first; the first row if none of them is one.
    label
        The label of the picker.
    alt
        The name of the table for screen readers.
    place
        Where the table goes; above the picker if None.
    column_config, placeholder
        As ``st.dataframe`` has them.
    """
    ids = tuple(rows.ids)
    last: _Drawn = st.session_state.get(f"{key} drawn", _Drawn())
    cell, clicked = _cell_of(last.table), _clicked(last)
    picked = _picked(last) if clicked is None else None
    wanted = (clicked, picked, st.session_state.get(key), *candidates)
    chosen = next((one for one in wanted if one in ids), ids[0])
    st.session_state[key] = chosen
    # A widget from which the choice did not come shows the last choice.
    n_tables = last.n_tables + (chosen not in (last.chosen, clicked))
    n_pickers = last.n_pickers + (chosen not in (last.chosen, picked))
    drawn = _Drawn(
        ids,
        chosen,
        f"{key} table {n_tables} {_checksum(ids)}",
        f"{key} picker {n_pickers} {_checksum(rows.names)}",
        n_tables,
        n_pickers,
    )
    st.session_state[f"{key} drawn"] = replace(drawn, cell=cell if drawn.table == last.table else None)
    _show_table(place or st.container(), drawn, rows, alt, column_config or {}, placeholder)
    st.selectbox(
        label,
        ids,
        index=ids.index(chosen),
        key=drawn.picker,
        format_func=lambda one: rows.names.get(one, one),
        help="What the buttons below are about. A click on a row of the table chooses it, too.",
    )
    return chosen


def _show_table(
    place: DeltaGenerator,
    drawn: _Drawn,
    rows: Rows,
    alt: str,
    column_config: Mapping[str, Any],
    placeholder: str | None,
) -> None:
    marks = [_MARK if one == drawn.chosen else "" for one in rows.ids]
    place.dataframe(
        {CHOSEN: marks, **rows.cells},
        key=drawn.table,
        on_select="rerun",
        selection_mode="single-cell",
        column_config={CHOSEN: st.column_config.TextColumn(width=75, alignment="center"), **column_config},
        hide_index=True,
        alt=alt,
        placeholder=placeholder,
    )


def _clicked(last: _Drawn) -> str | None:
    """Return the id of the row in which a cell was selected since the last drawing."""
    cell = _cell_of(last.table)
    if cell is None or cell == last.cell or not 0 <= cell[0] < len(last.ids):
        return None
    return last.ids[cell[0]]


def _picked(last: _Drawn) -> str | None:
    """Return the id that was picked by name since the last drawing."""
    picked: str | None = st.session_state.get(last.picker) if last.picker else None
    return picked if picked != last.chosen else None


def _cell_of(table: str) -> tuple[int, str] | None:
    """Return the position and the column of the selected cell of a table; None without one."""
    state = st.session_state.get(table) if table else None
    cells = state["selection"].get("cells") if state else None
    return (int(cells[0][0]), str(cells[0][1])) if cells else None


def _checksum(content: object) -> int:
    return zlib.crc32(repr(content).encode())
