"""Draw the choice of rows, order and format of an export."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from exemplar.retrieval.exports.choice import OF_MARKS, WHICH, Choice, Order, Which
from exemplar.retrieval.exports.writing import FORMATS
from exemplar.retrieval.rankers import TITLES, Ranker

_ORDERS: dict[Order, str] = {"file": "As in the file", "rank": "By rank"}
_SHOWN = ("csv", "xlsx", "parquet", "jsonl", "ris", "bibtex", "dataset-zip")
_DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab"}
_DEFAULT_ROWS = 100
# Languages whose numbers have a decimal comma: their Excel expects semicolons between cells.
_WITH_SEMICOLONS = (
    "af az be bg bs ca cs da de el es et eu fi fr gl hr hu hy id is it ka kk lt lv mk nb nl nn no pl pt ro ru sk sl sq "
    "sr sv tr uk uz vi "
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person has chosen: rows and order, format, and the delimiter of CSV."""

    choice: Choice
    format: str
    delimiter: str


def choose_export(rankers: Sequence[Ranker], n_listed: int, *, only_marks: bool = False) -> Chosen:
    """Draw the choice.

    Parameters
    ----------
    rankers
        Those of the session's lists; none if nothing is ranked.
    n_listed
        The length of the lists, with their marked rows.
    only_marks
        The corpus was removed, so that nothing but the marks can be exported.
    """
    ranked = bool(rankers and n_listed)
    which: Which = st.selectbox(
        "Rows",
        [each for each in WHICH if (ranked or each != "first") and (each in OF_MARKS or not only_marks)],
        format_func=lambda each: WHICH[each][0].upper() + WHICH[each][1:],
        key="export_which",
        persist_state="session",
        help="A row of the file is a row of the export, with all of its columns. Marks on texts that the corpus does "
        "not have any more come at the end.",
    )
    n = _choose_n(n_listed) if which == "first" else None
    order: Order = "file"
    if ranked:
        order = st.segmented_control(
            "Order",
            list(_ORDERS),
            format_func=_ORDERS.__getitem__,
            default="file",
            required=True,
            key="export_order",
            persist_state="session",
            help="By rank, what is not in the list, as a filter keeps it out, follows at the end.",
        )
    ranker = _choose_list(rankers) if ranked and (n or order == "rank") else None
    format = st.segmented_control(
        "Format",
        list(_SHOWN),
        format_func=lambda name: FORMATS[name].title,
        default="csv",
        required=True,
        key="export_format",
        persist_state="session",
        help="CSV for spreadsheets: what they would run as a formula gets an apostrophe in front. RIS and BibTeX for "
        "Zotero and EndNote: the verdict is a note. JSON Lines, Parquet and a folder of datasets (as a zip) for "
        "programs: they are exact.",
    )
    return Chosen(
        Choice(which, n, order, ranker), format, choose_delimiter("export_delimiter") if format == "csv" else ","
    )


def _choose_n(n_listed: int) -> int:
    return st.number_input(
        "How many",
        min_value=1,
        max_value=n_listed,
        value=min(_DEFAULT_ROWS, n_listed),
        key=f"export_rows of {n_listed}",
        help=f"From the top of the list, which has {n_listed:,} with its marked rows. The copies of a row come along.",
    )


def _choose_list(rankers: Sequence[Ranker]) -> Ranker:
    if len(rankers) == 1:
        return rankers[0]
    return st.segmented_control(
        "List",
        list(rankers),
        format_func=TITLES.__getitem__,
        default=rankers[-1],
        required=True,
        key=f"export_list of {' '.join(rankers)}",
    )


def choose_delimiter(key: str) -> str:
    """Draw the choice of what stands between the cells of a CSV file."""
    language = (st.context.locale or "").partition("-")[0].lower()
    return st.segmented_control(
        "Between cells",
        list(_DELIMITERS),
        format_func=_DELIMITERS.__getitem__,
        default=";" if language and f"{language} " in _WITH_SEMICOLONS else ",",
        required=True,
        key=key,
        persist_state="session",
        help="Excel opens a file by a click if its language has this sign between cells: a semicolon where numbers "
        "have a decimal comma.",
    )
