import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=30_000)  # the first search loads the model


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Take the system's browser where there is one, else Playwright's own."""
    system = next(filter(None, map(shutil.which, BROWSERS)), None)
    arguments = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": system, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 1000}}


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {**os.environ, "EXEMPLAR_HOME": str(tmp_path_factory.mktemp("home")), "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="session")
def app_url(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app over the demo corpus, built and started as a newcomer does, on a free port."""
    exemplar = [sys.executable, str(ROOT / "cli.py")]
    subprocess.run([*exemplar, "build", "docs", "--whole"], env=environment, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*exemplar, "app", "--port", str(port)],
            env={**environment, "STREAMLIT_SERVER_HEADLESS": "true"},
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(f"http://localhost:{port}/_stcore/health", server, log)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)
    assert "Traceback" not in log.read_text()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own loopback address
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the app did not start:\n{log.read_text()}")
            time.sleep(0.1)


@pytest.fixture
def visitor(page: Page, app_url: str) -> Iterator[Page]:
    """A page at the app; nothing may leave this machine, open a dialog or break in the console meanwhile."""
    unwanted = []
    page.on("request", lambda request: _is_local(request.url, app_url) or unwanted.append(request.url))
    page.on("dialog", lambda dialog: (unwanted.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: unwanted.append(str(error)))
    page.goto(app_url)
    yield page
    assert unwanted == []


def _is_local(url: str, app_url: str) -> bool:
    return url.startswith((app_url, "data:", "blob:"))
