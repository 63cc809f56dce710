"""Times as the clock of the one who looks says them."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st


def local_time(at: str) -> str:
    """Return an ISO 8601 time for people, in the browser's time zone; what is no time as it is."""
    try:
        return datetime.fromisoformat(at).astimezone(_time_zone()).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return at


def _time_zone() -> tzinfo | None:
    """Return the browser's time zone; None, this machine's, where it is not known."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ValueError, KeyError):
        return None
