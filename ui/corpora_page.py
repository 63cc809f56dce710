"""The corpora page: what there is, and a form to build another."""

import streamlit as st

from data.corpus import list_corpora
from ui import plain, state
from ui.build_form import build_form


def corpora_page() -> None:
    """Draw the page."""
    st.title("Corpora", anchor=False)
    table = st.empty()
    st.subheader("Build a corpus", anchor=False)
    st.caption("The page must stay open while a corpus is built.")
    corpus = build_form()
    if corpus is not None:
        manifest = corpus.manifest
        state.choose_corpus(manifest.name)
        built = f"{manifest.name}: {manifest.n_documents:,} documents. It is chosen on the page Search."
        st.success(plain.markdown(built), icon=":material/check:")
    with table:
        _show_table()


def _show_table() -> None:
    manifests = list_corpora()
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
