"""Welcome a person who has no corpus yet."""

import streamlit as st

from exemplar.ui.corpora.build_form import build_form
from exemplar.ui.corpora.builds import show_builds


def welcome() -> None:
    """Draw what Exemplar does, and the form that builds a corpus."""
    st.write(
        "Semantic search that learns from the rows you click. There is no corpus to search yet: build one. "
        "The documentation of pandas, NumPy and scikit-learn, as they are installed here, does to begin with."
    )
    build_form(example="docs")
    show_builds()
