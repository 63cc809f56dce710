"""Draw the form that adds a file, or another source, to a corpus."""

import dataclasses

import streamlit as st

from exemplar.data.building.adding import plan_with
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.build_form import choose_limit
from exemplar.ui.corpora.form_memory import ADDING, empty_form, new_form
from exemplar.ui.corpora.source_form import choose_source
from exemplar.ui.corpora.source_preview import forget_source, preview_button, show_source


def begin_adding(name: str) -> None:
    """Show the form for a corpus from now on."""
    new_form()
    forget_source()
    st.session_state[ADDING] = name


def add_form(manifest: Manifest) -> None:
    """Draw the form; its button adds a source to a corpus in the background."""
    with st.container(key="new-build"):
        try:
            kind, spec = choose_source("")
        except OSError as error:
            html.show_message("error", f"the file could not be saved: {error}")
            return
        if kind != "upload":
            preview_button(spec)
        above = st.container()
        limit = choose_limit()
        with st.container(horizontal=True):
            pressed = st.button(
                "Add", key="build", type="primary", icon=":material/add:", help="Begin, in the background."
            )
            st.button(
                "Don't add",
                key="build_add_nothing",
                icon=":material/close:",
                help="Show the form of another corpus again.",
                on_click=_end_adding,
            )
        with above:
            readable = show_source(kind, spec, pressed=pressed, first=manifest.source)
            if readable is not None:
                _begin(manifest.name, dataclasses.replace(readable, limit=limit))


def _end_adding() -> None:
    new_form()
    forget_source()


def _begin(name: str, spec: SourceSpec) -> None:
    try:
        plan, is_new = plan_with(name, spec)
        build_job.begin(plan, "" if is_new else f"{name} has this file already; all of its files are read again.")
    except ExemplarError as error:
        html.show_message("error", str(error))
        return
    empty_form(name)
    forget_source()
    st.rerun()
