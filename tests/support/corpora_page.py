"""The page of corpora without a browser: what a person does there, and what it shows."""

import html
import re

from streamlit.testing.v1 import AppTest

from exemplar.data.corpus.catalog import list_corpora
from exemplar.ui import jobs
from exemplar.ui.row_choice import CHOSEN
from tests.support.pages import CORPORA_PAGE, labelled, opened_page, ran
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


def give_role(app: AppTest, column: str, role: str | None) -> None:
    """Give a column a role in the table of columns; AppTest has no edits of its own."""
    [table] = app.data_editor
    row = table.value["Column"].tolist().index(column)
    last = app.session_state[table.key].get("edited_rows", {}) if table.key in app.session_state else {}
    app.session_state[table.key] = {
        "edited_rows": {**last, row: {"Role": role}},
        "added_rows": [],
        "deleted_rows": [],
    }
    ran(app.run())


def roles(app: AppTest) -> dict[str, str]:
    """Return the column of each picker that names one."""
    pickers = [box for box in app.selectbox if box.label.endswith(" column")]
    return {
        box.label.removesuffix(" column"): box.options[box.index]
        for box in pickers
        if box.index is not None and box.options[box.index] != "no column"
    }


def click(app: AppTest, row: int, column: str) -> None:
    """Click a cell of the page's table; AppTest has no click of its own."""
    app.session_state[app.dataframe[0].key] = {"selection": {"rows": [], "columns": [], "cells": [(row, column)]}}
    ran(app.run())


def marked_row(app: AppTest) -> int:
    """Return the row of the page's table that is marked as the chosen one."""
    [row] = [number for number, mark in enumerate(app.dataframe[0].value[CHOSEN]) if mark]
    return row


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
