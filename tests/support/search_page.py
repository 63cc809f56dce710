"""The search page without a browser: what a person does there, and what it shows."""

import html
import re

from streamlit.testing.v1 import AppTest

from tests.support.pages import bodies, opened_app, press


def opened(session: str | None = None) -> AppTest:
    return opened_app(**{"session": session} if session else {})


def searched(text: str) -> AppTest:
    app = opened()
    app.text_input(key="query_text").input(text)
    press(app, "Search")
    return app


def column(app: AppTest, ranker: str) -> list[str]:
    """Return the doc_ids of a column, in order."""
    try:
        found = part(app, f"column-{ranker}")
    except KeyError:  # no such column
        return []
    return [html.unescape(doc_id) for doc_id in re.findall(r'class="ex-id" dir="auto">(.*?)</span>', found)]


def part(app: AppTest, key: str) -> str:
    """Return the HTML of a part of the page."""
    return "".join(each.body for each in app.get_by_key(key).get("html"))


def page_text(app: AppTest) -> str:
    return html.unescape("".join(re.sub(r"<.*?>", " ", each.body) for each in app.get("html")))


def listed_marks(app: AppTest) -> list[str]:
    """Return the keys of the buttons that take a listed mark back, in order."""
    return [button.key for button in app.sidebar.button if button.label == "Remove"]


def quiet_line(app: AppTest) -> str:
    [line] = re.findall(r'<div class="ex-quiet" role="status">(.*?)</div>', bodies(app))
    return html.unescape(line)


def opened_popover(app: AppTest, key: str) -> AppTest:
    app.session_state[key] = True
    return app.run()


def page_of(app: AppTest) -> int:
    return app.session_state["page"]


def turn(app: AppTest, page: int) -> None:
    app.session_state["page"] = page
    app.run()


def session_of(app: AppTest) -> str:
    return app.query_params["session"]
