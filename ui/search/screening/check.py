"""Draw the tool of random checks, and return what the lists show while a check is open."""

import streamlit as st

from exemplar.data.corpus.store import DocumentStore
from exemplar.retrieval.screening.bounds import draw_needed
from exemplar.retrieval.screening.checks import share_of_alpha
from exemplar.retrieval.screening.from_session import draw_check
from exemplar.retrieval.screening.left import Left
from exemplar.retrieval.screening.record import Draw, Record
from exemplar.retrieval.sessions.session import Session, new_id
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import state
from exemplar.ui.search.lists import payload
from exemplar.ui.search.lists.messages import name_of_check
from exemplar.ui.search.screening.standing import standing, target_of

POPOVER = "random_check"
_N_DRAWN = "number_to_draw"
_PROPOSED = "number_proposed_to_draw"  # of how many, and the number
_ASIDE = "random_check_set_aside"  # the session and the number of a check that waits while the ranking is read
_WITHOUT_NEED = 50  # records to draw where no number would do


def shown_check(session: Session, left: Left) -> Draw | None:
    """Return the open check that the list shows in place of the ranking."""
    draw = left.open_draw
    if draw is None or not draw.covers or st.session_state.get(_ASIDE) == (session.session_id, draw.number):
        return None
    return draw


def check_list(draw: Draw, left: Left, corpus: DocumentStore) -> payload.List:
    """Return the drawn records that are not judged yet as a list, in random order."""
    rows = corpus.rows_of(left.drawn_left)
    doc_ids = [doc_id for doc_id in left.drawn_left if doc_id in rows]
    n = len(draw.doc_ids)
    return payload.List(
        name_of_check(draw.number),
        f"Random check {draw.number:,}: {n - len(doc_ids):,} of {n:,} judged",
        f"drawn from {draw.n_unread:,} unread records",
        "In random order: judge each of them, whatever the ranking says.",
        doc_ids,
        [rows[doc_id] for doc_id in doc_ids],
        len(doc_ids),
    )


def show_check(session: Session, corpus: DocumentStore) -> None:
    """Draw the tool: it draws a check, or leads out of the open one and back to it."""
    record, left = standing(session, corpus)
    if left.open_draw and left.open_draw.covers:
        _show_open(session, left.open_draw, left)
    elif left.n_unread:
        _show_new(session, record, left, corpus)
    else:
        st.caption("Everything is read: there is nothing to draw from.")


def _show_open(session: Session, draw: Draw, left: Left) -> None:
    n = len(draw.doc_ids)
    st.markdown(f"Random check {draw.number}: {n - len(left.drawn_left):,} of {n:,} judged.")
    is_shown = shown_check(session, left) is not None
    label = "Back to the ranking" if is_shown else "Go on with the check"
    aside = (session.session_id, draw.number) if is_shown else None
    st.button(label, key="switch_check", on_click=_switch, args=(aside,))
    st.caption(
        "You may leave it open. Until you judge them, its records count as relevant, and the part of the error that "
        "it may take stays spent: a further check needs more records."
    )


def _switch(aside: tuple[str, int] | None) -> None:
    st.session_state[_ASIDE] = aside
    st.session_state[POPOVER] = False


def _show_new(session: Session, record: Record, left: Left, corpus: DocumentStore) -> None:
    target = target_of(session.settings)
    alpha = share_of_alpha(len(record.draws) + 1, target.alpha)
    needed = draw_needed(left.n_unread, left.n_relevant, left.n_unsure, target.recall, alpha)
    st.caption(
        "Draws unread records at random, for you to judge whatever the ranking says. What is relevant among them says "
        "how much is left, without any assumption."
    )
    proposed = (left.n_unread, min(left.n_unread, needed or _WITHOUT_NEED))
    if _N_DRAWN not in st.session_state or st.session_state.get(_PROPOSED) != proposed:
        st.session_state[_PROPOSED] = proposed
        st.session_state[_N_DRAWN] = proposed[1]
    st.number_input(f"How many of {left.n_unread:,}", 1, left.n_unread, proposed[1], step=1, key=_N_DRAWN)
    if not left.n_relevant:
        st.caption("Nothing relevant is found yet: a check now can say only how many are relevant in all.")
    elif needed is None:
        st.caption("Decide the unsure ones first: they count as relevant and not found, so no number would do.")
    else:
        st.caption(
            f"If none of {needed:,} is relevant, it guarantees with {100 * target.confidence:.4g}% confidence that at "
            f"least {100 * target.recall:.4g}% of the relevant records are found."
        )
    st.button("Draw", key="draw_check", type="primary", on_click=_draw, args=(corpus,))


def _draw(corpus: DocumentStore) -> None:
    """Save a check before any of its records is shown."""
    state.catch_up()
    session = state.current()
    if session is None:
        return
    _, left = standing(session, corpus)
    if left.open_draw and left.open_draw.covers:  # another tab has drawn one
        return
    try:
        state.save(draw_check(session, corpus, st.session_state[_N_DRAWN]), new_id())
    except FAILURES as error:
        state.notify(f"Nothing was drawn: {error}")
    st.session_state[POPOVER] = False
