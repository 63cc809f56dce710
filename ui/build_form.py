"""The form that builds a corpus, with its progress."""

import streamlit as st

from data.corpus import Corpus
from data.documents import Problem, Problems, Source
from data.embed import Progress
from data.encoder import DEFAULT_MODEL, Encoder
from data.ingest import build_corpus, precision_of
from data.sources import read_source
from ui import plain, resources


def build_form(example: str = "") -> Corpus | None:
    """Draw the form; return the corpus in the run in which it was built.

    ``example`` stands in the source box to begin with.
    """
    with st.form("build"):
        source = st.text_input(
            "Source",
            value=example,
            key="build_source",
            help="docs, or docs:numpy,pandas for installed packages; the path of a file on this machine (CSV, TSV, "
            "JSON, JSON Lines, Parquet, text, Markdown, PDF) or of a folder of files; or a Hugging Face data set: a "
            "folder, or a name on the hub.",
        )
        left, right = st.columns(2)
        name = left.text_input("Name", key="build_name", help="Without one the source's own is taken.")
        split = right.text_input("Split", key="build_split", help="Of a data set, slices included. Without one: train.")
        text_column = left.text_input("Text column", key="build_text", help="Without one it is guessed.")
        label_column = right.text_input("Label column", key="build_label", help="Without one it is guessed.")
        limit = left.number_input(
            "Limit", min_value=1, value=None, key="build_limit", help="At most so many rows; all without."
        )
        model = right.text_input(
            "Model",
            value=DEFAULT_MODEL,
            key="build_model",
            help="A SentenceTransformer: a name, or a folder.",
        )
        whole = st.checkbox(
            "Whole documents",
            key="build_whole",
            help="One passage a document, as much of it as the model reads. Without it a long document becomes as many "
            "passages as it takes, and ranks by the best.",
        )
        replace = st.checkbox(
            "Allow replacing",
            key="build_replace",
            help="Replace a corpus of this name even if it was built from other documents or by another model. "
            "Marks made on it may then point to other texts.",
        )
        pressed = st.form_submit_button("Build", type="primary", icon=":material/play_arrow:")
    if not pressed:
        return None
    try:
        with st.spinner("Looking at the source"):
            documents = read_source(
                source.strip(),
                split=split.strip() or None,
                text_column=text_column.strip() or None,
                label_column=label_column.strip() or None,
                limit=limit,
            )
        model = model.strip() or DEFAULT_MODEL
        name = name.strip() or documents.name
        encoder = resources.builder(model, precision_of(name, model, replace=replace) or "auto")
        return _build(documents, encoder, name, whole, replace)
    except (ValueError, OSError) as error:
        plain.show_message("error", str(error))
        return None


def _build(source: Source, encoder: Encoder, name: str, whole: bool, replace: bool) -> Corpus:
    """Build with progress in sight; say what was odd about the source."""
    bar = st.progress(0.0, "Reading")
    problems = Problems()

    def on_event(event: Progress | Problem) -> None:
        if isinstance(event, Problem):
            problems.add(event)
        elif event.total is None:
            bar.progress(0.0, f"Reading: {event.done:,} documents")
        else:
            speed = f" · {event.speed} on {encoder.device}, {encoder.precision}" if event.speed else ""
            bar.progress(event.done / event.total, f"Embedding: {event.done:,} of {event.total:,}{speed}")

    corpus = build_corpus(source, encoder, name=name, whole=whole, replace=replace, on_event=on_event)
    for line in problems.lines():
        plain.show_message("warning", line)
    return corpus
