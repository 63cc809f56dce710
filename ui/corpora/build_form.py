"""Draw the form that builds a corpus: its source, a preview of the documents, and the options of the build."""

import dataclasses
from dataclasses import dataclass

import streamlit as st

from exemplar.data.building.plan import BuildPlan
from exemplar.data.corpus.manifest import check_name, is_known
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.read import default_name
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.words.languages import NO_LANGUAGE, RECOGNISE, language_codes, language_name
from exemplar.ui import html, state
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.form_memory import empty_form, fresh_key, refill_form
from exemplar.ui.corpora.source_form import choose_source
from exemplar.ui.corpora.source_preview import forget_source, preview_button, show_source

_LANGUAGE_CHOICES: dict[str | None, str] = {
    None: "As before, or recognised",
    RECOGNISE: "Recognised",
    NO_LANGUAGE: "None of these",
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
            preview_button(spec)
        above = st.container()
        options = _choose_options(spec)
        pressed = st.button(
            "Build", key="build", type="primary", icon=":material/play_arrow:", help="Begin, in the background."
        )
        with above:
            readable = show_source(kind, spec, pressed=pressed)
            if readable is not None:
                _begin(options, readable)


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
        limit = choose_limit()
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


def choose_limit() -> int | None:
    """Draw the choice of how many documents are read; None for all."""
    return st.number_input(
        "Limit",
        min_value=1,
        value=None,
        key=fresh_key("build_limit"),
        persist_state="session",
        help="At most so many documents, from the first; all without.",
    )


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
    forget_source()
    st.rerun()


def _default_name(spec: SourceSpec) -> str:
    try:
        name = default_name(spec.source)
    except (OSError, ValueError):  # not a path; the preview says why
        return ""
    return f"{name}-without-see-also" if spec.without_see_also else name
