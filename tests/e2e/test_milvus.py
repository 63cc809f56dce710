"""The whole app over a corpus that Milvus serves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import column, mark, marks, open_popover, order, row, search, settle, tool
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
    expect(column(page, "anchored")).to_have_count(10)
    in_memory = {ranker: order(page, ranker) for ranker in ("knn", "anchored")}

    with serving({**environment, "EXEMPLAR_INDEX": uri}, log) as (url, _):
        page.goto(f"{url}/?corpus=docs")
        expect(page.get_by_text(re.compile(r"documents, served by Milvus at"))).to_be_visible()
        search(page, "fill missing values")
        expect(column(page, "anchored")).to_have_count(10)
        assert {ranker: order(page, ranker) for ranker in ("knn", "anchored")} == in_memory
        chosen = in_memory["anchored"][6]
        mark(page, "anchored", chosen, "Relevant")
        expect(marks(page)).to_have_text([chosen])
        expect(column(page, "anchored")).not_to_have_text(in_memory["anchored"])
        first = order(page, "anchored")[0]
        assert row(page, "anchored", first).locator(".ex-text").inner_text()

        with open_popover(page, "Filters"):
            page.get_by_role("combobox", name="Label").click()
            page.get_by_role("option", name="numpy", exact=True).click()
            page.keyboard.press("Escape")
        expect(column(page, "knn").filter(has_text=re.compile("^numpy"))).to_have_count(10)
        page.get_by_role("button", name="Filters (1)").click()
        page.get_by_role("button", name="Clear filters").click()
        expect(column(page, "knn")).to_have_text(in_memory["knn"])
        settle(page)
        page.keyboard.press("Escape")
        page.locator(".st-key-pages").get_by_role("button", name="Page 2", exact=True).click()
        expect(page.locator(".st-key-column-knn .ex-rank").first).to_have_text("11")

        page.get_by_role("radio", name="Mark next").click()
        expect(page.locator(".st-key-next-disagreement .ex-id")).to_have_count(4)
        settle(page)
        page.get_by_role("radio", name="Why").click()
        expect(page.locator(".st-key-why-chart .mark-symbol.role-mark path").last).to_be_visible()
        settle(page)
        tool(page, "Undo").click()
        expect(marks(page)).to_have_count(0)
        page.reload()
        expect(page.get_by_role("textbox", name="Search")).to_have_value("fill missing values")

        for name, text in (("Corpora", "The search is served by Milvus at"), ("Evaluate", "judged by its See Also")):
            settle(page)
            page.get_by_role("link", name=name).click()
            expect(page.get_by_text(re.compile(text)).first).to_be_visible()
    assert "Traceback" not in log.read_text()
