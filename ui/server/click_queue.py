"""Deliver the clicks of a tab one by one: the next waits until the page has processed the last."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exemplar.ui.streamlit_internals import is_drawing_or_end, is_run_start, requests_run

_LONGEST_TURN = 30.0  # seconds; a page that hangs for longer must not block the clicks of its tab


class ClickQueue:
    """Holds a tab's click back from Streamlit until the page begins to show the result of the last one.

    Streamlit ends the run of a click as soon as the next click arrives. If the callback of the first click has not run
    by then, that click is lost; if it is running, it stops halfway, at its next access to the session's state.
    Callbacks run before anything is drawn, so the first drawing of a run shows that its click has been processed.
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
            if _is_click(message):
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.over.wait(), _LONGEST_TURN)
                turn.begin()
            return message

        async def send_and_watch(message: Message) -> None:
            turn.see(message)
            await send(message)

        await self._app(scope, receive_in_turn, send_and_watch)


class _Turn:
    """The last click of a tab."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.over.set()
        self._runs = False

    def begin(self) -> None:
        """Deliver a click."""
        self.over.clear()
        self._runs = False

    def see(self, message: Message) -> None:
        """Watch a message of the app: the turn ends with the first drawing or the end of the click's run."""
        if self.over.is_set() or not message.get("bytes"):
            return
        sent: bytes = message["bytes"]
        if is_run_start(sent):
            self._runs = True
        elif self._runs and is_drawing_or_end(sent):
            self.over.set()


def _is_click(message: Message) -> bool:
    """Return whether a message requests a run of the page; a run of a fragment does not end another run."""
    return bool(message.get("bytes")) and requests_run(message["bytes"])
