#!/usr/bin/env bash
# Streamlit 1.67.0 in the browser gathers what changes within one turn of the event loop into one request. If a fragment
# has a part in it, here a component in the fragment that tells something in the moment in which a person clicks
# elsewhere, the request asks for a run of that fragment alone. So the page is not drawn anew for the click: its widget
# shows the new value, the server knows it, and all that depends on it stays as it was, until something else is done.
#
# Output seen:
#   streamlit 1.67.0 playwright 1.65.2
#   clicked alone: the box is checked: True; the page says: the box is True
#   clicked as the component tells something: the box is checked: True; the page says: the box is False
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet streamlit==1.67.0 playwright==1.65.2
cd "$work"
cat > page.py <<'PYTHON'
import streamlit as st

SCRIPT = """export default ({ setTriggerValue }) => {
  window.tell = () => setTriggerValue("told", 1)
}"""
component = st.components.v2.component("teller", js=SCRIPT)


@st.fragment
def part():
    component(key="teller", on_told_change=lambda: None)


box = st.checkbox("box")
st.text(f"the box is {box}")
part()
PYTHON
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/streamlit" run page.py --server.headless true --server.port "$port" --server.address localhost \
    --browser.gatherUsageStats false > log 2>&1 &
server=$!
"$work/venv/bin/python" - "$port" <<'PYTHON'
import importlib.metadata
import shutil
import sys
import time
import urllib.request

from playwright.sync_api import sync_playwright

url = f"http://localhost:{sys.argv[1]}"
for attempt in range(60):
    try:
        urllib.request.urlopen(f"{url}/_stcore/health").close()
        break
    except OSError:
        time.sleep(0.5)
else:
    sys.exit("the server did not start")
print(*(part for name in ("streamlit", "playwright") for part in (name, importlib.metadata.version(name))))
CLICKS = {
    "clicked alone": "document.querySelector('input[type=checkbox]').click()",
    "clicked as the component tells something": "tell(); document.querySelector('input[type=checkbox]').click()",
}
found = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=["--no-sandbox"]
    )
    for name, script in CLICKS.items():
        page = browser.new_page()
        page.goto(url)
        page.wait_for_function("() => Boolean(window.tell)")
        page.wait_for_timeout(1_000)
        page.evaluate(f"() => {{ {script} }}")
        page.wait_for_timeout(3_000)
        is_checked = page.get_by_role("checkbox").is_checked()
        said = page.get_by_test_id("stText").inner_text()
        print(f"{name}: the box is checked: {is_checked}; the page says: {said}")
        found.append((is_checked, said))
    browser.close()
sys.exit(found != [(True, "the box is True"), (True, "the box is False")])
PYTHON
