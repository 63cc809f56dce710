"""Draw the preview of the source in a form: its columns, which can be chosen, and its first documents."""

import streamlit as st

from exemplar.data.building.adding import with_columns_of
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.preview import Preview, look_at
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html
from exemplar.ui.corpora.column_form import choose_columns, with_columns
from exemplar.ui.corpora.examples import examples_of
from exemplar.ui.corpora.form_memory import PREVIEWED
from exemplar.ui.corpora.format_form import choose_options
from exemplar.ui.corpora.preview import show_preview
from exemplar.ui.remedies import with_remedy

_PREVIEWS, _EXAMPLES = "build_previews", "build_examples"
_MOST_PREVIEWS = 8

_NAME_FIRST = {
    "upload": "choose a file first",
    "path": "name a file or folder first",
    "docs": "name a package first",
    "hub": "name a data set first",
}


def preview_button(spec: SourceSpec | None) -> None:
    """Draw the button that shows the preview of a source which was not uploaded."""
    if st.button(
        "Look at it",
        key="build_look",
        icon=":material/visibility:",
        help="Show the first documents as they will be read, and choose the columns.",
    ):
        forget_source()
        st.session_state[PREVIEWED] = spec


def show_source(
    kind: str, spec: SourceSpec | None, *, pressed: bool, first: SourceSpec | None = None
) -> SourceSpec | None:
    """Draw the preview of a source; return it with its columns if the form's button was pressed and it can be read.

    Parameters
    ----------
    first
        The first source of the corpus that takes this one, whose columns it has where they exist.
    """
    if spec is None:
        if pressed or st.session_state.get("build_look"):
            html.show_message("error", _NAME_FIRST[kind])
        return None
    if pressed or kind == "upload":
        st.session_state[PREVIEWED] = spec
    readable = _show_preview(kind, spec, first) if st.session_state.get(PREVIEWED) == spec else None
    return readable if pressed else None


def forget_source() -> None:
    """Forget the previewed source and what was read of it."""
    for key in (PREVIEWED, _PREVIEWS, _EXAMPLES):
        st.session_state.pop(key, None)


def _show_preview(kind: str, spec: SourceSpec, first: SourceSpec | None) -> SourceSpec | None:
    """Draw the pickers and the first documents; return the spec with its columns, None if it can't be read."""
    if kind in ("upload", "path"):
        spec = choose_options(spec, _preview_of)
    preview = _preview_of(spec)
    if first is not None:
        spec = with_columns_of(spec, preview.columns, first)
        preview = _preview_of(spec)
    chosen = spec
    if preview.columns:
        chosen = with_columns(spec, preview.chosen, choose_columns(spec, preview, _examples(spec, preview)))
        if chosen.text_column is None and preview.error and preview.chosen.text is None:
            html.show_message("warning", "none of the columns is called as a text usually is; choose the Text column")
            return None
        preview = _preview_of(chosen)
    if preview.error:
        html.show_message("error", with_remedy(ExemplarError(preview.error, hint=preview.hint)))
    show_preview(preview)
    return None if preview.error else chosen


def _preview_of(spec: SourceSpec) -> Preview:
    """Return the preview of a source, which is read only once."""
    previews: dict[SourceSpec, Preview] = st.session_state.setdefault(_PREVIEWS, {})
    if spec not in previews:
        with st.spinner("Looking at the documents"):
            preview = look_at(spec)
        while len(previews) >= _MOST_PREVIEWS:
            del previews[next(iter(previews))]
        previews[spec] = preview
    return previews[spec]


def _examples(spec: SourceSpec, preview: Preview) -> dict[str, list[str]]:
    """Return the first values of the columns of a source, which are read only once."""
    examples: tuple[SourceSpec, dict[str, list[str]]] | None = st.session_state.get(_EXAMPLES)
    if examples is None or examples[0] != spec:
        with st.spinner("Looking at the columns"):
            examples = spec, examples_of(spec, preview.columns)
        st.session_state[_EXAMPLES] = examples
    return examples[1]
