"""Draw the buttons of one corpus: search it, build on, verify, remove."""

import contextlib
from dataclasses import dataclass

import streamlit as st

from exemplar.data.building.plan import plan_of
from exemplar.data.building.uploads import remove_upload
from exemplar.data.corpus.catalog import CorpusStatus, corpus_status, remove_corpus, verify_corpus
from exemplar.data.corpus.manifest import read_manifest
from exemplar.data.errors import CorpusBusy, CorpusDamaged, CorpusNotFound, ExemplarError
from exemplar.ui import html, jobs
from exemplar.ui.confirm import confirm
from exemplar.ui.corpora import build_job
from exemplar.ui.corpora.add_form import begin_adding
from exemplar.ui.corpora.form_memory import ADDING
from exemplar.ui.navigation import search_corpus

_OUTCOME = "what_was_done_with_a_corpus"
_MOST_DAMAGES = 20  # in a message

_NO_PLAN = (
    "how '{name}' was built can't be read, so it can't be built on. Build it again below under the same name, from the "
    "same documents"
)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The message of an action on a corpus, and whether building the corpus again would repair it."""

    name: str
    kind: html.MessageKind
    message: str
    repairable: bool = False


def show_actions(status: CorpusStatus) -> None:
    """Draw the buttons of a corpus, and the message of the last action on it."""
    name, busy = status.name, status.state in ("building", "rebuilding")
    with st.container(horizontal=True):
        _search_button(name, disabled=status.manifest is None)
        _build_on_button(name, disabled=busy)
        _add_button(name, disabled=busy or status.manifest is None)
        _verify_button(name, disabled=busy)
        if st.button(
            "Remove", key=f"corpus-remove {name}", icon=":material/delete:", help="Remove it; you are asked first."
        ):
            _confirm_removal(name)
    if st.session_state.get(ADDING) == name:  # on a small screen nothing else that is seen has changed
        st.caption("Choose the file in the form below.")
    outcome = st.session_state.get(_OUTCOME)
    if outcome is not None and outcome.name == name:
        _show_outcome(outcome)


def _search_button(name: str, *, disabled: bool) -> None:
    if st.button(
        "Search it",
        key=f"corpus-search {name}",
        type="primary",
        icon=":material/search:",
        help="Go to the search page with this corpus.",
        disabled=disabled,
    ):
        search_corpus(name)


def _build_on_button(name: str, *, disabled: bool) -> None:
    if st.button(
        "Build on",
        key=f"corpus-build {name}",
        icon=":material/play_arrow:",
        help="Finish it, or bring it up to date: its files are read again in the same way, and what is new or has "
        "changed is embedded.",
        disabled=disabled,
    ):
        _build_on(name)


def _add_button(name: str, *, disabled: bool) -> None:
    st.button(
        "Add a file",
        key=f"corpus-add {name}",
        icon=":material/note_add:",
        help="Let it take a further file, such as the export of this month. The form for it stands below.",
        disabled=disabled,
        on_click=lambda: begin_adding(name),
    )


def _verify_button(name: str, *, disabled: bool) -> None:
    if st.button(
        "Verify",
        key=f"corpus-verify {name}",
        icon=":material/fact_check:",
        help="Read every file and compare it with what was written.",
        disabled=disabled,
    ):
        with st.spinner("Reading every file"):
            st.session_state[_OUTCOME] = _verify(name)


def _show_outcome(outcome: _Outcome) -> None:
    html.show_message(outcome.kind, outcome.message)
    with st.container(horizontal=True):
        if outcome.repairable and st.button(
            "Repair",
            key=f"corpus-repair {outcome.name}",
            type="primary",
            icon=":material/build:",
            help="Build it again: what is damaged is written anew, and nothing else is done.",
        ):
            _build_on(outcome.name)
        if st.button(
            "Dismiss", key=f"corpus-told {outcome.name}", icon=":material/close:", help="Take this message away."
        ):
            del st.session_state[_OUTCOME]
            st.rerun()


def _build_on(name: str) -> None:
    st.session_state.pop(_OUTCOME, None)
    try:
        plan = plan_of(name)
        if plan is None:
            raise ExemplarError(_NO_PLAN.format(name=name))
        build_job.begin(plan)
    except ExemplarError as error:
        st.session_state[_OUTCOME] = _Outcome(name, "error", str(error))
    st.rerun()


def _verify(name: str) -> _Outcome:
    try:
        damages = verify_corpus(name)
    except CorpusNotFound as error:
        return _Outcome(name, "error", str(error))
    except (CorpusDamaged, OSError) as error:
        return _Outcome(name, "error", str(error), repairable=plan_of(name) is not None)
    if not damages:
        return _Outcome(name, "success", f"every file of '{name}' is as it was written.")
    listed = "; ".join(map(str, damages[:_MOST_DAMAGES]))
    more = f"; and {len(damages) - _MOST_DAMAGES:,} more" if len(damages) > _MOST_DAMAGES else ""
    message = f"damaged: {listed}{more}. Repair builds it again: only what is damaged is written anew."
    return _Outcome(name, "error", message, repairable=True)


@st.dialog("Remove a corpus", icon=":material/delete:")
def _confirm_removal(name: str) -> None:
    try:
        status = corpus_status(name)
    except CorpusNotFound:  # another tab or process has just removed it
        st.rerun()
    question = f"Remove '{name}' with its {status.documents} documents? They are gone from this machine then."
    confirm(
        html.text(question),
        yes="Remove it",
        hint="Remove the corpus and all of its files.",
        on_yes=lambda: _remove(name),
        note="Marks made on it stay in their sessions. Files that it was built from stay, except an uploaded one.",
    )


def _remove(name: str) -> None:
    st.session_state.pop(_OUTCOME, None)
    sources = _sources(name)
    try:
        if (job := jobs.job("build", name)) and job.running:
            raise CorpusBusy(f"'{name}' is being built; stop that first")
        with contextlib.suppress(CorpusNotFound):  # another tab or process has removed it
            remove_corpus(name)
        jobs.dismiss("build", name)
        for source in sources:
            remove_upload(source, in_use=build_job.sources())
    except CorpusBusy as error:
        st.session_state[_OUTCOME] = _Outcome(name, "error", str(error))
    except OSError as error:
        st.session_state[_OUTCOME] = _Outcome(
            name, "error", f"some files of '{name}' could not be removed: {error}. Remove it again"
        )


def _sources(name: str) -> set[str]:
    plan = plan_of(name)
    sources = {plan.source.source} if plan else set()
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        sources |= {spec.source for spec in read_manifest(name).sources}
    return sources
