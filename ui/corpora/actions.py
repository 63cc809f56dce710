"""What can be done with one corpus: search it, build on, verify, remove."""

import contextlib
from dataclasses import dataclass

import streamlit as st

from exemplar.data.building.plan import plan_of
from exemplar.data.building.uploads import remove_upload
from exemplar.data.corpus.catalog import CorpusStatus, corpus_status, remove_corpus, verify_corpus
from exemplar.data.errors import CorpusBusy, CorpusDamaged, CorpusNotFound, ExemplarError
from exemplar.ui import html, jobs
from exemplar.ui.confirm import confirm
from exemplar.ui.corpora import build_job
from exemplar.ui.navigation import search_corpus

_TOLD = "what_was_done_with_a_corpus"
_MOST_DAMAGES = 20  # that are listed

_NO_PLAN = (
    "how '{name}' was built can't be read, so that it can't be built on. Build it again below under the same name, "
    "from the same documents"
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What an action has to say of a corpus, and whether building it again would mend it."""

    name: str
    kind: html.MessageKind
    message: str
    mendable: bool = False


def show_actions(status: CorpusStatus) -> None:
    """Draw the buttons for a corpus, and what the last one had to say of it."""
    name, busy = status.name, status.state in ("building", "rebuilding")
    with st.container(horizontal=True):
        if st.button(
            "Search it",
            key=f"corpus-search {name}",
            type="primary",
            icon=":material/search:",
            help="Go to the search page with this corpus.",
            disabled=status.manifest is None,
        ):
            search_corpus(name)
        if st.button(
            "Build on",
            key=f"corpus-build {name}",
            icon=":material/play_arrow:",
            help="Finish it, or bring it up to date: its source is read again in the same way, and what is new or has "
            "changed is embedded.",
            disabled=busy,
        ):
            _build_on(name)
        if st.button(
            "Verify",
            key=f"corpus-verify {name}",
            icon=":material/fact_check:",
            help="Read every file and compare it with what was written.",
            disabled=busy,
        ):
            with st.spinner("Reading every file"):
                st.session_state[_TOLD] = _verified(name)
        if st.button(
            "Remove", key=f"corpus-remove {name}", icon=":material/delete:", help="Remove it; you are asked first."
        ):
            _ask_to_remove(name)
    told = st.session_state.get(_TOLD)
    if told is not None and told.name == name:
        _show_told(told)


def _show_told(told: _Told) -> None:
    html.show_message(told.kind, told.message)
    with st.container(horizontal=True):
        if told.mendable and st.button(
            "Repair",
            key=f"corpus-repair {told.name}",
            type="primary",
            icon=":material/build:",
            help="Build it again: what is damaged is written anew, and nothing else is done.",
        ):
            _build_on(told.name)
        if st.button(
            "Dismiss", key=f"corpus-told {told.name}", icon=":material/close:", help="Take this message away."
        ):
            del st.session_state[_TOLD]
            st.rerun()


def _build_on(name: str) -> None:
    st.session_state.pop(_TOLD, None)
    try:
        plan = plan_of(name)
        if plan is None:
            raise ExemplarError(_NO_PLAN.format(name=name))
        build_job.begin(plan)
    except ExemplarError as error:
        st.session_state[_TOLD] = _Told(name, "error", str(error))
    st.rerun()


def _verified(name: str) -> _Told:
    try:
        damages = verify_corpus(name)
    except CorpusNotFound as error:
        return _Told(name, "error", str(error))
    except (CorpusDamaged, OSError) as error:
        return _Told(name, "error", str(error), mendable=plan_of(name) is not None)
    if not damages:
        return _Told(name, "success", f"every file of '{name}' is as it was written.")
    listed = "; ".join(map(str, damages[:_MOST_DAMAGES]))
    more = f"; and {len(damages) - _MOST_DAMAGES:,} more" if len(damages) > _MOST_DAMAGES else ""
    message = f"damaged: {listed}{more}. Repair builds it again: only what is damaged is written anew."
    return _Told(name, "error", message, mendable=True)


@st.dialog("Remove a corpus", icon=":material/delete:")
def _ask_to_remove(name: str) -> None:
    try:
        status = corpus_status(name)
    except CorpusNotFound:  # it has just gone, here or elsewhere
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
    st.session_state.pop(_TOLD, None)
    plan = plan_of(name)
    try:
        if (job := jobs.job("build", name)) and job.running:
            raise CorpusBusy(f"'{name}' is being built; stop that first")
        with contextlib.suppress(CorpusNotFound):  # somebody else was quicker
            remove_corpus(name)
        jobs.dismiss("build", name)
        if plan:
            remove_upload(plan.source.source, in_use=build_job.sources())
    except CorpusBusy as error:
        st.session_state[_TOLD] = _Told(name, "error", str(error))
    except OSError as error:
        st.session_state[_TOLD] = _Told(name, "error", f"'{name}' could not be removed whole: {error}")
