"""Draw the form that builds a corpus: its source, a preview of the documents, and the options of the build."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from exemplar.data.building.plan import BuildPlan
from exemplar.data.corpus.manifest import check_name, is_known
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.preview import Preview, look_at
from exemplar.data.sources.read import default_name
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.words.languages import NO_LANGUAGE, RECOGNISE, language_codes, language_name
from exemplar.ui import html, state
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.column_form import choose_columns, with_columns
from exemplar.ui.corpora.examples import examples_of
from exemplar.ui.corpora.form_memory import PREVIEWED, empty_form, fresh_key, refill_form
from exemplar.ui.corpora.format_form import choose_options
from exemplar.ui.corpora.preview import show_preview
from exemplar.ui.corpora.source_form import choose_source
from exemplar.ui.remedies import with_remedy

_PREVIEWS, _EXAMPLES = "build_previews", "build_examples"
_MOST_PREVIEWS = 8

_LANGUAGE_CHOICES: dict[str | None, str] = {
    None: "As before, or recognised",
    RECOGNISE: "Recognised",
    NO_LANGUAGE: "None of these",
}
_NAME_FIRST = {
    "upload": "choose a file first",
    "path": "name a file or folder first",
    "docs": "name a package first",
    "hub": "name a data set first",
}


@dataclass(frozen=True, slots=True)
class _Options:
    """The choices of the form besides the source; ``limit`` None reads all documents."""

    name: str
    model: str
    limit: int | None
    language: str | None
    whole: bool
    replace: bool

    def plan(self, spec: SourceSpec) -> BuildPlan:
        """Return the plan of a build; raises ExemplarError if the name can't be the name of a corpus."""
        limited = dataclasses.replace(spec, limit=self.limit, language=self.language)
        return BuildPlan(limited, check_name(self.name), self.model, whole=self.whole, replace=self.replace)


def build_form(example: str = "") -> None:
    """Draw the form; its button begins a build in the background.

    Parameters
    ----------
    example
        The source that the form begins with.
    """
    refill_form()
    with st.container(key="new-build"):
        try:
            kind, spec = choose_source(example)
        except OSError as error:
            html.show_message("error", f"the file could not be saved: {error}")
            return
        if kind != "upload":
            _preview_button(spec)
        above = st.container()
        options = _choose_options(spec)
        pressed = st.button(
            "Build", key="build", type="primary", icon=":material/play_arrow:", help="Begin, in the background."
        )
        with above:
            _show_source(kind, spec, options, pressed=pressed)


def _preview_button(spec: SourceSpec | None) -> None:
    if st.button(
        "Look at it",
        key="build_look",
        icon=":material/visibility:",
        help="Show the first documents as they will be read, and choose the columns.",
    ):
        _forget_source()
        st.session_state[PREVIEWED] = spec


def _show_source(kind: str, spec: SourceSpec | None, options: _Options, *, pressed: bool) -> None:
    """Draw the preview of the source, and begin the build if its button was pressed and the source can be read."""
    if spec is None:
        if pressed or st.session_state.get("build_look"):
            html.show_message("error", _NAME_FIRST[kind])
        return
    if pressed or kind == "upload":
        st.session_state[PREVIEWED] = spec
    readable = _show_preview(kind, spec) if st.session_state.get(PREVIEWED) == spec else None
    if pressed and readable is not None:
        _begin(options, readable)


def _show_preview(kind: str, spec: SourceSpec) -> SourceSpec | None:
    """Draw the pickers and the first documents; return the spec with its columns, None if it can't be read."""
    if kind in ("upload", "path"):
        spec = choose_options(spec, _preview_of)
    chosen = spec
    preview = _preview_of(spec)
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


def _choose_options(spec: SourceSpec | None) -> _Options:
    default = _default_name(spec) if spec else ""
    name = st.text_input(
        "Name",
        key=fresh_key("build_name"),
        persist_state="session",
        placeholder=default,
        help="What the corpus is to be called. Without one it is named after its documents.",
    )
    with st.expander("More choices", key=fresh_key("build_more")):
        limit = st.number_input(
            "Limit",
            min_value=1,
            value=None,
            key=fresh_key("build_limit"),
            persist_state="session",
            help="At most so many documents, from the first; all without.",
        )
        model = st.text_input(
            "Model",
            value=DEFAULT_MODEL,
            key=fresh_key("build_model"),
            persist_state="session",
            help="Any SentenceTransformer: a name on the Hugging Face hub, or a folder on this machine.",
        )
        language = _choose_language()
        whole, replace = _choose_whole(), _choose_replace()
    model = (model or "").strip() or DEFAULT_MODEL
    return _Options((name or "").strip() or default, model, limit, language, whole, replace)


def _choose_language() -> str | None:
    return st.selectbox(
        "Language",
        [None, RECOGNISE, *language_codes(), NO_LANGUAGE],
        format_func=lambda choice: _LANGUAGE_CHOICES.get(choice) or language_name(choice),
        key=fresh_key("build_language"),
        persist_state="session",
        help="The language of the texts. By it their words are reduced to stems, and very frequent words are left out.",
    )


def _choose_whole() -> bool:
    return st.checkbox(
        "Whole documents",
        key=fresh_key("build_whole"),
        persist_state="session",
        help="One passage a document, as much of it as the model reads. Without it a long document becomes as many "
        "passages as it takes, and ranks by the best.",
    )


def _choose_replace() -> bool:
    return st.checkbox(
        "Allow replacing",
        key=fresh_key("build_replace"),
        persist_state="session",
        help="Replace a corpus of this name even if it was built from other documents or by another model. "
        "Marks stay with the texts they were made on.",
    )


def _begin(options: _Options, spec: SourceSpec) -> None:
    try:
        plan = options.plan(spec)
        build_job.begin(plan)
    except ExemplarError as error:
        html.show_message("error", str(error))
        return
    session = state.current()
    if session is not None and not is_known(session.corpus):  # its corpus was removed
        state.choose_corpus(str(plan.name))
    empty_form(str(plan.name))
    _forget_source()
    st.rerun()


def _forget_source() -> None:
    for key in (PREVIEWED, _PREVIEWS, _EXAMPLES):
        st.session_state.pop(key, None)


def _default_name(spec: SourceSpec) -> str:
    try:
        name = default_name(spec.source)
    except (OSError, ValueError):  # not a path; the preview says why
        return ""
    return f"{name}-without-see-also" if spec.without_see_also else name
