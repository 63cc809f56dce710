"""Deliver the clicks of a tab one by one: the next waits until the page has processed the last."""

import asyncio
import time
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exemplar.ui.streamlit_internals import RequestedRun, page_progress, requested_run

# Seconds: a page that hangs for longer must not block the clicks of its tab. It is less than the server waits for the
# answer to a ping, which is not read while a second request waits behind the one that is held back.
_LONGEST_TURN = 20.0


class ClickQueue:
    """Holds requests of a tab back from Streamlit that would cost what an earlier one has done.

    - Streamlit ends the run of a click as soon as the next click arrives. If the callback of the first click has not
      run by then, that click is lost; if it is running, it stops halfway, at its next access to the session's state.
      Callbacks run before anything is drawn, so the first drawing of a run shows that its click has been processed,
      and the next click may come in.
    - A request of a fragment waits for the run of the page. If it arrives when that run is over but not all it has
      drawn is on its way, Streamlit starts a new thread for it and drops what the last one has still to send: the
      drawing is lost, though the page takes it as drawn. So the fragment waits until the end of the run was sent.
    - A fragment that runs by itself from time to time isn't let in while anything else runs. If the page is about to
      be left, Streamlit would run the fragment behind the new page, and the browser would take that for a return to
      the old one and throw away what is drawn. Its time comes again in a moment.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        turn = _Turn()

        async def receive_in_turn() -> Message:
            message = await receive()
            wanted = _wanted(message)
            while wanted == "timer" and turn.runs():
                message = await receive()
                wanted = _wanted(message)
            if wanted == "page":
                await _wait(turn.processed)
                turn.begin()
            elif wanted == "fragment":
                await _wait(turn.over)
                turn.begin_fragment()
            return message

        async def send_and_watch(message: Message) -> None:
            if message.get("bytes"):
                turn.see(message["bytes"])
            with suppress(OSError):  # the tab is gone, which the app learns once it has received what was held back
                await send(message)

        await self._app(scope, receive_in_turn, send_and_watch)


class _Turn:
    """The last click of a tab: whether the page has processed it, and whether its run is over and sent."""

    def __init__(self) -> None:
        self.processed, self.over = asyncio.Event(), asyncio.Event()
        self.processed.set()
        self.over.set()
        self._runs = self._fragment_runs = False
        self._since = 0.0

    def begin(self) -> None:
        """Deliver a click."""
        self.processed.clear()
        self.over.clear()
        self._runs = self._fragment_runs = False
        self._since = time.monotonic()

    def begin_fragment(self) -> None:
        """Deliver a click in a fragment."""
        self._fragment_runs = True
        self._since = time.monotonic()

    def runs(self) -> bool:
        """Return whether the page or a fragment runs, or is about to; not if it has hung for long."""
        return (self._fragment_runs or not self.over.is_set()) and time.monotonic() < self._since + _LONGEST_TURN

    def see(self, sent: bytes) -> None:
        """Watch a message of the app; a page can also run without a click, if a fragment asks for it."""
        progress = page_progress(sent)
        if progress == "start":
            self._runs = True
        if progress in ("start", "fragment"):
            self._since = time.monotonic()
        if progress in ("fragment", "fragment end", "end"):
            self._fragment_runs = progress == "fragment"
        if progress in (None, "fragment end") or not self._runs:
            return
        if progress != "start":
            self.processed.set()
        if progress in ("fragment", "end"):
            self.over.set()
        elif progress != "drawing":
            self.over.clear()


def _wanted(message: Message) -> RequestedRun | None:
    return requested_run(message["bytes"]) if message.get("bytes") else None


async def _wait(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), _LONGEST_TURN)
