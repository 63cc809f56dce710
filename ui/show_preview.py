"""The first documents of a source, as they will be read."""

from collections.abc import Iterator

import streamlit as st

from exemplar.data.documents import Document
from exemplar.data.sources.preview import Preview
from exemplar.ui import plain

_EXCERPT = 200  # characters
_MOST_FIELDS = 6
_LONGEST_FIELD = 80  # characters


def show_preview(found: Preview) -> None:
    """Draw them, and what was odd so far."""
    for line in found.problems:
        st.html(plain.quiet(line))
    if not found.documents:
        if not found.error:
            plain.show_message("warning", "the first rows hold no document; a build reads on, and tells what it finds")
        return
    st.caption("The first documents, as they will be read")
    with st.container(border=True, key="preview", gap="small"):
        for document in found.documents:
            st.html("".join(_parts(document)))


def _parts(document: Document) -> Iterator[str]:
    label = plain.called("label", document.label) if document.label else ""
    yield plain.element("div", "head", plain.called("id", document.doc_id), label)
    fields = list(document.metadata.items())[:_MOST_FIELDS]
    if fields:
        shown = (plain.field(name, plain.excerpt(value, _LONGEST_FIELD)) for name, value in fields)
        yield plain.element("div", "fields", *shown)
    yield plain.element("div", "text", plain.text(plain.excerpt(document.text, _EXCERPT)))
