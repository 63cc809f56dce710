"""Draw the dialog that saves a search and uses one on another corpus."""

from collections.abc import Callable, Sequence

import streamlit as st

from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import ExemplarError
from exemplar.data.text import size_in_words
from exemplar.retrieval.exports.about import file_name
from exemplar.retrieval.saved_search.continuing import events_on
from exemplar.retrieval.saved_search.file import MOST_BYTES, bytes_of, saved_search_of
from exemplar.retrieval.saved_search.in_words import search_in_words
from exemplar.retrieval.saved_search.making import saved_search
from exemplar.retrieval.saved_search.saved import SavedSearch
from exemplar.retrieval.search import SearchEngine
from exemplar.retrieval.sessions.session import Session
from exemplar.retrieval.sessions.store import FAILURES
from exemplar.ui import html, navigation, resources, state
from exemplar.ui.remedies import with_remedy
from exemplar.ui.search.elsewhere.ranking import show_ranking
from exemplar.ui.search.rankings import engine_of, usable

_OPEN = "elsewhere_is_open"


def show_elsewhere_button(menu: str) -> None:
    """Draw the button that opens the dialog, and closes the menu of a key around it."""
    st.button(
        "Save this search, or use it elsewhere",
        key="elsewhere",
        icon=":material/move_up:",
        type="tertiary",
        help="As a file; on another corpus, such as next month's file; or open a saved search.",
        on_click=lambda: st.session_state.update({_OPEN: True, menu: False}),
    )


def show_elsewhere(session: Session, corpora: Sequence[str]) -> None:
    """Draw the dialog if it is open; it stays so until a person closes it."""
    if st.session_state.get(_OPEN):
        _show(session, corpora)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Use a search elsewhere", width="large", icon=":material/move_up:", on_dismiss=_close)
def _show(session: Session, corpora: Sequence[str]) -> None:
    if session.query is None:
        st.caption("This session has no query yet. Open a saved search, or close this and search for something.")
    else:
        _show_save(session)
    try:
        opened = _opened()
        if opened is not None:
            _show_use(lambda figures: opened, opened, session, corpora, opened.encoder, opened.threshold)
        elif session.query is not None:
            title = state.title_of(session.session_id)
            encoder = engine_of(session).corpus.manifest.encoder
            _show_use(_of_session(session), (session, title), session, corpora, encoder)
    except ExemplarError as error:
        html.show_message("error", with_remedy(error))


def _of_session(session: Session, *, with_vectors: bool = False) -> Callable[[bool], SavedSearch]:
    engine, texts = engine_of(session), state.texts_of(session.session_id)
    title, ranked = state.title_of(session.session_id), usable(session, engine)
    return lambda figures: saved_search(
        ranked, engine, lambda: texts, title, with_figures=figures, with_vectors=with_vectors
    )


def _show_save(session: Session) -> None:
    title, engine = state.title_of(session.session_id), engine_of(session)
    manifest = engine.corpus.manifest
    with_vectors = manifest.vectors != "none" and st.checkbox(
        "With vectors",
        key="save_vectors",
        help="Of query and marked texts: to train it on another corpus of the same model, none of them is embedded "
        f"again. One takes {size_in_words(16 * manifest.encoder.dim // 3)}.",
    )
    make = _of_session(session, with_vectors=with_vectors)
    st.download_button(
        "Save this search",
        lambda: bytes_of(make(True)),
        file_name=file_name(session.corpus, title, ".json"),
        mime="application/json",
        key="save_search",
        icon=":material/download:",
        on_click="ignore",
        help="Query, marks with their texts, settings, and the trained weights, as a small readable file. "
        "exemplar apply ranks any file by it.",
    )


def _opened() -> SavedSearch | None:
    """Draw the box for a saved search; return that search, None without one."""
    uploaded = st.file_uploader(
        "Or open a saved search", type=["json"], key="open_search", max_upload_size=MOST_BYTES // 10**6
    )
    if uploaded is None:
        return None
    saved = saved_search_of(uploaded.getvalue(), uploaded.name)
    st.html(html.element("div", "text", html.text(search_in_words(saved))))
    return saved


def _show_use(
    make: Callable[[bool], SavedSearch],
    made_of: object,
    session: Session,
    corpora: Sequence[str],
    encoder: EncoderInfo,
    threshold: float | None = None,
) -> None:
    others = [name for name in corpora if name != session.corpus]
    corpus = st.selectbox(
        "Use this search on another corpus",
        [*others, *(name for name in corpora if name not in others)],
        None,
        key="elsewhere_corpus",
        placeholder="Choose a corpus",
    )
    if corpus is None:
        return
    engine = resources.engine(corpus)
    st.button(
        "Begin a session there",
        key="begin_elsewhere",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_begin,
        args=(make, engine),
    )
    st.caption(
        "Query, settings and marks go along; marks go by their texts, and train also where this corpus does not have "
        "them. It is trained on that corpus: scores do not compare with those here."
    )
    show_ranking(make, made_of, engine, session.session_id, threshold, encoder)


def _begin(make: Callable[[bool], SavedSearch], engine: SearchEngine) -> None:
    manifest = engine.corpus.manifest
    try:
        session_id = state.store().begin(manifest.name, events_on(make(False), engine.corpus), manifest.corpus_id)
    except FAILURES as error:
        state.notify(f"The session could not be begun: {with_remedy(error)}. Nothing was changed; try again.")
        return
    _close()
    navigation.open_session(session_id)
