"""The corpora page: what there is, and a form to build another."""

import streamlit as st

from data.catalog import CorpusStatus, list_corpora
from ui import plain, state
from ui.build_form import build_form


def corpora_page() -> None:
    """Draw the page."""
    _keep_session()
    st.html(plain.STYLE)
    st.title("Corpora", anchor=False)
    table = st.empty()
    st.subheader("Build a corpus", anchor=False)
    st.caption("The page must stay open while a corpus is built. A build that was interrupted goes on where it was.")
    if corpus := build_form():
        _keep_session()
        state.choose_corpus(corpus.manifest.name)
        built = f"Built {corpus.manifest.name}: {corpus.manifest.n_documents:,} documents."
        plain.show_message("success", f"{built} It is chosen on the page Search.")
    with table:
        _show_table(list_corpora())


def _keep_session() -> None:
    """Have the address name the session on this page too, so that a reload does not lose it."""
    if names := [status.name for status in list_corpora() if status.manifest]:
        state.open_session(names)


def _show_table(corpora: list[CorpusStatus]) -> None:
    if not corpora:
        st.caption("None yet.")
        return
    manifests = [status.manifest for status in corpora]
    st.dataframe(
        {
            "Name": [status.name for status in corpora],
            "Source": [manifest and manifest.source["source"] for manifest in manifests],
            "Documents": [manifest and manifest.n_documents for manifest in manifests],
            "Passages": [manifest and manifest.n_passages for manifest in manifests],
            "Model": [manifest and manifest.model for manifest in manifests],
            "Dimensions": [manifest and manifest.dim for manifest in manifests],
            "Precision": [manifest and manifest.precision for manifest in manifests],
            "Megabytes": [round(status.size / 1e6, 1) for status in corpora],
            "Built": [manifest and manifest.created for manifest in manifests],
            "State": [status.state for status in corpora],
        },
        hide_index=True,
    )
