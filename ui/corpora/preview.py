"""Draw the first documents of a source as a build will read them."""

from collections.abc import Iterator

import streamlit as st

from exemplar.data.documents import Document
from exemplar.data.sources.preview import Preview
from exemplar.ui import html

_EXCERPT = 200  # characters
_MOST_FIELDS = 6
_LONGEST_FIELD = 80  # characters


def show_preview(preview: Preview) -> None:
    """Draw the documents and the problems of a preview."""
    for line in (*(f"{note[0].upper()}{note[1:]}." for note in preview.notes), *preview.problems):
        st.html(html.quiet_line(line))
    if preview.suspicious:
        places = "; ".join(preview.suspicious)
        html.show_message("warning", f"these letters look wrong; another encoding may be right: {places}")
    if not preview.documents:
        if not preview.error:
            html.show_message("warning", "the first rows hold no document; a build reads on, and tells what it finds")
        return
    st.caption("The first documents, as they will be read")
    with st.container(border=True, key="preview", gap="small"):
        for document in preview.documents:
            st.html("".join(_parts(document)))


def _parts(document: Document) -> Iterator[str]:
    yield html.element("div", "head", html.name_element("id", document.doc_id), *html.label_elements(document.labels))
    yield html.title_element(document.title, document.doc_id)
    fields = list(document.metadata.items())[:_MOST_FIELDS]
    if fields:
        shown = (html.field(name, html.excerpt(value, _LONGEST_FIELD)) for name, value in fields)
        yield html.element("div", "fields", *shown)
    yield html.element("div", "text", html.text(html.excerpt(document.text, _EXCERPT)))
