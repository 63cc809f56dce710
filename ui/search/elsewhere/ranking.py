"""Draw the form that ranks a corpus by the weights of a saved search, and offers the ranking as a file."""

from collections.abc import Callable

import streamlit as st

from exemplar.data.corpus.corpus import Corpus
from exemplar.data.encoders.base import EncoderInfo
from exemplar.retrieval.exports.about import file_name
from exemplar.retrieval.exports.export import Export
from exemplar.retrieval.exports.ranks import limit_of_lists
from exemplar.retrieval.exports.writing import FORMATS
from exemplar.retrieval.saved_search.applying import apply, computed_otherwise
from exemplar.retrieval.saved_search.in_words import (
    IN_MILVUS,
    RANDOM_CHECK,
    figures_table,
    figures_title,
    in_figures,
    suggestion,
    why_no_figures,
)
from exemplar.retrieval.saved_search.ranked_rows import ranked_export
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.search import SearchEngine
from exemplar.ui.search.exporting.choice_form import choose_delimiter
from exemplar.ui.search.exporting.prepared import prepare, show_prepared

_FORMATS = ("xlsx", "csv", "parquet", "jsonl", "ris", "bibtex")


def show_ranking(
    make: Callable[[bool], SavedSearch],
    made_of: object,
    engine: SearchEngine,
    session_id: str,
    saved_threshold: float | None,
    saved_encoder: EncoderInfo,
) -> None:
    """Draw the form.

    Parameters
    ----------
    make
        Returns the saved search, with its figures or without.
    made_of
        What the saved search depends on.
    saved_threshold
        Of the saved search; it holds unless a person types another one.
    saved_encoder
        Of the saved search.
    """
    st.subheader("Rank it by the saved weights", anchor=False)
    st.caption("All rows as they came, with rank and score: a text has the same score in every corpus.")
    if not isinstance(engine.corpus, Corpus):
        st.caption(f"{IN_MILVUS} {limit_of_lists(engine.corpus)}")
    if otherwise := computed_otherwise(saved_encoder, engine.corpus.manifest.encoder):
        st.caption(otherwise)
    if st.toggle("How well the search tells your marks apart", key="elsewhere_figures"):
        _show_figures(make(True))
    threshold = st.number_input(
        "Threshold",
        value=None,
        format="%.6g",
        step=0.01,
        key="elsewhere_threshold",
        placeholder="None" if saved_threshold is None else f"{in_figures(saved_threshold)}, as saved",
        help="With one, the column passes says which rows have at least this score.",
    )
    format = st.segmented_control(
        "Format",
        list(_FORMATS),
        format_func=lambda name: FORMATS[name].title,
        default=_FORMATS[0],
        required=True,
        key="elsewhere_format",
    )
    delimiter = choose_delimiter("elsewhere_delimiter") if format == "csv" else ","
    name = file_name(engine.corpus.manifest.name, "ranked", FORMATS[format].suffix)

    def export() -> Export:
        saved = make(False)
        least = saved_threshold if threshold is None else threshold
        return ranked_export(apply(saved, engine), saved, threshold=least)

    key = f"elsewhere {session_id}"
    chosen = (made_of, engine.corpus.manifest, threshold, format, delimiter)
    place = st.container(gap=None)
    shown = show_prepared(key, chosen)
    place.button(
        "Prepare the ranking",
        key="prepare_ranking",
        icon=":material/hourglass_top:",
        disabled=shown == "running",
        on_click=prepare,
        args=(key, name, export, format, delimiter, chosen),
    )


def _show_figures(saved: SavedSearch) -> None:
    if saved.among_marks is None:
        st.caption(why_no_figures(saved))
        return
    st.caption(figures_title(saved.among_marks))
    st.table(figures_table(saved.among_marks))
    st.caption(f"{suggestion(saved.among_marks)} {RANDOM_CHECK}")
