"""A file of every kind, uploaded in a real browser: looked at, built and searched; the model is a fake one."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.steps import SIMILAR, expect_listed, rows, search, settle
from tests.support.samples import SAMPLES, sample
from tests.support.servers import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Every format once, and one packing and archive of each kind.
AGAIN = {"plain.arrow", "stream.arrow", "rows.csv.gz", "rows.csv.bz2", "rows.csv.xz", "all.tar.gz", "all.tzst"}
FILES = [name for name in SAMPLES if name not in AGAIN]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("uploads") / "home", fake=True) as server:
        yield server
        assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def tab(browser: Browser, server: Server) -> Iterator[Page]:
    """A tab in which nothing may break."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    yield page
    context.close()
    assert errors == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_uploaded_looked_at_built_and_searched(tab: Page, name: str) -> None:
    corpus = re.sub(r"\W", "-", name)
    tab.get_by_role("link", name="Corpora").click()
    settle(tab)
    tab.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": sample(name)})
    preview = tab.locator(".st-key-preview")
    expect(preview.locator(".ex-text").first).to_contain_text(re.compile("cats sleep|text", re.IGNORECASE))
    settle(tab)
    tab.get_by_role("textbox", name="Name").fill(corpus)
    tab.get_by_role("button", name="Build", exact=True).click()
    card = tab.locator(f".st-key-build-{corpus}")
    expect(card).to_contain_text(f"Built {corpus}: ")
    settle(tab)
    card.get_by_role("button", name=f"Search {corpus}").click()
    search(tab, "sleep")
    expect_listed(tab, SIMILAR)
    expect(rows(tab, SIMILAR).first).to_contain_text(re.compile("cats sleep|text", re.IGNORECASE))
