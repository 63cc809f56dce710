"""Draw how far a corpus is embedded, and offer better vectors when they are there; no ranking changes by itself."""

import contextlib

import streamlit as st

from exemplar.data.corpus.catalog import stage_in_words
from exemplar.data.corpus.lock import is_being_built
from exemplar.data.corpus.manifest import Manifest, read_manifest
from exemplar.data.encoders.base import VECTOR_KINDS, VectorKind
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.ui import html, state

_EVERY = 2.0  # seconds, until the full vectors are there
_GO_ON = " The full vectors are made by Build on, on the page Corpora."

_READY = {
    "quick": "Quick vectors are ready: they find by meaning, too.",
    "full": "Better vectors are ready: the full ones.",
}


def show_stage(best: Manifest, vectors: VectorKind) -> None:
    """Draw what rankings of a corpus can use, and offer it if it is better than what the shown ranking uses.

    This is live until the shown ranking uses the full vectors.

    Parameters
    ----------
    best
        The manifest of the corpus with the best vectors that it has now.
    vectors
        Those of the shown ranking.
    """
    if vectors == "full":
        return

    def draw() -> None:
        with contextlib.suppress(CorpusNotFound, CorpusDamaged):
            now = read_manifest(best.name)
            if now.vectors != "full":
                is_waiting = not is_being_built(now.name)
                st.caption(f"Searched by {stage_in_words(now)}." + (_GO_ON if is_waiting else ""))
            if VECTOR_KINDS.index(now.vectors) > VECTOR_KINDS.index(vectors):
                _offer(now.vectors)

    st.fragment(draw, run_every=_EVERY)()


def _offer(vectors: VectorKind) -> None:
    with st.container(key="better-vectors", gap="xsmall"):
        html.show_message("success", f"{_READY[vectors]} The next query takes them by itself.")
        label, icon = "Rank by them now", ":material/upgrade:"
        if st.button(label, key="take vectors", icon=icon, on_click=state.take_best_vectors):
            st.rerun(scope="app")
