"""Collect all uses of Streamlit beyond its public API: what a page runs for, and the messages of a tab."""

from typing import Literal

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["UploadedFile", "has_changed_around", "is_on_a_page", "page_progress", "requested_run"]

_ENDS: dict[int, Literal["again", "end"]] = {
    ForwardMsg.FINISHED_SUCCESSFULLY: "end",
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR: "end",
    ForwardMsg.FINISHED_EARLY_FOR_RERUN: "again",
}


def is_on_a_page() -> bool:
    """Return whether this thread draws a page; a background thread can't draw."""
    return get_script_run_ctx(suppress_warning=True) is not None


def has_changed_around() -> bool:
    """Return whether a request that runs a fragment alone also changes something on the page outside of it.

    The browser sends what changes at the same moment in one request, for a fragment if it has a part in it. All
    callbacks run, but only the fragment is drawn. It has to be asked in a callback.
    """
    context = get_script_run_ctx()
    if context is None or not context.fragment_ids_this_run:
        return False
    state = context.session_state._state
    known = state._new_widget_state.widget_metadata
    around = (
        widget
        for widget in state._new_widget_state
        if widget in known and known[widget].fragment_id not in context.fragment_ids_this_run
    )
    return any(state._widget_changed(widget) for widget in around)


def requested_run(message: bytes) -> Literal["page", "fragment"] | None:
    """Return what a tab's message asks to run; None if nothing."""
    try:
        request = BackMsg.FromString(message)
    except DecodeError:  # Streamlit refuses it
        return None
    if not request.HasField("rerun_script"):
        return None
    return "fragment" if request.rerun_script.fragment_id else "page"


def page_progress(message: bytes) -> Literal["start", "drawing", "again", "end"] | None:
    """Return what the server's message says of a run of the page; None if it says nothing of it.

    After "again" the page runs once more at once, as it or a fragment has asked for; or a fragment runs, for which
    Streamlit changes a last message that it has not sent yet. A fragment begins only when the page has ended.
    """
    sent = ForwardMsg.FromString(message)
    kind = sent.WhichOneof("type")
    if kind == "new_session":
        return "end" if sent.metadata.run.fragment_ids else "start"
    if kind == "script_finished":
        return _ENDS.get(sent.script_finished)
    return "drawing" if kind in ("delta", "ref_hash") else None
