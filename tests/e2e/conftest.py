import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.patience import PATIENCE
from tests.support.streamlit_client.browser import launch_arguments, serving

Serve = Callable[[], AbstractContextManager[tuple[str, subprocess.Popen[bytes]]]]

MILLISECONDS = 1000 * PATIENCE
expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, **launch_arguments()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 1000}}


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Browser:
    """The browser, as patient as the tests."""
    new_context = browser.new_context

    def patient(**options: object) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(MILLISECONDS)
        return context

    browser.new_context = patient
    return browser


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home with the demo corpus, built as a newcomer does; where several processes test, once for all of them.

    It has quick vectors, and of the 3,237 documents the first 1,300: all of pandas and some of NumPy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    environment = {**os.environ, "EXEMPLAR_HOME": str(shared / "newcomer"), "HF_HUB_OFFLINE": "1"}
    with FileLock(shared / "newcomer.lock"):
        command = [sys.executable, "-m", "exemplar.cli", "build", "docs", "--whole", "--if-missing", "--quick"]
        command += ["--limit", "1300"]
        subprocess.run(command, env=environment, check=True)
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(environment["EXEMPLAR_HOME"], home, dirs_exist_ok=True)
    return {**environment, "EXEMPLAR_HOME": str(home)}


@pytest.fixture(scope="session")
def serve(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Start a server of one's own over the demo corpus."""

    @contextmanager
    def start() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        log = tmp_path_factory.mktemp("server") / "log"
        with serving(environment, log) as started:
            yield started
        assert "Traceback" not in log.read_text()

    return start


@pytest.fixture(scope="session")
def app_url(serve: Serve) -> Iterator[str]:
    """The app that the tests share."""
    with serve() as (url, _):
        yield url


@pytest.fixture
def visitor(page: Page, app_url: str) -> Iterator[Page]:
    """A page at the app; nothing may leave this machine, open a dialog or break in the console meanwhile."""
    unwanted = []
    page.on("request", lambda request: _is_local(request.url, app_url) or unwanted.append(request.url))
    page.on("dialog", lambda dialog: (unwanted.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: unwanted.append(str(error)))
    page.goto(f"{app_url}/?corpus=docs")
    yield page
    assert unwanted == []


def _is_local(url: str, app_url: str) -> bool:
    return url.startswith((app_url, "data:", "blob:"))
