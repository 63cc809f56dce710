"""Draw the page Sessions: open, rename, copy, compare and delete saved sessions."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from exemplar.data.corpus.corpus import empty_corpus
from exemplar.data.corpus.manifest import is_known
from exemplar.data.corpus.store import DocumentStore
from exemplar.data.errors import CorpusNotFound, ExemplarError
from exemplar.retrieval.ranking import DocumentQuery
from exemplar.retrieval.sessions.events import MarksAdded, NotesAdded
from exemplar.retrieval.sessions.identity import notice_of, present_marks
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.settings import Settings
from exemplar.retrieval.sessions.store import FAILURES, SavedSession
from exemplar.ui import html, resources, state
from exemplar.ui.comparison import show_compare, show_comparison
from exemplar.ui.confirm import confirm
from exemplar.ui.local_time import local_time
from exemplar.ui.navigation import keep_session, open_session
from exemplar.ui.row_choice import Rows, choose_row
from exemplar.ui.search.exporting.flow import show_flow
from exemplar.ui.search.exporting.form import show_export
from exemplar.ui.search.importing.file import show_import
from exemplar.ui.streamlit_internals import POPOVER

_A_PAGE = 50  # sessions
_LATEST = 200  # events
_LONGEST = 100  # characters of a name
_CHOSEN = "chosen_session"
_ANOTHER = " (another corpus now)"
_REMOVED = " (removed)"
# Where the page ends below its button, the long form would be some lines high; with a least height it opens above.
_TALL_FORMS = f"<style>{POPOVER}:has(h3) {{ min-height: min(24rem, 60vh); }}</style>"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A saved session in the list; ``session`` is None if its events can't be read."""

    saved: SavedSession
    session: Session | None

    @property
    def query(self) -> str:
        query = self.session and self.session.query
        return f"more like {query.doc_id}" if isinstance(query, DocumentQuery) else query or ""

    @property
    def title(self) -> str:
        """Its name, else its first query."""
        return html.name(self.saved.name) or html.excerpt(self.saved.title, 60) or "unnamed"

    @property
    def notice(self) -> str | None:
        """What the session says of its corpus if it is another one than that on which it began."""
        try:
            return notice_of(self.saved.corpus_id, resources.manifest_of(self.saved.corpus))
        except ExemplarError:  # there is none now
            return None


def sessions_page() -> None:
    """Draw the page."""
    keep_session()
    st.html(html.STYLE)
    st.html(_TALL_FORMS)
    st.title("Sessions", anchor=False)
    st.caption("Every search and every mark is kept as it is made. Open a session to go on where it was left.")
    place = st.container(gap=None)
    try:
        _show_sessions(state.store().saved())
    except FAILURES as error:
        html.show_message("error", f"the sessions can't be read: {error}. Nothing was changed; try again.")
    if notice := state.take_notice():
        with place:
            html.show_message("warning", notice)


def _show_sessions(saved: Sequence[SavedSession]) -> None:
    if not saved:
        st.caption("None yet: search something, and it is here.")
        return
    entry = _choose(saved)
    if entry.notice:
        html.show_message("warning", entry.notice)
    others = [_Entry(one, None) for one in saved if one.session_id != entry.saved.session_id]
    _show_actions(entry, _labels(sorted(others, key=lambda other: other.saved.corpus != entry.saved.corpus)))
    show_comparison(entry.saved.session_id)
    _show_history(entry.saved.session_id)


def _choose(saved: Sequence[SavedSession]) -> _Entry:
    """Draw a page of the list; return the chosen session."""
    place = st.container()
    n_pages = -(-len(saved) // _A_PAGE)
    page = st.pagination(n_pages, key=f"sessions_page of {n_pages}") if n_pages > 1 else 1
    entries = [_Entry(one, _loaded(one.session_id)) for one in saved[(page - 1) * _A_PAGE : page * _A_PAGE]]
    ids, session = [entry.saved.session_id for entry in entries], state.current()
    chosen = choose_row(
        _CHOSEN,
        Rows(ids, _labels(entries), _cells(entries)),
        candidates=[session.session_id] if session else [],
        label="Session",
        alt="Saved sessions, the last changed first",
        place=place,
    )
    return entries[ids.index(chosen)]


def _cells(entries: Sequence[_Entry]) -> dict[str, list[Any]]:
    session = state.current()
    return {
        "Name": [entry.title for entry in entries],
        "Corpus": [html.name(entry.saved.corpus) + _state_of_corpus(entry) for entry in entries],
        "Last query": [html.excerpt(entry.query, 200) if entry.session else "can't be read" for entry in entries],
        "Marks": [len(entry.session.feedback) if entry.session else None for entry in entries],
        "Changed": [local_time(entry.saved.changed) for entry in entries],
        "Here": ["this tab" if session and entry.saved.session_id == session.session_id else "" for entry in entries],
    }


def _state_of_corpus(entry: _Entry) -> str:
    if entry.notice:
        return _ANOTHER
    try:
        return "" if is_known(entry.saved.corpus) else _REMOVED
    except ExemplarError:  # no corpus can have this name
        return ""


def _loaded(session_id: str) -> Session | None:
    try:
        return state.store().load(session_id)
    except ExemplarError:  # it has an event of a later version
        return None


def _labels(entries: Sequence[_Entry]) -> dict[str, str]:
    """Return the labels of sessions; where two would be the same, they contain the ids."""
    titles = {
        entry.saved.session_id: f"{entry.title} · {html.name(entry.saved.corpus)} · {local_time(entry.saved.changed)}"
        for entry in entries
    }
    n = Counter(titles.values())
    return {key: title if n[title] == 1 else f"{title} · {html.name(key)}" for key, title in titles.items()}


def _show_actions(entry: _Entry, others: dict[str, str]) -> None:
    session_id = entry.saved.session_id
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Open",
            key="open",
            type="primary",
            icon=":material/open_in_browser:",
            disabled=entry.session is None,
            help="Go on with this session on the search page",
        ):
            open_session(session_id)
        with st.popover("Rename", icon=":material/edit:", key="rename", help="Give this session a name"):
            _show_rename(entry)
        st.button(
            "Duplicate",
            key="duplicate",
            icon=":material/content_copy:",
            help="A copy with query, marks and history, to try something else on",
            on_click=_trying,
            args=(lambda: _duplicate(entry),),
        )
        if st.button("Delete", key="delete", icon=":material/delete:", help="Delete this session; you are asked first"):
            _confirm_deletion(entry)
        _show_transfer(entry)
        show_compare(session_id, others, _choose_session)


def _show_rename(entry: _Entry) -> None:
    session_id = entry.saved.session_id
    key = f"name of {session_id} {entry.saved.n_events}"
    with st.form("rename_form", border=False):
        st.text_input(
            "Name",
            value=entry.saved.name[:_LONGEST],
            max_chars=_LONGEST,
            key=key,
            help="What it is called in the list; without one it goes by its first query.",
        )
        st.form_submit_button(
            "Save",
            on_click=_trying,
            args=(lambda: state.name_session(session_id, " ".join(st.session_state[key].split())),),
        )


def _show_transfer(entry: _Entry) -> None:
    session = entry.session
    transfer = st.popover(
        "Marks",
        key="transfer",
        icon=":material/swap_vert:",
        help="Keep this session's marks as a file, or take marks from one",
        disabled=session is None,
        on_change="rerun",
    )
    if session is None or not transfer.open:
        return
    with transfer:
        try:
            corpus = resources.engine(session.corpus).corpus
        except CorpusNotFound as error:
            html.show_message("warning", f"{error}. The marks have their texts, and can be exported.")
            _show_lost(session)
        except ExemplarError as error:
            html.show_message("error", str(error))
        else:
            _show_export_and_import(session, corpus)


def _show_lost(session: Session) -> None:
    """Draw the form for the export of marks whose corpus was removed."""
    corpus = empty_corpus(session.corpus)
    marks = present_marks(session.marks, corpus, lambda: state.store().texts(session.session_id))
    show_export(corpus, session.after(*marks.events), marks)


def _show_export_and_import(session: Session, corpus: DocumentStore) -> None:
    """Draw the forms for the marks of a session on its corpus as it is now."""
    marks = present_marks(session.marks, corpus, lambda: state.store().texts(session.session_id))
    present = session.after(*marks.events)

    pending = list(marks.events)

    def record(added: MarksAdded | NotesAdded) -> None:
        if isinstance(added, MarksAdded):
            added = replace(added, reader=session.settings.reader)
        for event in (*pending, added):
            state.store().record(session, event, corpus_id=corpus.manifest.corpus_id)
        pending.clear()

    show_export(corpus, present, marks)
    show_flow(corpus, present)
    show_import(corpus, present, record)


def _duplicate(entry: _Entry) -> None:
    _choose_session(state.store().duplicate(entry.saved.session_id, f"{entry.title}, copy"))


def _choose_session(session_id: str) -> None:
    st.session_state[_CHOSEN] = session_id


@st.dialog("Delete this session?")
def _confirm_deletion(entry: _Entry) -> None:
    n_marks = len(entry.session.feedback) if entry.session else 0
    consequence = f" Its marks ({n_marks:,}) and its history go with it." if n_marks else " Its history goes with it."
    name = html.element("b", "session", html.text(entry.title))
    confirm(
        f"{name} is deleted for good.{html.text(consequence)}",
        yes="Delete it",
        hint="This can't be undone.",
        on_yes=lambda: _trying(lambda: _delete(entry.saved.session_id)),
    )


def _delete(session_id: str) -> None:
    state.store().delete(session_id)
    session = state.current()
    if session and session.session_id == session_id:
        state.begin_new(session.corpus, Settings(reader=session.settings.reader))


def _trying(work: Callable[[], None]) -> None:
    """Change the saved sessions; if that fails, the page says why."""
    try:
        work()
    except FAILURES as error:
        state.notify(f"This could not be saved: {error}. Nothing was changed; try again.")


def _show_history(session_id: str) -> None:
    with st.expander("History", icon=":material/history:", key="history"):
        events = state.store().history(session_id)
        lines = [
            html.shortened(f"{local_time(event.at)} · {html.name(event.corpus)} · {event.describe()}")
            for event in reversed(events[-_LATEST:])
        ]
        if len(events) > _LATEST:
            lines.append(f"… and {len(events) - _LATEST:,} before")
        st.html(html.element("div", "quiet ex-lines", html.text("\n".join(lines))))
