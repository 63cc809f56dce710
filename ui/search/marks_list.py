"""Draw the list of the marks in the sidebar, with buttons for every mark."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.feedback import MARK_NAMES, Mark
from exemplar.retrieval.sessions.events import Marked, MarksCleared
from exemplar.retrieval.sessions.identity import ELSEWHERE, STATES, PresentMarks
from exemplar.retrieval.sessions.marks import MarkedText, marked_texts
from exemplar.retrieval.sessions.session import Session
from exemplar.ui import html
from exemplar.ui.state import change, jump_to

_SHOWN = 15  # latest marks of a kind; a toggle shows more
_MOST = 200
_MOST_ASKED = 10  # texts with opposed marks
_MOST_COPIES = 3  # of each mark on such a text


def show_marks(marks: PresentMarks, session: Session, corpus: DocumentStore) -> None:
    """Draw the lists of positives and negatives."""
    feedback = session.feedback
    st.subheader("Marks", anchor=False)
    if not feedback:
        st.caption("Mark rows as relevant or not relevant, and the SVM column ranks anew.")
        return
    if not feedback.positives:
        st.caption("What is not relevant says little alone. Mark something relevant, and it counts in full.")
    _ask_about(marks, session, corpus)
    one_a_text = feedback.within({*marks.states, *marks.feedback.marked}.difference(*marks.opposed))
    _show_list("Relevant", "positive", one_a_text.positives, marks, session, corpus)
    _show_list("Not relevant", "negative", one_a_text.negatives, marks, session, corpus)
    _show_list("Unsure", "unsure", one_a_text.unsure, marks, session, corpus)
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


def _show_list(
    title: str, mark: Mark, doc_ids: tuple[str, ...], marks: PresentMarks, session: Session, corpus: DocumentStore
) -> None:
    if not doc_ids:
        return
    st.caption(f"{title} ({len(doc_ids):,})")
    doc_ids = doc_ids[-_MOST:]
    more = len(doc_ids) - _SHOWN
    everything = more > 0 and st.toggle(
        f"Show {more:,} earlier ones", key=f"all {title}", help="The latest stand here without it."
    )
    shown = doc_ids if everything else doc_ids[-_SHOWN:]
    rows = corpus.rows_of(shown)
    documents = dict(zip(rows, marked_texts(corpus, list(rows.values())), strict=True))
    for doc_id in shown:
        key, state = html.widget_key(doc_id), marks.states.get(doc_id)
        text = marks.texts.get(doc_id) if state else documents.get(doc_id)
        with st.container(key=f"mark {key}", horizontal=True, wrap=False, gap=None, vertical_alignment="top"):
            notes = [STATES[state]] if state else []
            notes += [ELSEWHERE] if doc_id in marks.elsewhere else []
            notes += [f"{len(marks.copies[doc_id]):,} copies"] if doc_id in marks.copies else []
            st.html(_line(doc_id, text, ", ".join(notes)), width="stretch")
            if state and doc_id in documents:
                _renew_button(doc_id, mark, documents[doc_id], key)
            else:
                st.button(
                    "Go to row",
                    key=f"jump {key}",
                    icon=":material/arrow_forward:",
                    type="tertiary",
                    help="Show its row",
                    disabled=doc_id not in rows or session.query is None,
                    on_click=jump_to,
                    args=(doc_id,),
                )
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


def _line(doc_id: str, text: MarkedText | None, note: str) -> str:
    state = html.element("span", "lost", html.text(note)) if note else ""
    title = html.title_element(text.title, doc_id) if text else ""
    start = html.text(html.excerpt(text.text, 90)) if text else ""
    return html.element("div", "mark", html.name_element("id", doc_id), " ", state, " ", title, start)
