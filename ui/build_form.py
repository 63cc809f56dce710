"""The form that builds a corpus, with its progress."""

import streamlit as st

from data.corpus import Corpus
from data.encoder import DEFAULT_MODEL
from data.ingest import build_corpus
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
            help="docs, or docs:numpy,pandas for installed packages; the path of a CSV, TSV, JSON Lines or Parquet "
            "file on this machine; or a Hugging Face data set: a folder, or a name on the hub.",
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
        with st.spinner("Reading the documents"):
            documents = read_source(
                source.strip(),
                split=split.strip() or None,
                text_column=text_column.strip() or None,
                label_column=label_column.strip() or None,
                limit=limit,
            )
        encoder = resources.encoder(model.strip() or DEFAULT_MODEL, "float32")
        bar = st.progress(0.0, "Embedding")
        return build_corpus(
            documents,
            encoder,
            name=name.strip() or None,
            replace=replace,
            on_progress=lambda done, total: bar.progress(done / total, f"Embedding: {done:,} of {total:,}"),
        )
    except (ValueError, OSError) as error:
        plain.show_message("error", str(error))
        return None
