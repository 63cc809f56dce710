"""Draw the page Corpora: the list, the chosen corpus and its buttons, the builds, and the form to build another."""

from typing import Any

import streamlit as st

from exemplar.data.corpus.catalog import CorpusStatus, list_corpora
from exemplar.data.corpus.manifest import Manifest
from exemplar.ui import html, resources, state
from exemplar.ui.corpora.actions import show_actions
from exemplar.ui.corpora.add_form import add_form
from exemplar.ui.corpora.build_form import build_form
from exemplar.ui.corpora.builds import show_builds
from exemplar.ui.corpora.details import show_details, shown_sources
from exemplar.ui.corpora.form_memory import ADDING, refill_form
from exemplar.ui.local_time import local_time
from exemplar.ui.navigation import keep_session
from exemplar.ui.row_choice import Rows, choose_row

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
        status = _choose(corpora)
        with st.container(border=True, key="corpus-chosen"):
            show_details(status)
            show_actions(status)
    else:
        st.caption("None yet. Build one below.")
    show_builds()
    refill_form()
    manifests = {status.name: status.manifest for status in corpora}
    _show_form(manifests.get(st.session_state.get(ADDING, "")))


def _show_form(adds_to: Manifest | None) -> None:
    """Draw the form that adds to a corpus, or the one that builds another."""
    if adds_to is not None:  # a name is Markdown; its other signs mean nothing there
        name = adds_to.name.replace("_", r"\_")
        st.subheader(f"Add to {name}", anchor=False)
        st.caption(
            "Its documents join those of the corpus, read by the same columns; marks stay. All files of the corpus are "
            "read again, and only new texts are embedded."
        )
        add_form(adds_to)
        return
    st.subheader("Build a corpus", anchor=False)
    st.caption("A build goes on in the background, even when this page is closed, and can be stopped and built on.")
    build_form()


def _choose(corpora: list[CorpusStatus]) -> CorpusStatus:
    """Draw the list of the corpora; return the chosen one."""
    by_name = {status.name: status for status in corpora}
    session = state.current()
    chosen = choose_row(
        _CHOSEN,
        Rows(list(by_name), {name: name for name in by_name}, _cells(corpora)),
        candidates=[session.corpus] if session else [],
        label="Corpus",
        alt="The corpora by name",
        column_config={
            "Documents": st.column_config.NumberColumn(format="localized"),
            "Passages": st.column_config.NumberColumn(format="localized"),
            "Size": st.column_config.NumberColumn(format="bytes"),
        },
        placeholder="\N{EN DASH}",
    )
    return by_name[chosen]


def _cells(corpora: list[CorpusStatus]) -> dict[str, list[Any]]:
    manifests = [status.manifest for status in corpora]
    return {
        "Name": [status.name for status in corpora],
        "Documents": [manifest and manifest.n_documents for manifest in manifests],
        "Passages": [manifest and manifest.n_passages for manifest in manifests],
        "Size": [status.size for status in corpora],
        "State": [status.state for status in corpora],
        "Built": [local_time(manifest.created) if manifest else None for manifest in manifests],
        "Model": [manifest and manifest.encoder.title for manifest in manifests],
        "Source": [shown_sources(manifest) if manifest else None for manifest in manifests],
    }
