"""An evaluation in a real browser, with the real model over a small labelled corpus."""

import csv
import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Serve
from tests.e2e.steps import settle
from tests.support.corpora import ANIMALS, LABELS
from tests.support.real_builds import build_in_home

pytestmark = [pytest.mark.e2e, pytest.mark.model]


@pytest.fixture(scope="module")
def labelled(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a corpus with labels beside the demo corpus, which can't be evaluated."""
    path = tmp_path_factory.mktemp("labelled") / "kinds.csv"
    with path.open("w", newline="") as file:
        rows = [
            (f"{text}, {number}", label) for number in range(3) for text, label in zip(ANIMALS, LABELS, strict=True)
        ]
        csv.writer(file).writerows([("text", "label"), *rows])
    build_in_home(environment["EXEMPLAR_HOME"], path)
    return "kinds"


def choose(page: Page, name: str) -> None:
    """Choose a corpus to evaluate, by typing its name; where it is the only one, it is chosen to begin with."""
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    settle(page)
    chosen = page.locator(".st-key-evaluate_corpora").get_by_text(name, exact=True)
    if chosen.count() == 0:
        page.get_by_role("combobox", name="Corpora").fill(name)
        page.get_by_role("option", name=name, exact=True).click()
        page.keyboard.press("Escape")
    expect(chosen).to_be_visible()
    settle(page)


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def test_rankers_are_evaluated_and_the_result_stays(visitor: Page, app_url: str, labelled: str, tmp_path: Path) -> None:
    visitor.goto(f"{app_url}/evaluate")
    visitor.get_by_text("Not to be evaluated").click()
    expect(
        visitor.get_by_text("docs: a corpus of package documentation is judged by its See Also sections")
    ).to_be_visible()
    choose(visitor, labelled)
    run(visitor)
    expect(visitor.get_by_text(f"Evaluated {labelled}: 30 queries.")).to_be_visible()
    check_shown(visitor)
    expect(visitor.get_by_role("button", name="Run", exact=True)).to_be_enabled()

    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="Download JSON").click()
    path = tmp_path / "evaluation.json"
    download.value.save_as(path)
    result = json.loads(path.read_text())
    assert result["command"] == f"exemplar evaluate {labelled}"
    assert [each["name"] for each in result["sets"]] == [labelled]
    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="Download report").click()
    download.value.save_as(tmp_path / "evaluation.md")
    assert "| **Anchored SVM** |" in (tmp_path / "evaluation.md").read_text()

    visitor.reload()
    check_shown(visitor)
    visitor.get_by_role("button", name="Dismiss").click()
    expect(visitor.get_by_text(f"Evaluated {labelled}")).to_have_count(0)
    check_shown(visitor)


def test_a_server_that_is_stopped_meanwhile_ends_in_peace(serve: Serve, labelled: str, browser: Browser) -> None:
    with serve() as (url, _):
        page = browser.new_context().new_page()
        page.goto(f"{url}/evaluate")
        choose(page, labelled)
        rounds = page.get_by_role("spinbutton", name="Rounds")
        rounds.fill("50")
        rounds.press("Enter")
        settle(page)
        run(page)
        expect(page.get_by_text("of 30 queries · ")).to_be_visible()
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
        page.context.close()


def check_shown(page: Page) -> None:
    """Check that tables and chart are there."""
    for protocol in ("First query", "Shared marks", "Own loop"):
        expect(page.get_by_role("heading", name=protocol)).to_be_visible()
    expect(page.get_by_text("relevant found").first).to_be_attached()
    expect(
        page.locator(".st-key-evaluation-own-loop").get_by_test_id("stDataFrame").locator("canvas").first
    ).to_be_visible()
    chart = page.locator(".st-key-evaluation-own-loop").get_by_test_id("stVegaLiteChart")
    expect(chart.locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_text("Anchored SVM against kNN: ").first).to_be_visible()
