"""The search page without a browser: what a person does there, and what it shows."""

import html
import re

from streamlit.testing.v1 import AppTest

from tests.support.lists import Lists
from tests.support.pages import opened_app, press, ran


def opened(session: str | None = None) -> AppTest:
    return opened_app(**{"session": session} if session else {})


def searched(text: str) -> AppTest:
    app = opened()
    search(app, text)
    return app


def search(app: AppTest, text: str) -> None:
    """Type a query and press Search; the page may ask then what becomes of the marks."""
    app.text_input(key="query_text").input(text)
    press(app, "Search")


def column(app: AppTest, ranker: str) -> list[str]:
    """Return the doc_ids of a list, in order; none if the page shows no list by the ranker."""
    return Lists(app).by(ranker) if any(button.key == "say" for button in app.button) else []


def status(app: AppTest) -> str:
    """Return the line on what is ranked."""
    return str(Lists(app).data["status"])


def part(app: AppTest, key: str) -> str:
    """Return the HTML of a part of the page."""
    return "".join(each.body for each in app.get_by_key(key).get("html"))


def page_text(app: AppTest) -> str:
    return html.unescape("".join(re.sub(r"<.*?>", " ", each.body) for each in app.get("html")))


def listed_marks(app: AppTest) -> list[str]:
    """Open the drawer of the marks; return the keys of its buttons that take a mark back, the newest mark first."""
    opened_popover(app, "marks")
    return [button.key for button in app.button if button.label == "Remove"]


def listed_mark(app: AppTest, doc_id: str, mark: str = "positive") -> str:
    """Open the drawer of the marks; return the HTML of a mark."""
    return part(opened_popover(app, "marks"), f"mark {mark} {doc_id}")


def opened_popover(app: AppTest, key: str) -> AppTest:
    app.session_state[key] = True
    return ran(app.run())


def session_of(app: AppTest) -> str:
    return app.query_params["session"]
