"""A tab at a Streamlit app without a browser: it speaks the websocket protocol by which Streamlit's own page does.

Nothing is drawn, so that one machine can hold many of them, and nothing is missed: every message is read.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.support.streamlit_client.tree import Tree

_WIDGETS = ("button", "checkbox", "text_input")


class Disconnected(ConnectionError):
    """The app closed the connection, or it broke."""


class NotShown(RuntimeError):
    """The page does not show what it should by now."""


class Tab:
    """One tab; it is used from one thread at a time.

    Every method that talks to the app raises ``Disconnected`` once the connection is gone, ``TimeoutError`` when the
    page takes longer than ``timeout`` seconds, and ``OSError`` where nobody answers.

    Parameters
    ----------
    url
        Of the app, as ``tests.support.streamlit_client.browser.serving`` gives it.
    last_drawn
        The key of the component with which a page is all there, though its run may go on.

    Attributes
    ----------
    tree
        The page as it is now.
    broken
        What the page could not be drawn for, in all its runs.
    n_runs
        How often the page has been run, without the runs of a part of it alone.
    """

    def __init__(self, url: str, *, timeout: float = 180, last_drawn: str = "") -> None:
        self.url, self.timeout = url, timeout
        self.broken: list[str] = []
        self.n_runs = 0
        self._last_drawn = last_drawn
        self._opened = ExitStack()
        self._connection: ClientConnection | None = None
        self._forget("")

    def open(self, address: str = "/", *, wait: bool = True) -> None:
        """Open an address of the app, such as ``/?corpus=docs&q=dog``, in a new connection: a reload is this as well.

        It returns when the page has finished, or without ``wait`` at once.
        """
        self.close()
        self._forget(address)
        try:
            self._connection = self._opened.enter_context(
                connect(
                    f"ws{self.url.removeprefix('http')}/_stcore/stream",
                    origin=Origin(self.url),
                    subprotocols=[Subprotocol("streamlit")],
                    open_timeout=self.timeout,
                    max_size=None,
                    max_queue=None,  # a browser reads on while nobody looks
                    proxy=None,
                )
            )
        except InvalidHandshake as error:
            raise Disconnected(f"the app at {self.url} does not take visitors: {error}") from error
        self.ask(wait=wait)

    def close(self) -> None:
        """Close the tab."""
        self._connection = None
        self._opened.close()

    @property
    def query_params(self) -> dict[str, str]:
        """What the address of the page says by now."""
        return {key: values[-1] for key, values in parse_qs(self._query_string).items()}

    @property
    def is_finished(self) -> bool:
        """Whether the run that was asked for last has finished."""
        return self._finished

    @property
    def is_drawn(self) -> bool:
        """Whether all is there that the last click led to; its run may still go on."""
        return self._finished or (self._begun and self._drawn)

    def click(self, key: str, *, wait: bool = True) -> None:
        """Press the button of a key; return when the page has finished, or without ``wait`` at once."""
        button = self.widget(key)
        if button is None or button.disabled:
            raise NotShown(f"there is no button '{key}' that can be pressed: {self.at()}")
        self.ask(button.id, wait=wait)

    def ask(
        self,
        trigger: str | None = None,
        *,
        wait: bool = True,
        said: str | None = None,
        fragment: str = "",
        by_timer: bool = False,
    ) -> None:
        """Ask for a run, as a click on a trigger does; every widget tells what it is set to.

        ``said`` is what a component's trigger says, as JSON, and ``fragment`` the part of the page to run, which may
        ask for it ``by_timer``.
        """
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self._query_string, self._page_hash
        asked.page_name = "" if self._page_hash else self._page
        asked.context_info.url = f"{self.url}/{self._page}"
        asked.context_info.timezone = "UTC"
        asked.widget_states.widgets.extend(self.tree.states.values())
        asked.fragment_id, asked.is_auto_rerun = fragment, by_timer
        self._is_part = bool(fragment)
        if trigger is not None and said is not None:
            asked.widget_states.widgets.add(id=trigger, json_trigger_value=said)
        elif trigger is not None:
            asked.widget_states.widgets.add(id=trigger, trigger_value=True)
        self._begun = self._drawn = self._finished = False
        with self._connected() as connection:
            connection.send(message.SerializeToString())
        if wait:
            self.finish()

    def finish(self) -> None:
        """Read on until the page has finished what was asked last."""
        self.wait_for(lambda: self.is_finished)

    def rest(self, seconds: float) -> None:
        """Do nothing for a while, as a person who thinks; the page may go on."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Read on until something holds."""
        deadline = time.monotonic() + self.timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the page takes longer than {self.timeout:g} s: {self.at()}")
            self._read(left)

    def widget(self, key: str) -> Any:
        """Return the button, checkbox or text input of a key, None where there is none."""
        nodes = (node for node in self.tree.root.walk() if node.kind in _WIDGETS)
        return next((node.element for node in nodes if node.key == key), None)

    def exceptions(self) -> list[str]:
        """Return what Streamlit itself tells of what went wrong."""
        return [*self.broken, *(f"{each.type}: {each.message}" for each in self.tree.root.find("exception"))]

    def at(self) -> str:
        """Return where the page stands, for messages."""
        stage = "finished" if self._finished else "running" if self._begun else "not begun"
        return f"/{self._page}?{self._query_string} ({stage}) {'; '.join(self.exceptions())}".strip()

    def _forget(self, address: str) -> None:
        parts = urlsplit(address)
        self.tree = Tree()
        self._is_part = False
        self._query_string, self._page, self._page_hash = parts.query, parts.path.strip("/"), ""
        self._begun = self._drawn = self._finished = False

    def _read(self, seconds: float) -> None:
        """Take one message, if one comes in time."""
        with self._connected() as connection:
            try:
                data = connection.recv(timeout=seconds, decode=False)
            except TimeoutError:
                return
        self._take(ForwardMsg.FromString(data))

    @contextmanager
    def _connected(self) -> Iterator[ClientConnection]:
        if self._connection is None:
            raise Disconnected("no page is open")
        try:
            yield self._connection
        except ConnectionClosed as error:
            raise Disconnected(f"the app closed the connection: {error}") from error

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                fragments = tuple(message.metadata.run.fragment_ids)
                if not fragments or self._is_part:  # else it was asked for before the page
                    self._begun, self._drawn = True, False
                self._page_hash = message.new_session.page_script_hash
                self.tree.begin(fragments)
                self.n_runs += not fragments
            case "delta":
                self.tree.draw(message)
                component = message.delta.new_element.bidi_component
                if self._last_drawn and component.id.endswith(f"-{self._last_drawn}"):
                    self._drawn = True
                    self._take_component(component, message.delta.fragment_id)
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "page_info_changed":
                self._query_string = message.page_info_changed.query_string
            case "script_finished":
                self._take_finish(message.script_finished)
            case "session_event" if message.session_event.HasField("script_compilation_exception"):
                self.broken.append(message.session_event.script_compilation_exception.message)
            case "page_not_found":
                self.broken.append(f"there is no page '{message.page_not_found.page_name}'")

    def _take_component(self, component: Any, fragment: str) -> None:
        """Take what the last component of a page draws; for classes that know it."""

    def _take_finish(self, status: int) -> None:
        if not self._begun or status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:  # it began before the last click
            return
        if status != ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.tree.finish()
        self._finished = True
