import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvicorn
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from exemplar.ui.server import click_queue
from tests.support.forked import forked
from tests.support.loops import run
from tests.support.patience import wait_for as wait_until
from tests.support.streamlit_client.browser import wait_for
from tests.support.streamlit_client.tab import Tab as StreamlitTab

Scenario = Callable[["Tab"], Awaitable[None]]
Opened = Callable[[str, Callable[[Message, Path], None]], StreamlitTab]


class Tab:
    """A connection between a browser, which puts messages in, and an app that keeps what comes of them."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[dict] = asyncio.Queue()
        self.let_in: list[bytes | None] = []
        self.sent: list[dict] = []

    async def app(self, scope: dict, receive: Callable, send: Callable) -> None:
        self._send = send
        while True:
            self.let_in.append((await receive()).get("bytes"))

    async def browser_sends(self, *messages: bytes) -> None:
        for message in messages:
            self.inbox.put_nowait({"type": "websocket.receive", "bytes": message})
        await _settled()

    async def app_sends(self, message: ForwardMsg) -> None:
        await self._send({"type": "websocket.send", "bytes": message.SerializeToString()})
        await _settled()

    async def keep(self, message: dict) -> None:
        self.sent.append(message)


def play(scenario: Scenario) -> None:
    async def played() -> None:
        tab = Tab()
        connection = asyncio.create_task(
            click_queue.ClickQueue(tab.app)({"type": "websocket"}, tab.inbox.get, tab.keep)
        )
        await _settled()
        await scenario(tab)
        connection.cancel()

    run(played())


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def click(name: str, fragment: str = "", *, by_timer: bool = False) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = name
    message.rerun_script.fragment_id = fragment
    message.rerun_script.is_auto_rerun = by_timer
    return message.SerializeToString()


def new_run(*fragments: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.name = "app.py"
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def drawn() -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.html.body = "a row"
    return message


PART_FINISHED = ForwardMsg(script_finished=ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
RUNS_AGAIN = ForwardMsg(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN)
FINISHED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
FIRST, SECOND, THIRD = click("first"), click("second"), click("third")
PART = click("", fragment="builds")
TIMER = click("", fragment="builds", by_timer=True)


def test_a_click_waits_until_the_run_of_the_last_one_draws() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST, SECOND, THIRD)
        assert tab.let_in == [FIRST]
        await tab.app_sends(new_run())
        assert tab.let_in == [FIRST], "the callback of the first may not have run yet"
        await tab.app_sends(drawn())
        assert tab.let_in == [FIRST, SECOND]
        await tab.app_sends(drawn())
        assert tab.let_in == [FIRST, SECOND], "that was still drawn by the first one's run"
        await tab.app_sends(new_run())
        await tab.app_sends(FINISHED)
        assert tab.let_in == [FIRST, SECOND, THIRD]
        assert len(tab.sent) == 5, "all that the app sends goes on to the browser"

    play(scenario)


def test_a_click_on_a_page_that_stands_goes_straight_in() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST)
        await tab.app_sends(new_run())
        await tab.app_sends(drawn())
        await tab.browser_sends(SECOND)
        assert tab.let_in == [FIRST, SECOND]

    play(scenario)


def test_a_fragment_waits_until_the_end_of_the_page_is_sent_and_is_not_waited_for() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(PART, PART)
        await tab.app_sends(new_run("builds"))
        await tab.app_sends(drawn())
        await tab.browser_sends(PART, FIRST, PART, SECOND)
        assert tab.let_in == [PART, PART, PART, FIRST]
        await tab.app_sends(PART_FINISHED)
        await tab.app_sends(new_run())
        await tab.app_sends(drawn())
        assert tab.let_in == [PART, PART, PART, FIRST], "the app could drop what the page has drawn"
        await tab.app_sends(FINISHED)
        assert tab.let_in == [PART, PART, PART, FIRST, PART, SECOND]

    play(scenario)


def test_a_fragment_waits_for_a_page_that_runs_again_by_itself() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST, PART)
        await tab.app_sends(new_run())
        await tab.app_sends(RUNS_AGAIN)
        assert tab.let_in == [FIRST]
        await tab.app_sends(new_run())
        await tab.app_sends(FINISHED)
        assert tab.let_in == [FIRST, PART]
        await tab.app_sends(new_run("builds"))
        await tab.app_sends(RUNS_AGAIN)
        await tab.browser_sends(PART)
        assert tab.let_in == [FIRST, PART], "the fragment has asked for a run of the page"
        await tab.app_sends(new_run())
        await tab.app_sends(FINISHED)
        assert tab.let_in == [FIRST, PART, PART]

    play(scenario)


def test_a_fragment_after_a_fragment_does_not_wait_for_a_page() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST)
        for message in (new_run(), FINISHED, new_run("builds"), RUNS_AGAIN, new_run("builds")):
            await tab.app_sends(message)  # as it tells of two fragments of which the second begins at once
        await tab.browser_sends(PART)
        assert tab.let_in == [FIRST, PART]

    play(scenario)


def test_what_a_timer_asks_for_is_left_out_while_a_fragment_runs() -> None:
    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST)
        for message in (new_run(), FINISHED):
            await tab.app_sends(message)
        await tab.browser_sends(TIMER)
        await tab.app_sends(new_run("builds"))
        await tab.browser_sends(TIMER, PART)
        await tab.app_sends(PART_FINISHED)
        assert tab.let_in == [FIRST, TIMER, PART]

        for message in (new_run("builds"), drawn(), RUNS_AGAIN):
            await tab.app_sends(message)
            await tab.browser_sends(TIMER)
        await tab.app_sends(new_run())
        assert tab.let_in == [FIRST, TIMER, PART], "the fragment has asked for another page"
        await tab.browser_sends(TIMER, SECOND)
        assert tab.let_in == [FIRST, TIMER, PART], "it waits for the page, as every fragment"
        await tab.app_sends(FINISHED)
        assert tab.let_in == [FIRST, TIMER, PART, TIMER, SECOND]

    play(scenario)


def test_what_is_no_click_is_left_to_streamlit() -> None:
    heartbeat = BackMsg(app_heartbeat=True).SerializeToString()

    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST, heartbeat, b"\xff no message")
        tab.inbox.put_nowait({"type": "websocket.disconnect"})
        await _settled()
        assert tab.let_in == [FIRST, heartbeat, b"\xff no message", None]

    play(scenario)


def test_a_page_that_hangs_does_not_hold_back_clicks_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(click_queue, "_LONGEST_TURN", 0.01)

    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(FIRST, SECOND)
        for _ in range(500):
            await asyncio.sleep(0.01)
            if len(tab.let_in) > 1:
                break
        assert tab.let_in == [FIRST, SECOND]

    play(scenario)


def test_what_a_tab_that_is_gone_has_asked_for_comes_in_before_its_end() -> None:
    came: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        came.append(await websocket.receive_bytes())
        for message in (new_run(), FINISHED):
            await websocket.send_bytes(message.SerializeToString())
        came.append(await websocket.receive_bytes())
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_bytes()
        came.append(b"the end")

    async def tab() -> None:
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        inbox.put_nowait({"type": "websocket.connect"})
        for message in (FIRST, PART):
            inbox.put_nowait({"type": "websocket.receive", "bytes": message})
        inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})

        async def send(message: Message) -> None:
            if message["type"] == "websocket.send":
                raise OSError("the tab is gone")

        await click_queue.ClickQueue(app)({"type": "websocket"}, inbox.get, send)

    run(tab())
    assert came == [FIRST, PART, b"the end"]


def test_requests_for_files_pass() -> None:
    passed = []

    async def app(scope: dict, receive: object, send: object) -> None:
        passed.append((scope, receive, send))

    run(click_queue.ClickQueue(app)({"type": "http"}, "receive", "send"))  # type: ignore[arg-type]
    assert passed == [({"type": "http"}, "receive", "send")]


PAGE = """
import streamlit as st

@st.fragment
def part():
    st.text("a part of the page")

st.session_state["run"] = st.session_state.get("run", 0) + 1
st.text(f"run {st.session_state['run']}")
part()
"""


LEFT = """
import time
from pathlib import Path

import streamlit as st

here = Path(__file__).parent


@st.fragment(run_every=60)
def builds():
    if st.button("leave", key="leave"):
        try:
            st.switch_page(pages[1])
        finally:  # the fragment ends, and the other page has not begun
            (here / "leaves").touch()
            end = time.monotonic() + 1
            while not (here / "came").exists() and time.monotonic() < end:
                time.sleep(0.01)


def first():
    builds()


def second():
    st.text("the second page")


pages = [st.Page(first), st.Page(second)]
st.navigation(pages).run()
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Serve a page by Streamlit behind the queue, and give a tab in which it is open."""
    with ExitStack() as cleanup:

        def open_tab(page: str, behind: Callable[[Message, Path], None]) -> StreamlitTab:
            (tmp_path / "page.py").write_text(page)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                port = listening.getsockname()[1]
            server = forked(tmp_path, tmp_path / "log", serve, tmp_path / "page.py", port, behind)
            cleanup.callback(server.join)
            cleanup.callback(server.kill)
            url = f"http://127.0.0.1:{port}"
            wait_for(url, server.is_alive, tmp_path / "log")
            tab = StreamlitTab(url)
            cleanup.callback(tab.close)
            tab.open()
            return tab

        yield open_tab


@pytest.mark.slow
def test_streamlit_drops_no_drawing_where_a_fragment_asks_as_the_page_ends(opened: Opened) -> None:
    tab = opened(PAGE, let_a_fragment_in_late)
    fragment = next(node.fragment for node in tab.tree.root.walk() if node.fragment)
    tab.ask(wait=False)
    tab.ask(fragment=fragment)
    assert [text.body for text in tab.tree.root.find("text")] == ["run 2", "a part of the page"]


@pytest.mark.slow
def test_streamlit_runs_no_fragment_of_a_page_that_was_left(opened: Opened, tmp_path: Path) -> None:
    tab = opened(LEFT, tell_of_a_timer)
    fragment = next(node.fragment for node in tab.tree.root.walk() if node.fragment)
    tab.ask(tab.widget("leave").id, fragment=fragment, wait=False)
    wait_until((tmp_path / "leaves").exists)
    tab.ask(fragment=fragment, by_timer=True, wait=False)
    tab.wait_for(lambda: "the second page" in [text.body for text in tab.tree.root.find("text")])
    runs = tab.n_runs
    tab.rest(1)
    tab.ask()
    assert (tab.n_runs, [text.body for text in tab.tree.root.find("text")]) == (runs + 1, ["the second page"])


def serve(page: Path, port: int, behind: Callable[[Message, Path], None]) -> None:
    from streamlit.starlette import App

    app = App(page, middleware=[Middleware(click_queue.ClickQueue), Middleware(Behind, behind, page.parent)])
    uvicorn.run(app, host="127.0.0.1", port=port, ws="websockets-sansio", log_level="warning")


class Behind:
    """Does something with each message that is let in, before Streamlit has it."""

    def __init__(self, app: ASGIApp, do: Callable[[Message, Path], None], folder: Path) -> None:
        self._app, self._do, self._folder = app, do, folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_behind() -> Message:
            message = await receive()
            self._do(message, self._folder)
            return message

        await self._app(scope, receive_behind, send)


def let_a_fragment_in_late(message: Message, folder: Path) -> None:
    """Keep the event loop busy, once a fragment's request is let in, until no page runs."""
    if message.get("bytes") and BackMsg.FromString(message["bytes"]).rerun_script.fragment_id:
        while any("scriptThread" in thread.name for thread in threading.enumerate()):
            time.sleep(0.01)


def tell_of_a_timer(message: Message, folder: Path) -> None:
    if message.get("bytes") and BackMsg.FromString(message["bytes"]).rerun_script.is_auto_rerun:
        (folder / "came").touch()
