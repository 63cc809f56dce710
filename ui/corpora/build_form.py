"""The form that builds a corpus: its documents, a look at them, and how they are prepared."""

import dataclasses
from collections.abc import Callable

import streamlit as st

from exemplar.data.building.plan import BuildPlan
from exemplar.data.corpus.manifest import check_name, is_known
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.preview import Preview, look_at
from exemplar.data.sources.read import default_name
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html, state
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.column_form import choose_columns, with_columns
from exemplar.ui.corpora.preview import show_preview
from exemplar.ui.corpora.source_form import ask_source, fresh, start_afresh

_LOOKED = "build_looked_at"  # the source that was looked at last
_PREVIEWS = "build_previews"
_MOST_PREVIEWS = 8

_NAME_FIRST = {
    "upload": "choose a file first",
    "path": "name a file or folder first",
    "docs": "name a package first",
    "hub": "name a data set first",
}


def build_form(example: str = "") -> None:
    """Draw the form; Build begins in the background.

    ``example`` is the source that is chosen to begin with.
    """
    with st.container(key="new-build"):
        try:
            kind, spec = ask_source(example)
        except OSError as error:
            html.show_message("error", f"the file could not be kept: {error}")
            return
        if kind != "upload" and st.button(
            "Look at it",
            key="build_look",
            icon=":material/visibility:",
            help="Show the first documents as they will be read, and choose the columns.",
        ):
            st.session_state.pop(_PREVIEWS, None)
            st.session_state[_LOOKED] = spec
        above = st.container()
        plan = _ask_plan(spec)
        pressed = st.button(
            "Build", key="build", type="primary", icon=":material/play_arrow:", help="Begin, in the background."
        )
        with above:
            if spec is None:
                if pressed or st.session_state.get("build_look"):
                    html.show_message("error", _NAME_FIRST[kind])
                return
            if pressed or kind == "upload":
                st.session_state[_LOOKED] = spec
            ready = _show_look(spec) if st.session_state.get(_LOOKED) == spec else None
            if pressed and ready is not None:
                _begin(plan, ready)


def _show_look(spec: SourceSpec) -> SourceSpec | None:
    """Draw the pickers and the first documents; return the spec with its columns, None if they can't be read."""
    preview = _looked(spec)
    chosen = spec
    if preview.columns:
        chosen = with_columns(spec, preview.chosen, choose_columns(spec, preview))
        if chosen.text_column is None and preview.error and preview.chosen.text is None:
            html.show_message("warning", "none of the columns is called as a text usually is; choose the Text column")
            return None
        preview = _looked(chosen)
    if preview.error:
        html.show_message("error", preview.error)
    show_preview(preview)
    return None if preview.error else chosen


def _looked(spec: SourceSpec) -> Preview:
    """Look at a source, once."""
    previews: dict[SourceSpec, Preview] = st.session_state.setdefault(_PREVIEWS, {})
    if spec not in previews:
        with st.spinner("Looking at the documents"):
            preview = look_at(spec)
        while len(previews) >= _MOST_PREVIEWS:
            del previews[next(iter(previews))]
        previews[spec] = preview
    return previews[spec]


def _ask_plan(spec: SourceSpec | None) -> Callable[[SourceSpec], BuildPlan]:
    """Draw the widgets that say how documents are prepared; return a plan that lacks its source."""
    usual = _usual_name(spec) if spec else ""
    name = st.text_input(
        "Name",
        key=fresh("build_name"),
        placeholder=usual,
        help="What the corpus is to be called. Without one it is named after its documents.",
    )
    with st.expander("More choices", key=fresh("build_more")):
        limit = st.number_input(
            "Limit",
            min_value=1,
            value=None,
            key=fresh("build_limit"),
            help="At most so many documents, from the first; all without.",
        )
        model = st.text_input(
            "Model",
            value=DEFAULT_MODEL,
            key=fresh("build_model"),
            help="Any SentenceTransformer: a name on the Hugging Face hub, or a folder on this machine.",
        )
        whole = st.checkbox(
            "Whole documents",
            key=fresh("build_whole"),
            help="One passage a document, as much of it as the model reads. Without it a long document becomes as many "
            "passages as it takes, and ranks by the best.",
        )
        replace = st.checkbox(
            "Allow replacing",
            key=fresh("build_replace"),
            help="Replace a corpus of this name even if it was built from other documents or by another model. "
            "Marks made on it may then point to other texts.",
        )
    own_name, own_model = (name or "").strip() or usual, (model or "").strip() or DEFAULT_MODEL

    def plan(spec: SourceSpec) -> BuildPlan:
        limited = dataclasses.replace(spec, limit=limit)
        return BuildPlan(limited, check_name(own_name), own_model, whole=whole, replace=replace)

    return plan


def _begin(plan_for: Callable[[SourceSpec], BuildPlan], spec: SourceSpec) -> None:
    try:
        plan = plan_for(spec)
        build_job.begin(plan)
    except ExemplarError as error:
        html.show_message("error", str(error))
        return
    session = state.current()
    if session is not None and not is_known(session.corpus):  # what was searched here is gone
        state.choose_corpus(str(plan.name))
    st.session_state.pop(_LOOKED, None)
    st.session_state.pop(_PREVIEWS, None)
    start_afresh()
    st.rerun()


def _usual_name(spec: SourceSpec) -> str:
    try:
        name = default_name(spec.source)
    except (OSError, ValueError):  # not a path at all; a look at it says why
        return ""
    return f"{name}-without-see-also" if spec.without_see_also else name
