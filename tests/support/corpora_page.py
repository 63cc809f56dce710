"""The page of corpora without a browser: what a person does there, and what it shows."""

import html
import re

from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.catalog import list_corpora
from exemplar.ui import jobs
from tests.support.pages import CORPORA_PAGE, labelled, opened_page
from tests.support.patience import PATIENCE

HOSTILE = "<b>bold</b> **md** [a](http://b) :smile: $x^2$"


def opened() -> AppTest:
    return opened_page(CORPORA_PAGE)


def kind(app: AppTest, name: str) -> None:
    app.get_by_key("build_kind").set_value(name).run()


def upload(app: AppTest, name: str, content: bytes | str) -> None:
    content = content.encode() if isinstance(content, str) else content
    app.file_uploader[0].set_value((name, content, "")).run()


def choose(app: AppTest, label: str, option: str) -> None:
    labelled(app, "selectbox", label).select(option).run()


def ended(name: str) -> jobs.Job:
    job = jobs.job("build", name)
    job._thread.join(PATIENCE)
    assert not job.running
    return job


def text_of(app: AppTest, key: str) -> str:
    parts = app.get_by_key(key).get("html")
    return " ".join(html.unescape(" ".join(re.sub(r"<.*?>", " ", part.body) for part in parts)).split())


def states() -> dict[str, str]:
    return {status.name: status.state for status in list_corpora()}
