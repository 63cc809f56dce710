"""The corpora page: what there is, and a form to build another."""

import streamlit as st

from data.corpus import Manifest, list_corpora
from ui import plain, state
from ui.build_form import build_form


def corpora_page() -> None:
    """Draw the page."""
    _keep_session()
    st.html(plain.STYLE)
    st.title("Corpora", anchor=False)
    table = st.empty()
    st.subheader("Build a corpus", anchor=False)
    st.caption("The page must stay open while a corpus is built.")
    if corpus := build_form():
        _keep_session()
        state.choose_corpus(corpus.manifest.name)
        built = f"Built {corpus.manifest.name}: {corpus.manifest.n_documents:,} documents."
        plain.show_message("success", f"{built} It is chosen on the page Search.")
    with table:
        _show_table(list_corpora())


def _keep_session() -> None:
    """Have the address name the session on this page too, so that a reload does not lose it."""
    if manifests := list_corpora():
        state.open_session([manifest.name for manifest in manifests])


def _show_table(manifests: list[Manifest]) -> None:
    if not manifests:
        st.caption("None yet.")
        return
    st.dataframe(
        {
            "Name": [manifest.name for manifest in manifests],
            "Source": [manifest.source["source"] for manifest in manifests],
            "Documents": [manifest.n_documents for manifest in manifests],
            "Model": [manifest.model for manifest in manifests],
            "Dimensions": [manifest.dim for manifest in manifests],
            "Precision": [manifest.precision for manifest in manifests],
            "Built": [manifest.created for manifest in manifests],
        },
        hide_index=True,
    )
