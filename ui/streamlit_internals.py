"""Collect all uses of Streamlit beyond its public API: what a page runs for, and the messages of a tab."""

from typing import Literal

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = [
    "POPOVER",
    "RequestedRun",
    "UploadedFile",
    "has_changed_around",
    "is_on_a_page",
    "requested_run",
    "run_progress",
]

RequestedRun = Literal["page", "fragment", "timer"]
RunProgress = Literal["start", "drawing", "again", "end", "fragment start", "fragment end"]

_ENDS: dict[int, RunProgress] = {
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY: "fragment end",
    ForwardMsg.FINISHED_SUCCESSFULLY: "end",
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR: "end",
    ForwardMsg.FINISHED_EARLY_FOR_RERUN: "again",
}

POPOVER = '[data-testid="stPopoverBody"]'  # what CSS calls an open popover


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


def requested_run(message: bytes) -> RequestedRun | None:
    """Return what a tab's message asks to run; ``timer`` for a fragment without a click; None if nothing."""
    try:
        request = BackMsg.FromString(message)
    except DecodeError:  # Streamlit refuses it
        return None
    if not request.HasField("rerun_script"):
        return None
    if not request.rerun_script.fragment_id:
        return "page"
    return "timer" if request.rerun_script.is_auto_rerun else "fragment"


def run_progress(message: bytes) -> RunProgress | None:
    """Return what the server's message says of a run of the page or of a fragment; None if it says nothing of it.

    After "again" the page runs once more at once, as it or a fragment has asked for; or a fragment runs, for which
    Streamlit changes a last message that it has not sent yet. A fragment begins only when the page has ended.
    """
    sent = ForwardMsg.FromString(message)
    kind = sent.WhichOneof("type")
    if kind == "new_session":
        return "fragment start" if sent.metadata.run.fragment_ids else "start"
    if kind == "script_finished":
        return _ENDS.get(sent.script_finished)
    return "drawing" if kind in ("delta", "ref_hash") else None
