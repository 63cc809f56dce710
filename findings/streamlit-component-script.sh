#!/usr/bin/env bash
# Streamlit 1.67.0 sends the script, HTML and style of a components.v2 component that is given as text with every update
# of its data, not once: a component with a script of 100,000 characters takes 100 KB for each new value of one number.
#
# Output seen:
#   streamlit 1.67.0 websockets 17.4
#   run 1: a number in the data, 100,000 characters of script in the message
#   run 2: a number in the data, 100,000 characters of script in the message
#   run 3: a number in the data, 100,000 characters of script in the message
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet streamlit==1.67.0 websockets==17.4
cd "$work"
cat > app.py <<'PYTHON'
import streamlit as st

SCRIPT = "export default ({ parentElement, data }) => { parentElement.textContent = data.n }\n"
show = st.components.v2.component("number", js=SCRIPT.ljust(100_000, "/"))
st.session_state["n"] = st.session_state.get("n", 0) + 1
show(key="number", data={"n": st.session_state["n"]})
PYTHON
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/streamlit" run app.py --server.headless true --server.port "$port" --server.address localhost \
    --browser.gatherUsageStats false > log 2>&1 &
server=$!
"$work/venv/bin/python" - "$port" <<'PYTHON'
import sys
import time

import streamlit
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

print("streamlit", streamlit.__version__, "websockets", websockets.__version__)
url = f"ws://localhost:{sys.argv[1]}/_stcore/stream"
for attempt in range(60):
    try:
        tab = connect(url, subprotocols=["streamlit"], max_size=None)
        break
    except OSError:
        time.sleep(0.5)
else:
    sys.exit("the server did not start")
with tab:
    for run in (1, 2, 3):
        request = BackMsg()
        request.rerun_script.query_string = ""
        tab.send(request.SerializeToString())
        scripts = []
        while True:
            message = ForwardMsg.FromString(tab.recv(timeout=60))
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "bidi_component":
                scripts.append(len(message.delta.new_element.bidi_component.js_content))
            if kind == "script_finished":
                break
        if scripts != [100_000]:
            sys.exit(f"run {run} sends the script otherwise: {scripts}")
        print(f"run {run}: a number in the data, {scripts[0]:,} characters of script in the message")
PYTHON
