#!/usr/bin/env bash
# Streamlit 1.67.0 loses what a run of the page has drawn if a fragment's request (a click in it, or its run_every)
# arrives when the run is over but the event loop has not come to what the run has sent: Streamlit starts a new thread
# for the fragment and drops what is still to come from the last one, the end of its run too. The page in the browser
# stays as it was, and nothing draws it anew, though the script took the click into account. A loop that is busy for
# a moment is enough, as where many tabs share a server; here a middleware holds it until the script's thread is over.
#
# Output seen:
#   streamlit 1.67.0 websockets 17.4
#   the loop free: the page drew its text in run 2: True, and its end was sent: True
#   the loop busy: the page drew its text in run 2: False, and its end was sent: False
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet streamlit==1.67.0 websockets==17.4 uvicorn==0.54.0
cd "$work"
cat > page.py <<'PYTHON'
import streamlit as st


@st.fragment
def part():
    st.write("a part of the page")


st.session_state["run"] = st.session_state.get("run", 0) + 1
st.write(f"run {st.session_state['run']} of the page")
part()
PYTHON
cat > serve.py <<'PYTHON'
import os
import sys
import threading
import time

import uvicorn
from starlette.middleware import Middleware
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.starlette import App


class Busy:
    """Keeps the loop busy from the moment that a fragment's request arrives until no script runs."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def receive_busy():
            message = await receive()
            if message.get("bytes") and BackMsg.FromString(message["bytes"]).rerun_script.fragment_id:
                while any("scriptThread" in thread.name for thread in threading.enumerate()):
                    time.sleep(0.01)
            return message

        busy = scope["type"] == "websocket" and "BUSY" in os.environ
        await self.app(scope, receive_busy if busy else receive, send)


uvicorn.run(App("page.py", middleware=[Middleware(Busy)]), port=int(sys.argv[1]), log_level="error")
PYTHON
cat > tab.py <<'PYTHON'
import sys
import time

import streamlit
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


def connected(url):
    for attempt in range(60):
        try:
            return connect(url, subprotocols=["streamlit"], max_size=None)
        except OSError:
            time.sleep(0.5)
    sys.exit("the server did not start")


def request(fragment=""):
    message = BackMsg()
    message.rerun_script.fragment_id = fragment
    return message.SerializeToString()


def received(tab, last):
    """Return all messages up to the end of a run, and its texts."""
    messages, texts = [], []
    while True:
        message = ForwardMsg.FromString(tab.recv(timeout=60))
        messages.append(message)
        if message.WhichOneof("type") == "delta" and message.delta.new_element.WhichOneof("type") == "markdown":
            texts.append(message.delta.new_element.markdown.body)
        if message.WhichOneof("type") == "script_finished" and message.script_finished == last:
            return messages, texts


if sys.argv[2] == "free":
    print("streamlit", streamlit.__version__, "websockets", websockets.__version__)
with connected(f"ws://localhost:{sys.argv[1]}/_stcore/stream") as tab:
    tab.send(request())
    messages, texts = received(tab, ForwardMsg.FINISHED_SUCCESSFULLY)
    assert texts == ["run 1 of the page", "a part of the page"], texts
    fragment = next(m.delta.fragment_id for m in messages if m.WhichOneof("type") == "delta" and m.delta.fragment_id)
    tab.send(request())
    tab.send(request(fragment))
    messages, texts = received(tab, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
    ends = [m.script_finished for m in messages if m.WhichOneof("type") == "script_finished"]
    drew, ended = "run 2 of the page" in texts, ForwardMsg.FINISHED_SUCCESSFULLY in ends
    print(f"the loop {sys.argv[2]}: the page drew its text in run 2: {drew}, and its end was sent: {ended}")
    if (drew, ended) != ((True, True) if sys.argv[2] == "free" else (False, False)):
        sys.exit("this is not what was seen")
PYTHON
for loop in free busy; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [ "$loop" = busy ]; then export BUSY=1; fi
    STREAMLIT_BROWSER_GATHER_USAGE_STATS=false "$work/venv/bin/python" serve.py "$port" > log 2>&1 &
    server=$!
    "$work/venv/bin/python" tab.py "$port" "$loop"
    kill "$server"
done
