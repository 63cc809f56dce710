"""Collect all uses of Streamlit beyond its public API: whether a page runs, and the messages of a tab."""

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["UploadedFile", "is_drawing_or_end", "is_on_a_page", "is_run_start", "requests_run"]


def is_on_a_page() -> bool:
    """Return whether this thread draws a page; a background thread can't draw."""
    return get_script_run_ctx(suppress_warning=True) is not None


def requests_run(message: bytes) -> bool:
    """Return whether a tab's message requests a run of the page, not only of a fragment."""
    try:
        request = BackMsg.FromString(message)
    except DecodeError:  # Streamlit refuses it
        return False
    return bool(request.HasField("rerun_script") and not request.rerun_script.fragment_id)


def is_run_start(message: bytes) -> bool:
    """Return whether the server's message announces a run of the page, not only of a fragment."""
    sent = ForwardMsg.FromString(message)
    return sent.WhichOneof("type") == "new_session" and not sent.metadata.run.fragment_ids


def is_drawing_or_end(message: bytes) -> bool:
    """Return whether the server's message draws something or announces the end of a run."""
    return ForwardMsg.FromString(message).WhichOneof("type") in ("delta", "ref_hash", "script_finished")
