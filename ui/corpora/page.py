"""Draw the page Corpora: the list, the chosen corpus and its buttons, the builds, and the form to build another."""

import streamlit as st

from exemplar.data.corpus.catalog import CorpusStatus, list_corpora
from exemplar.ui import html, resources, state
from exemplar.ui.corpora.actions import show_actions
from exemplar.ui.corpora.build_form import build_form
from exemplar.ui.corpora.builds import show_builds
from exemplar.ui.corpora.details import show_details, shown_source
from exemplar.ui.local_time import local_time
from exemplar.ui.navigation import keep_session

_CHOSEN = "chosen_corpus"


def corpora_page() -> None:
    """Draw the page."""
    keep_session()
    st.html(html.STYLE)
    st.title("Corpora", anchor=False)
    if uri := resources.index():
        notice = f"The search is served by Milvus at {uri}, the corpora below lie on this machine."
        html.show_message("warning", f"{notice} Put one there: exemplar push NAME --to {uri}")
    corpora = list_corpora()
    if corpora:
        _show_table(corpora)
        status = _choose(corpora)
        with st.container(border=True, key="corpus-chosen"):
            show_details(status)
            show_actions(status)
    else:
        st.caption("None yet. Build one below.")
    show_builds()
    st.subheader("Build a corpus", anchor=False)
    st.caption("A build goes on in the background, even when this page is closed, and can be stopped and built on.")
    build_form()


def _show_table(corpora: list[CorpusStatus]) -> None:
    manifests = [status.manifest for status in corpora]
    st.dataframe(
        {
            "Name": [status.name for status in corpora],
            "Documents": [manifest and manifest.n_documents for manifest in manifests],
            "Passages": [manifest and manifest.n_passages for manifest in manifests],
            "Size": [status.size for status in corpora],
            "State": [status.state for status in corpora],
            "Built": [local_time(manifest.created) if manifest else None for manifest in manifests],
            "Model": [manifest and manifest.encoder.title for manifest in manifests],
            "Source": [shown_source(manifest) if manifest else None for manifest in manifests],
        },
        column_config={
            "Documents": st.column_config.NumberColumn(format="localized"),
            "Passages": st.column_config.NumberColumn(format="localized"),
            "Size": st.column_config.NumberColumn(format="bytes"),
        },
        hide_index=True,
        placeholder="\N{EN DASH}",
        alt="The corpora by name",
    )


def _choose(corpora: list[CorpusStatus]) -> CorpusStatus:
    by_name = {status.name: status for status in corpora}
    if st.session_state.get(_CHOSEN) not in by_name:
        session = state.current()
        st.session_state[_CHOSEN] = session.corpus if session and session.corpus in by_name else next(iter(by_name))
    chosen = st.selectbox(
        "Corpus", list(by_name), key=_CHOSEN, help="What the details and the buttons below are about."
    )
    return by_name[chosen]
