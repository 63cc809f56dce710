"""Draw the drawer of the marks, with buttons for every mark."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.sessions.events import Marked, MarksCleared
from exemplar.retrieval.sessions.identity import ELSEWHERE, STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html
from exemplar.ui.state import change

SIGNS: dict[Mark, str] = {"positive": "+", "negative": "\N{MINUS SIGN}", "unsure": "?"}

_SHOWN = 15  # latest marks; a toggle shows more
_MOST = 200
_MOST_ASKED = 10  # texts with opposed marks
_MOST_COPIES = 3  # of each mark on such a text


def show_marks(marks: PresentMarks, session: Session, corpus: DocumentStore) -> None:
    """Draw the marks, newest first, after the questions that they raise."""
    feedback = session.feedback
    if not feedback:
        st.caption("Mark rows as relevant or not relevant, and the right list ranks anew.")
        return
    if not feedback.positives:
        st.caption("What is not relevant says little alone. Mark something relevant, and it counts in full.")
    _ask_about(marks, session, corpus)
    _settle_conflicts(marks, session, corpus)
    _show_list(marks, session, corpus)
    st.button(
        "Clear all marks",
        icon=":material/delete:",
        help="Take all marks back; undo brings them back.",
        on_click=change,
        args=(MarksCleared(),),
    )


def _ask_about(marks: PresentMarks, session: Session, corpus: DocumentStore) -> None:
    """Draw a question for each of the first texts whose copies have different marks."""
    asked = marks.opposed[:_MOST_ASKED]
    of = {doc_id: mark for mark, doc_ids in session.feedback.by_mark() for doc_id in doc_ids} if asked else {}
    for doc_ids in asked:
        by_mark: dict[Mark, list[str]] = {}
        for doc_id in doc_ids:
            by_mark.setdefault(of[doc_id], []).append(doc_id)
        _ask(by_mark, doc_ids[0], corpus)
    if more := len(marks.opposed) - len(asked):
        texts = "1 more text is" if more == 1 else f"{more:,} more texts are"
        st.caption(f"{texts} marked in different ways; they follow once these are answered.")


def _ask(by_mark: dict[Mark, list[str]], name: str, corpus: DocumentStore) -> None:
    """Draw the question which of the different marks on copies of one text counts."""
    [text] = marked_texts(corpus, [corpus.row(name)])
    names = " and ".join(MARK_NAMES[mark] for mark in by_mark)
    n_more = sum(len(doc_ids[_MOST_COPIES:]) for doc_ids in by_mark.values())
    with st.container(key=f"which {html.widget_key(name)}", gap="xsmall"):
        st.caption(f"The same text is marked as {names}. Which counts? Until you say, it trains nothing.")
        for mark, doc_ids in by_mark.items():
            for doc_id in doc_ids[:_MOST_COPIES]:
                st.html(_line(doc_id, text, MARK_NAMES[mark]))
        if n_more:
            st.html(html.quiet_line(f"… and {n_more:,} more {'copy' if n_more == 1 else 'copies'}"))
        with st.container(horizontal=True, gap="small"):
            for mark, doc_ids in by_mark.items():
                st.button(
                    MARK_NAMES[mark].capitalize(),
                    key=f"answer {mark} {html.widget_key(name)}",
                    help="Keep this mark, for all copies of the text",
                    on_click=change,
                    args=(Marked(doc_ids[0], mark, text.text_hash, text),),
                )


def _settle_conflicts(marks: PresentMarks, session: Session, corpus: DocumentStore) -> None:
    """Draw a question for each of the first documents that the readers of joined sessions marked in different ways."""
    conflicts = [doc_id for doc_id in session.conflicts if doc_id not in marks.states]
    rows = corpus.rows_of(conflicts[:_MOST_ASKED])
    for doc_id, text in zip(rows, marked_texts(corpus, list(rows.values())), strict=True):
        with st.container(key=f"conflict {html.widget_key(doc_id)}", gap="xsmall"):
            st.caption("The readers disagree. Which mark counts? Until you say, it is unsure.")
            st.html(_line(doc_id, text, "", None, session.notes.get(doc_id, "")))
            with st.container(horizontal=True, gap="small"):
                for mark in ("positive", "negative"):
                    st.button(
                        MARK_NAMES[mark].capitalize(),
                        key=f"settle {mark} {html.widget_key(doc_id)}",
                        on_click=change,
                        args=(Marked(doc_id, mark, text.text_hash, text),),
                    )
    if more := len(conflicts) - len(rows):
        st.caption(f"{more:,} more {'conflict follows' if more == 1 else 'conflicts follow'} once these are settled.")


def _show_list(marks: PresentMarks, session: Session, corpus: DocumentStore) -> None:
    one_a_text = {*marks.states, *marks.feedback.marked}.difference(*marks.opposed)
    doc_ids = [doc_id for doc_id in reversed(session.marks.order) if doc_id in one_a_text]
    kinds = [kind for kind, of_kind in session.feedback.by_mark() if of_kind]
    counts = {kind: sum(session.feedback.mark_of(doc_id) == kind for doc_id in doc_ids) for kind in kinds}
    st.caption(" · ".join(f"{n:,} {MARK_NAMES[kind]}" for kind, n in counts.items()))
    more = len(doc_ids) - _SHOWN
    everything = more > 0 and st.toggle(f"Show {min(more, _MOST):,} earlier ones", key="all marks")
    shown = doc_ids[: _MOST + _SHOWN if everything else _SHOWN]
    rows = corpus.rows_of(shown)
    documents = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))
    marked: dict[str, Mark] = {doc_id: mark for mark, of_mark in session.feedback.by_mark() for doc_id in of_mark}
    for doc_id in shown:
        _show_mark(doc_id, marked[doc_id], documents.get(doc_id), marks, session)


def _show_mark(doc_id: str, mark: Mark, document: MarkedText | None, marks: PresentMarks, session: Session) -> None:
    key, state = html.widget_key(doc_id), marks.states.get(doc_id)
    text = marks.texts.get(doc_id) if state else document
    notes = [STATES[state]] if state else []
    notes += [ELSEWHERE] if doc_id in marks.elsewhere else []
    notes += [f"{len(marks.copies[doc_id]):,} copies"] if doc_id in marks.copies else []
    reader = session.marks.reader_of(doc_id)
    notes += [f"by {html.name(reader)}"] if reader not in ("", session.settings.reader) else []
    written = (session.notes.get(doc_id, ""), session.reasons.get(doc_id, ""))
    with st.container(key=f"mark {mark} {key}", horizontal=True, wrap=False, gap=None, vertical_alignment="top"):
        st.html(_line(doc_id, text, ", ".join(notes), mark, *written), width="stretch")
        if state and document:
            _renew_button(doc_id, mark, document, key)
        st.button(
            "Remove",
            key=f"remove {key}",
            icon=":material/close:",
            type="tertiary",
            help="Take this mark back",
            on_click=change,
            args=(Marked(doc_id, None),),
        )


def _renew_button(doc_id: str, mark: Mark, text: MarkedText, key: str) -> None:
    st.button(
        "Mark what it is now",
        key=f"renew {key}",
        icon=":material/sync:",
        type="tertiary",
        help=f"Put this mark on the text that is there now: {html.excerpt(text.full_text, 300)}",
        on_click=change,
        args=(Marked(doc_id, mark, text.text_hash, text),),
    )


def _line(
    doc_id: str, text: MarkedText | None, note: str, mark: Mark | None = None, written: str = "", reason: str = ""
) -> str:
    sign = html.element("b", f"sign ex-{mark}", SIGNS[mark], title=MARK_NAMES[mark]) if mark else ""
    state = html.element("span", "lost", html.text(note)) if note else ""
    title = html.title_element(text.title, doc_id) if text else ""
    start = html.text(html.excerpt(text.text, 90)) if text else ""
    said = {"Reason": reason, "Note": written}
    lines = [f"{name}: {html.excerpt(each, 200)}" for name, each in said.items() if each]
    about = html.element("div", "quiet", html.text(" · ".join(lines))) if lines else ""
    return html.element("div", "mark", sign, " ", html.name_element("id", doc_id), " ", state, " ", title, start, about)
