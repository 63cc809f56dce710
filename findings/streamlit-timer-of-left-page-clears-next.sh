#!/usr/bin/env bash
# Streamlit 1.67.0: a fragment with run_every leads to another page by st.switch_page, and leaving takes a moment, here
# in the with block around it, as where a lock or a connection is given back. The browser's timer goes on meanwhile,
# and what it asks for is neither dropped nor joined with the change of page: Streamlit runs the fragment, which is gone,
# behind the next page, and tells the browser that this run is one of the page that was left. So the browser takes the
# elements of the next page, which it has drawn already, for those of another page and removes them: the page is empty
# until something else is done. Where nothing is slow the same happens now and then on a busy machine.
#
# Output seen:
#   streamlit 1.67.0 playwright 1.65.2
#   leaving at once: the next page shows: ['the next page']
#   leaving takes a second: the next page shows: []
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet streamlit==1.67.0 playwright==1.65.2
cd "$work"
cat > page.py <<'PYTHON'
import contextlib
import time

import streamlit as st


@contextlib.contextmanager
def given_back(seconds):
    try:
        yield
    finally:
        time.sleep(seconds)


@st.fragment(run_every=0.3)
def part():
    for label, seconds in (("leave at once", 0), ("leave in a second", 1)):
        if st.button(label):
            with given_back(seconds):
                st.switch_page(pages[1])


def first():
    part()


def following():
    st.text("the next page")
    time.sleep(1)  # so that the text is drawn before the run is over


pages = [st.Page(first), st.Page(following)]
st.navigation(pages).run()
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
found = []
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=["--no-sandbox"]
    )
    for name, label in {"leaving at once": "leave at once", "leaving takes a second": "leave in a second"}.items():
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("button", name=label).click()
        page.wait_for_timeout(5_000)
        texts = page.get_by_test_id("stText").all_inner_texts()
        print(f"{name}: the next page shows: {texts}")
        found.append(texts)
    browser.close()
sys.exit(found != [["the next page"], []])
PYTHON
