"""Remember what was typed and chosen in the form of a build: until its build has begun, and again if that fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import jobs

PREVIEWED = "build_looked_at"  # the source of the preview
ADDING = "build_adds_to"  # the corpus that the form adds a source to; none if the form builds a corpus
UPLOADED, UPLOAD = "build_upload", "saved_upload"  # the widget, and what it got

_FORM = "number_of_the_form"
_N_FORMS = "number_of_forms"
_BEGUN = "build_begun_by_the_form"
# An empty form has none of these, and keeps those below.
_EMPTIED = (UPLOADED, UPLOAD, *(f"build_{key}" for key in ("name", "limit", "model", "language", "whole", "replace")))
_KEPT = ("kind", "path", "packages", "see_also", "data_set", "config", "split", "revision")
_EMPTY = (None, "", False, DEFAULT_MODEL)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A build that the form has begun, and what the form held."""

    name: str
    form: int
    previewed: SourceSpec | None
    adds_to: str | None
    kept: Mapping[str, Any]


def fresh_key(key: str) -> str:
    """Return the key of a widget, or of another part of the form, that is empty again after a build has begun."""
    return f"{key} {st.session_state.get(_FORM, 0)}"


def empty_form(name: str) -> None:
    """Empty the form after its build of a name has begun."""
    previewed = st.session_state.pop(PREVIEWED, None)
    adds_to = st.session_state.get(ADDING)
    begun = _Begun(name, st.session_state.get(_FORM, 0), previewed, adds_to, _kept())
    new_form()
    st.session_state[_BEGUN] = begun


def new_form() -> None:
    """Take an empty form, which builds a corpus."""
    st.session_state.pop(_BEGUN, None)
    st.session_state.pop(ADDING, None)
    st.session_state[_FORM] = st.session_state[_N_FORMS] = st.session_state.get(_N_FORMS, 0) + 1


def refill_form() -> None:
    """Fill the form as it was if its last build has ended without a corpus, and it was left empty since."""
    begun: _Begun | None = st.session_state.get(_BEGUN)
    if begun is None:
        return
    job = jobs.job("build", begun.name)
    if job is not None and job.running:
        return
    del st.session_state[_BEGUN]
    is_empty = all(st.session_state.get(fresh_key(key)) in _EMPTY for key in _EMPTIED)
    if job is not None and not job.result and is_empty and _kept() == begun.kept:
        st.session_state[_FORM] = begun.form
        st.session_state[PREVIEWED] = begun.previewed
        if begun.adds_to is not None:
            st.session_state[ADDING] = begun.adds_to


def _kept() -> dict[str, Any]:
    return {key: st.session_state.get(f"build_{key}") for key in _KEPT}
