import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from exemplar.ui.server import click_queue

Scenario = Callable[["Tab"], Awaitable[None]]


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


def run(coroutine: Coroutine[None, None, None]) -> None:
    with ThreadPoolExecutor(1) as thread:  # a browser test may have left a loop that runs in this one
        thread.submit(asyncio.run, coroutine).result()


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def click(name: str, fragment: str = "") -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = name
    message.rerun_script.fragment_id = fragment
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


FINISHED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
FIRST, SECOND, THIRD = click("first"), click("second"), click("third")


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


def test_a_part_that_refreshes_itself_neither_waits_nor_is_waited_for() -> None:
    part = click("", fragment="builds")

    async def scenario(tab: Tab) -> None:
        await tab.browser_sends(part, part, FIRST, part, SECOND)
        assert tab.let_in == [part, part, FIRST, part]
        await tab.app_sends(new_run("builds"))
        await tab.app_sends(drawn())
        assert tab.let_in == [part, part, FIRST, part], "that was the run of the part"
        await tab.app_sends(new_run())
        await tab.app_sends(drawn())
        assert tab.let_in == [part, part, FIRST, part, SECOND]

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


def test_requests_for_files_pass() -> None:
    passed = []

    async def app(scope: dict, receive: object, send: object) -> None:
        passed.append((scope, receive, send))

    run(click_queue.ClickQueue(app)({"type": "http"}, "receive", "send"))  # type: ignore[arg-type]
    assert passed == [({"type": "http"}, "receive", "send")]
