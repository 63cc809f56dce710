"""Pages as Streamlit runs them, without a browser, and what stands on them."""

import html
import re
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.support.paths import ROOT
from tests.support.patience import PATIENCE

APP = str(ROOT / "app.py")
CORPORA_PAGE = "from exemplar.ui.corpora.page import corpora_page\ncorpora_page()"
EVALUATE_PAGE = "from exemplar.ui.evaluation.page import evaluate_page\nevaluate_page()"
SEARCH_PAGE = """
from exemplar.ui.corpora.welcome import welcome
from exemplar.ui.search.page import search_page
search_page(welcome)
"""
SESSIONS_PAGE = "from exemplar.ui.sessions_page import sessions_page\nsessions_page()"


def opened_app(**address: str | list[str]) -> AppTest:
    """Open the app at an address."""
    return _opened(AppTest.from_file(APP, default_timeout=PATIENCE), address)


def opened_page(script: str, **address: str | list[str]) -> AppTest:
    """Open the page of a script alone."""
    return _opened(AppTest.from_string(script, default_timeout=PATIENCE), address)


def _opened(app: AppTest, address: dict[str, str | list[str]]) -> AppTest:
    app.query_params.update(address)
    return ran(app.run())


def ran(app: AppTest) -> AppTest:
    """Return a page that has run; an exception on it is an error."""
    assert not app.exception
    return app


def labelled(app: AppTest, kind: str, label: str) -> Any:
    """Return the only widget of a kind with a label."""
    [found] = [widget for widget in getattr(app, kind) if widget.label == label]
    return found


def press(app: AppTest, label: str) -> None:
    """Press the button of a label."""
    ran(labelled(app, "button", label).click().run())


def press_key(app: AppTest, key: str) -> None:
    """Press the button of a key."""
    ran(app.button(key=key).click().run())


def bodies(app: AppTest) -> str:
    """Return all HTML of a page but its style."""
    return "".join(part.body for part in app.get("html") if not part.body.startswith("<style>"))


def messages(app: AppTest, kind: str = r"\w+") -> list[str]:
    """Return the sentences of a kind (error, warning, success) that the page tells, without their signs."""
    told = re.compile(rf'<div class="ex-message ex-{kind}".*?</b> (.*)</div>', re.DOTALL)
    return [html.unescape(match[1]) for part in app.get("html") if (match := told.fullmatch(part.body))]


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]
