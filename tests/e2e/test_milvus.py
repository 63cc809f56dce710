"""The whole app over a corpus that Milvus serves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    choose_label,
    expect_drawer,
    expect_marks,
    expect_order,
    mark,
    order,
    row,
    rows,
    search,
    settle,
    tool,
    view,
)
from tests.support.streamlit_client.browser import serving

pytestmark = [pytest.mark.e2e, pytest.mark.model, pytest.mark.cluster]
pytest.importorskip("milvus_lite", reason="pip install 'exemplar[milvus]'")


def test_the_app_runs_on_a_corpus_that_milvus_serves(
    page: Page, app_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    uri, log = str(tmp_path / "docs.db"), tmp_path / "log"
    push = [sys.executable, "-m", "exemplar.cli", "push", "docs", "--to", uri]
    subprocess.run(push, env=environment, check=True)
    page.goto(f"{app_url}/?corpus=docs&q=fill+missing+values")
    in_memory = {title: order(page, title) for title in (SIMILAR, LEARNED)}

    with serving({**environment, "EXEMPLAR_INDEX": uri}, log) as (url, _):
        page.goto(f"{url}/?corpus=docs")
        search(page, "fill missing values")
        expect(page.locator(".exl-info")).to_contain_text(f"documents · quick vectors · served by Milvus at {uri}")
        assert {title: order(page, title) for title in in_memory} == in_memory
        chosen = in_memory[LEARNED][6]
        mark(page, chosen, "Relevant")
        expect_marks(page, positive=1)
        expect_drawer(page, chosen)
        marked = order(page)
        assert marked[:9] != [name for name in in_memory[LEARNED] if name != chosen]
        assert row(page, marked[0]).locator(".exl-text").inner_text()

        choose_label(page, "numpy")
        for title in (SIMILAR, LEARNED):
            assert all(name.startswith("numpy.") for name in order(page, title))
        choose_label(page, None)
        expect_order(page, [name for name in in_memory[SIMILAR] if name != chosen], SIMILAR)
        settle(page)
        rows(page, SIMILAR).first.hover()
        page.mouse.wheel(0, 52 * 30)
        for title in (SIMILAR, LEARNED):
            expect(rows(page, title).filter(has=page.get_by_text("40", exact=True))).to_be_visible()

        view(page, "Mark next")
        order(page, "The rankings disagree most", 4)
        view(page, "Why")
        expect(page.locator(".st-key-why-chart .mark-symbol.role-mark path").last).to_be_visible()
        settle(page)
        tool(page, "Undo").click()
        expect_marks(page)
        page.reload()
        expect(page.get_by_role("textbox", name="Search")).to_have_value("fill missing values")

        for name, text in (("Corpora", "The search is served by Milvus at"), ("Evaluate", "judged by its See Also")):
            settle(page)
            page.get_by_role("link", name=name).click()
            expect(page.get_by_text(re.compile(text)).first).to_be_visible()
    assert "Traceback" not in log.read_text()
