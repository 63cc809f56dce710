"""Show times in the time zone of the browser."""

from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import streamlit as st


def local_time(at: str) -> str:
    """Return an ISO 8601 time for people, in the browser's time zone; any other text comes back unchanged."""
    try:
        return datetime.fromisoformat(at).astimezone(_time_zone()).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return at


def _time_zone() -> tzinfo | None:
    """Return the browser's time zone; None if it is unknown, which selects this machine's."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ValueError, KeyError):
        return None
