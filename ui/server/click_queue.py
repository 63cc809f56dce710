"""Deliver the clicks of a tab one by one: the next waits until the page has processed the last."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exemplar.ui.streamlit_internals import RequestedRun, requested_run, run_progress

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
    - What the browser's timer asks for while a fragment runs is left out; it asks again. If that fragment leads to
      another page, Streamlit can run the timer's behind the new page, as one of the page that was left, and the browser
      takes the new page's elements for those of another page and removes them.
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
            while (wanted := _requested(message)) == "timer" and turn.fragment_runs:
                message = await receive()
            if wanted == "page":
                await _wait(turn.processed)
                turn.begin()
            elif wanted is not None:
                await _wait(turn.over)
            return message

        async def send_and_watch(message: Message) -> None:
            if message.get("bytes"):
                turn.see(message["bytes"])
            with suppress(OSError):  # the tab is gone, which the app learns once it has received what was held back
                await send(message)

        await self._app(scope, receive_in_turn, send_and_watch)


class _Turn:
    """The last click of a tab: whether the page has processed it, and whether its run is over and sent.

    Attributes
    ----------
    fragment_runs
        Whether a fragment runs, or has asked for a run of the page that has not begun.
    """

    def __init__(self) -> None:
        self.processed, self.over = asyncio.Event(), asyncio.Event()
        self.processed.set()
        self.over.set()
        self.fragment_runs = self._page_ran = False

    def begin(self) -> None:
        """Deliver a click."""
        self.processed.clear()
        self.over.clear()
        self._page_ran = False

    def see(self, sent: bytes) -> None:
        """Watch a message of the app; a page can also run without a click, if a fragment asks for it."""
        progress = run_progress(sent)
        if progress in ("start", "fragment start", "fragment end"):
            self.fragment_runs = progress == "fragment start"
        if progress == "start":
            self._page_ran = True
        if progress in (None, "fragment end") or not self._page_ran:
            return
        if progress != "start":
            self.processed.set()
        if progress in ("end", "fragment start"):
            self.over.set()
        elif progress != "drawing":
            self.over.clear()


def _requested(message: Message) -> RequestedRun | None:
    return requested_run(message["bytes"]) if message.get("bytes") else None


async def _wait(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), _LONGEST_TURN)
