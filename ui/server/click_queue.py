"""Clicks in turn: the next one of a tab is let in when the page has taken the last."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exemplar.ui.streamlit_internals import asks_for_a_run, is_drawing_or_end, is_start_of_a_run

_LONGEST_TURN = 30.0  # seconds; whatever keeps a page so long, it must not take the tab's clicks with it


class Turns:
    """Holds back a tab's click, before Streamlit sees it, until the page begins to show what the last one did.

    Streamlit ends the run of a click as soon as it hears of the next. Where the callback of the first has not run by
    then, that click is lost; where it is at work, it ends at its next look into the session's state, and is half done.
    Callbacks run before anything is drawn, so what a run draws first says that its click has been taken.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        turn = _Turn()

        async def in_turn() -> Message:
            message = await receive()
            if _is_click(message):
                with suppress(TimeoutError):
                    await asyncio.wait_for(turn.over.wait(), _LONGEST_TURN)
                turn.begin()
            return message

        async def watched(message: Message) -> None:
            turn.see(message)
            await send(message)

        await self._app(scope, in_turn, watched)


class _Turn:
    """The last click of a tab."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.over.set()
        self._runs = False

    def begin(self) -> None:
        """Let a click in."""
        self.over.clear()
        self._runs = False

    def see(self, message: Message) -> None:
        """Look at what the app sends: the turn is over with what the click's run draws first, or with its end."""
        if self.over.is_set() or not message.get("bytes"):
            return
        sent: bytes = message["bytes"]
        if is_start_of_a_run(sent):
            self._runs = True
        elif self._runs and is_drawing_or_end(sent):
            self.over.set()


def _is_click(message: Message) -> bool:
    """Return whether a message asks for a run of the page; a run of a fragment does not end another's run."""
    return bool(message.get("bytes")) and asks_for_a_run(message["bytes"])
