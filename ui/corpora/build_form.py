"""The form that builds a corpus: its documents, a look at them, and how they are prepared."""

import functools

import streamlit as st

from exemplar.data.building.plan import Plan
from exemplar.data.building.uploads import uploaded_name
from exemplar.data.corpus.corpus import check_name, is_known
from exemplar.data.encoders.sentence_transformer import DEFAULT_MODEL
from exemplar.data.sources.preview import Preview, look_at
from exemplar.data.sources.read import default_name
from exemplar.ui import html, state
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.builds import without_options
from exemplar.ui.corpora.column_form import asked_columns, choose_columns
from exemplar.ui.corpora.preview import show_preview
from exemplar.ui.corpora.source_form import Arguments, ask_source, fresh, start_afresh

_LOOKED = "build_looked_at"  # the arguments of the source that was looked at last
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
            kind, arguments = ask_source(example)
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
            st.session_state[_LOOKED] = arguments
        above = st.container()
        plan = _ask_plan(arguments)
        pressed = st.button(
            "Build", key="build", type="primary", icon=":material/play_arrow:", help="Begin, in the background."
        )
        with above:
            if arguments is None:
                if pressed or st.session_state.get("build_look"):
                    html.show_message("error", _NAME_FIRST[kind])
                return
            if pressed or kind == "upload":
                st.session_state[_LOOKED] = arguments
            ready = st.session_state.get(_LOOKED) == arguments and _show_look(arguments)
            if pressed and ready is not None:
                _begin(plan, ready)


def _show_look(arguments: Arguments) -> Arguments | None:
    """Draw the pickers and the first documents; return the arguments with the columns, None if they can't be read."""
    found = _looked(arguments)
    columns = {}
    if found.columns:
        columns = asked_columns(found.chosen, choose_columns(arguments, found))
        if "text_column" not in columns and found.error and found.chosen.text is None:
            html.show_message("warning", "none of the columns is called as a text usually is; choose the Text column")
            return None
        found = _looked(arguments | columns)
    if found.error:
        html.show_message("error", _in_words(found.error, arguments))
    show_preview(found)
    return None if found.error else arguments | columns


def _looked(arguments: Arguments) -> Preview:
    """Look at a source, once."""
    previews: dict[tuple[tuple[str, object], ...], Preview] = st.session_state.setdefault(_PREVIEWS, {})
    key = tuple(sorted(arguments.items()))
    if key not in previews:
        with st.spinner("Looking at the documents"):
            found = look_at(arguments)
        while len(previews) >= _MOST_PREVIEWS:
            del previews[next(iter(previews))]
        previews[key] = found
    return previews[key]


def _ask_plan(arguments: Arguments | None) -> functools.partial[Plan]:
    """Draw the widgets that say how documents are prepared; return a plan that lacks its source."""
    usual = _usual_name(arguments) if arguments else ""
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
    return functools.partial(
        _plan, (name or "").strip() or usual, limit, (model or "").strip() or DEFAULT_MODEL, whole, replace
    )


def _plan(name: str, limit: int | None, model: str, whole: bool, replace: bool, arguments: Arguments) -> Plan:
    return Plan(check_name(name), arguments | {"limit": limit}, model, whole=whole, replace=replace)


def _begin(plan: functools.partial[Plan], arguments: Arguments) -> None:
    try:
        complete = plan(arguments)
        build_job.begin(complete)
    except ValueError as error:
        html.show_message("error", without_options(str(error)))
        return
    session = state.current()
    if session is not None and not is_known(session.corpus):  # what was searched here is gone
        state.choose_corpus(complete.name)
    st.session_state.pop(_LOOKED, None)
    st.session_state.pop(_PREVIEWS, None)
    start_afresh()
    st.rerun()


def _usual_name(arguments: Arguments) -> str:
    try:
        name = default_name(arguments["source"])
    except (OSError, ValueError):  # no path at all; a look at it says why
        return ""
    return f"{name}-without-see-also" if arguments.get("without_see_also") else name


def _in_words(message: str, arguments: Arguments) -> str:
    """Return a message that calls an uploaded file by its name."""
    name = uploaded_name(arguments["source"])
    return without_options(message.replace(arguments["source"], name) if name else message)
