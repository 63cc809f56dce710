"""Draw the form that exports the rows of a corpus with marks, ranks and scores."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.exports.about import file_name
from exemplar.retrieval.exports.choice import Choice
from exemplar.retrieval.exports.export import Export
from exemplar.retrieval.exports.from_session import session_export
from exemplar.retrieval.exports.ranks import limit_of_lists
from exemplar.retrieval.exports.writing import FORMATS, about_json, write_export
from exemplar.retrieval.feedback import MARK_NAMES
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.identity import PresentMarks
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import state
from exemplar.ui.search.exporting.choice_form import Chosen, choose_export
from exemplar.ui.search.exporting.prepared import prepare, show_prepared

_OF_REFERENCES = ("ris", "bibtex")
_MOST_AT_ONCE = 20_000  # documents of a corpus whose export is made while the browser waits


def show_export(
    corpus: DocumentStore,
    session: Session,
    marks: PresentMarks,
    engine: SearchEngine | None = None,
    n_listed: int = 0,
) -> None:
    """Draw the form that exports.

    Parameters
    ----------
    engine
        Ranks the corpus by the session's query; None if nothing is ranked.
    n_listed
        The length of the lists, with their marked rows.
    """
    st.subheader("Export", anchor=False)
    if not n_listed and not session.feedback and not session.notes and not session.reasons:
        st.caption("There is nothing to export yet: no document is marked.")
        return
    rankers = session.settings.rankers if engine else ()
    chosen = choose_export(rankers, n_listed, only_marks=not corpus.n_documents)
    if _is_empty(chosen.choice, corpus, session, marks):
        st.caption(chosen.choice.why_empty)
    if engine and (limit := limit_of_lists(corpus)):
        st.caption(limit)
    title = state.title_of(session.session_id)
    name = file_name(corpus.manifest.name, title, FORMATS[chosen.format].suffix)

    if chosen.format in _OF_REFERENCES:
        st.caption("Columns that are no field of a reference have no place in it; other formats hold all columns.")

    def make() -> Export:
        return session_export(session, marks, corpus, chosen.choice, title, engine)

    # A cell that is too long for Excel refuses the file, and only what is prepared can say so.
    if corpus.n_documents > _MOST_AT_ONCE or chosen.format == "xlsx":
        made_of = (chosen, session, title, corpus.manifest)
        _show_preparing(session.session_id, name, make, chosen, made_of)
    else:
        _show_downloads(name, make, chosen)


def _is_empty(choice: Choice, corpus: DocumentStore, session: Session, marks: PresentMarks) -> bool:
    """Return whether no row has the chosen verdict, or passes the filters."""
    if choice.which == "passing":
        return bool(session.filters) and not corpus.select(session.filters).n_documents
    made = {*marks.by_document().values(), *(mark for mark, ids in session.feedback.by_mark() if ids)}
    return choice.which in MARK_NAMES.values() and choice.which not in {MARK_NAMES[mark] for mark in made}


def _show_preparing(session_id: str, name: str, make: Callable[[], Export], chosen: Chosen, made_of: object) -> None:
    """Draw the button that begins to prepare a file, and what became of the last one."""
    place = st.container(gap=None)
    shown = show_prepared(session_id, made_of)
    place.button(
        "Prepare the file",
        key="prepare export",
        icon=":material/hourglass_top:",
        type="primary" if shown in ("none", "outdated") else "secondary",
        disabled=shown == "running",
        on_click=prepare,
        args=(session_id, name, make, chosen.format, chosen.delimiter, made_of),
    )


def _show_downloads(name: str, make: Callable[[], Export], chosen: Chosen) -> None:
    """Draw the buttons that make a file when they are clicked."""
    known = FORMATS[chosen.format]
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Download",
            lambda: _content(make(), name, chosen),
            file_name=name,
            mime=known.mime,
            # A button of its own: a click on that of the last choice would download nothing.
            key=f"export-{chosen.format}-{chosen.choice.which}",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
        )
        if not known.has_about:
            st.download_button(
                "About this export",
                lambda: about_json(make()),
                file_name=f"{name}.about.json",
                mime="application/json",
                key=f"about-{chosen.format}",
                icon=":material/info:",
                on_click="ignore",
                help="Query, session, corpus, model, settings, versions and date, as JSON; other formats hold them.",
            )


def _content(export: Export, name: str, chosen: Chosen) -> bytes:
    with tempfile.TemporaryDirectory(prefix="exemplar-") as folder:
        path = Path(folder) / name
        write_export(export, path, chosen.format, delimiter=chosen.delimiter)
        return path.read_bytes()
