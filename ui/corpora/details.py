"""Draw the facts about one corpus."""

from collections.abc import Iterator

import streamlit as st

from exemplar.data.building.uploads import uploaded_name
from exemplar.data.corpus.catalog import CorpusStatus
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.text import size_in_words
from exemplar.ui import html
from exemplar.ui.local_time import local_time

_STATES = {
    "complete": "complete",
    "rebuilding": "being built anew; what there was serves until then",
    "building": "being built; it can be searched already",
    "unfinished": "unfinished; it can be searched, and Build on goes on from there",
    "damaged": "damaged: what it is can't be read",
}
_NOTHING_YET = {
    "building": "being built; it can't be searched yet",
    "unfinished": "unfinished; it can't be searched yet, and Build on goes on with it",
}


def show_details(status: CorpusStatus) -> None:
    """Draw the state, the facts and the problems of a corpus."""
    manifest = status.manifest
    state = (_STATES if manifest else _STATES | _NOTHING_YET)[status.state]
    head = [html.element("b", "name-of", html.text(status.name)), html.element("span", "label", html.text(state))]
    st.html(html.element("div", "head", *head) + _fields(_facts(status)))
    if manifest and manifest.problems:
        lines = (html.quiet_line(f"{reason}: {n:,}") for reason, n in manifest.problems.items())
        st.html(html.element("div", "quiet", "Odd about its documents:") + "".join(lines))


def shown_sources(manifest: Manifest) -> str:
    """Return the name of the first source of a corpus to show, and how many more there are."""
    more = f" and {len(manifest.added):,} more" if manifest.added else ""
    return _shown(manifest.source.source) + more


def _shown(source: str) -> str:
    """Return the name of a source to show: an uploaded file by its own name, and any name as legible text."""
    name = uploaded_name(source)
    return html.shortened(f"{name} (uploaded)" if name else source)


def _facts(status: CorpusStatus) -> Iterator[tuple[str, str]]:
    manifest = status.manifest
    if manifest is None:
        yield "Size", size_in_words(status.size)
        return
    encoder = manifest.encoder
    yield "Documents", status.documents
    yield "Passages", f"{manifest.n_passages:,}" + (", one a document" if manifest.whole else "")
    yield "Size", size_in_words(status.size)
    yield "Source", _shown(manifest.source.source)
    for choice, value in manifest.source.choices().items():
        yield choice.replace("_", " ").capitalize(), "yes" if value is True else str(value)
    for added in manifest.added:
        n_documents = f"{added.n_documents:,} documents"
        yield f"Added {local_time(added.at)}", f"{_shown(added.spec.source)}, {n_documents}"
    yield "Searched by", status.stage
    if manifest.vectors == "none":
        yield "Model", encoder.model
    else:
        yield from _facts_of_vectors(encoder)
    if status.words:
        yield "Words", status.words.in_words
    if manifest.created:
        yield "Built", local_time(manifest.created)


def _facts_of_vectors(encoder: EncoderInfo) -> Iterator[tuple[str, str]]:
    yield "Model", f"{encoder.title}, revision {encoder.revision}"
    longest = f", reads {encoder.max_tokens:,} tokens" if encoder.max_tokens else ""
    yield "Vectors", f"{encoder.dim:,} dimensions, {encoder.similarity}, {encoder.precision}{longest}"
    yield "Embedded on", f"{encoder.device}, {encoder.backend}"


def _fields(facts: Iterator[tuple[str, str]]) -> str:
    """Return named facts as HTML."""
    return html.element("div", "fields", *(html.field(name, value) for name, value in facts))
