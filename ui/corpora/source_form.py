"""Choose the source of a build: the widgets of every kind of source."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from exemplar.data.building.uploads import save_upload
from exemplar.data.files.file import ARCHIVES, PACKINGS
from exemplar.data.readers.formats import BY_SUFFIX
from exemplar.data.sources.package_docs import DEMO_PACKAGES
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html
from exemplar.ui.corpora.form_memory import UPLOAD, UPLOADED, fresh_key
from exemplar.ui.streamlit_internals import UploadedFile

_KINDS = {
    "upload": "Upload a file",
    "path": "File or folder",
    "docs": "Installed packages",
    "hub": "Hugging Face",
}
_MOST_MEGABYTES = 500  # an upload is held in memory on its way


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file that was uploaded, and where it is saved."""

    file_id: str
    name: str
    path: Path


def choose_source(example: str) -> tuple[str, SourceSpec | None]:
    """Draw the widgets; return the kind of source and its spec, or None until a source is named."""
    kind = st.segmented_control(
        "Documents from",
        list(_KINDS),
        default="docs" if example == "docs" else "upload",
        format_func=lambda kind: _KINDS[kind],
        required=True,
        key="build_kind",
        persist_state="session",
        help="A file from your computer; files on the machine that this page runs on; the documentation of Python "
        "packages that are installed here; or a data set, from the hub or a folder.",
    )
    choose = {"upload": _choose_upload, "path": _choose_path, "docs": _choose_packages, "hub": _choose_data_set}
    return str(kind), choose[str(kind)]()


def _choose_upload() -> SourceSpec | None:
    key = fresh_key(UPLOADED)
    uploaded = st.file_uploader(
        "File",
        type=[kind.removeprefix(".") for kind in (*BY_SUFFIX, *ARCHIVES, *PACKINGS)],
        max_upload_size=_MOST_MEGABYTES,
        key=key,
        on_change=lambda: _forget_upload() if st.session_state[key] is None else None,
        help="A table (CSV, TSV, JSON, JSON Lines, Parquet): a row is a document. A text, Markdown or PDF file is one "
        "document. A zip: all such files in it. A larger file is better named by its path.",
    )
    upload = _kept_upload() if uploaded is None else _saved_upload(uploaded)
    if upload is None:
        return None
    if uploaded is None:  # the page was left since, and the browser has forgotten it
        _show_kept(upload)
    return SourceSpec(str(upload.path), shown_as=upload.name)


def _saved_upload(uploaded: UploadedFile) -> _Upload:
    """Save an uploaded file, only once."""
    upload = _kept_upload()
    if upload is None or upload.file_id != uploaded.file_id:
        upload = _Upload(uploaded.file_id, uploaded.name, save_upload(uploaded.name, uploaded.getbuffer()))
        st.session_state[fresh_key(UPLOAD)] = upload
    return upload


def _kept_upload() -> _Upload | None:
    """Return the file that was uploaded last; None if it is gone."""
    upload: _Upload | None = st.session_state.get(fresh_key(UPLOAD))
    return upload if upload is not None and upload.path.is_file() else None


def _forget_upload() -> None:
    st.session_state.pop(fresh_key(UPLOAD), None)


def _show_kept(upload: _Upload) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="kept-upload"):
        st.html(html.element("span", "name-of", html.text(f"Chosen: {html.name(upload.name)}")), width="content")
        st.button(
            "Take it out",
            key="build_upload_forget",
            icon=":material/close:",
            help="Choose no file.",
            on_click=_forget_upload,
        )


def _choose_path() -> SourceSpec | None:
    path = _text(
        "Path",
        "build_path",
        "Of a file or folder on the machine that this page runs on. A folder: all files in it that can be read (CSV, "
        "TSV, JSON, JSON Lines, Parquet, text, Markdown, PDF, zip), or a BEIR folder, or a data set.",
    )
    # The hub would be searched for a bare name.
    if not path:
        return None
    return SourceSpec(path if path.startswith((".", "/", "~", "\\")) or ":" in path else f"./{path}")


def _choose_packages() -> SourceSpec | None:
    names = _text(
        "Packages",
        "build_packages",
        "Names as they are imported, with commas between. Each documented function and class is a document.",
        ", ".join(DEMO_PACKAGES),
    )
    without = st.checkbox(
        "Leave out See Also",
        key="build_see_also",
        persist_state="session",
        help="Needed to evaluate: what authors name under “See Also” is taken for relevant, and must not be found by "
        "reading it.",
    )
    packages = ",".join(filter(None, (name.strip() for name in names.split(","))))
    if not packages:
        return None
    source = "docs" if packages == ",".join(DEMO_PACKAGES) else f"docs:{packages}"
    return SourceSpec(source, without_see_also=without)


def _choose_data_set() -> SourceSpec | None:
    name = _text("Data set", "build_data_set", "owner/name on the Hugging Face hub, such as stanfordnlp/imdb.")
    left, middle, right = st.columns(3)
    with left:
        config = _text("Configuration", "build_config", "Where the data set has several. Without one the default.")
    with middle:
        split = _text("Split", "build_split", "Slices too, such as train[:1000]. Without one: train.")
    with right:
        revision = _text("Revision", "build_revision", "A commit, branch or tag. Without one the latest.")
    return SourceSpec(name, config or None, split or None, revision or None) if name else None


def _text(label: str, key: str, hint: str, value: str = "") -> str:
    return str(st.text_input(label, value=value, key=key, persist_state="session", help=hint) or "").strip()
