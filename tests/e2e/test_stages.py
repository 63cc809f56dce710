"""A table is searched by words while its vectors are made; better ones are offered, and nothing moves by itself."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from exemplar.data.corpus.corpus import open_corpus
from tests.e2e.steps import (
    LEARNED,
    SIMILAR,
    expect_drawer,
    expect_listed,
    expect_marks,
    expect_order,
    mark,
    order,
    search,
    settle,
)
from tests.support.servers import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]

N = 208  # rows; the words of each are said of others too
WORDS = "By words"
SUBJECTS = ["harbour", "lighthouse", "kitten", "market", "glacier", "violin", "bakery", "orchard"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "towns.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for n in range(N):
            subject, other = SUBJECTS[n % 8], SUBJECTS[(n // 8) % 8]
            writer.writerow([f"town-{n}", f"The {subject} of town {n} lies {n % 13} miles from its {other}."])
    return path


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    folder = tmp_path / "gates"
    folder.mkdir()
    return folder


def status(page: Page) -> Locator:
    """Return the line on what is ranked."""
    return page.locator(".exl-info")


def offer(page: Page) -> Locator:
    return page.locator(".st-key-better-vectors")


def expect_orders(page: Page, orders: dict[str, list[str]]) -> None:
    """Wait until lists, by their titles, begin with some rows."""
    for title, expected in orders.items():
        expect_order(page, expected, title)


def visit(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?corpus=towns")
    settle(page)


def test_a_table_is_searched_from_its_words_to_its_full_vectors(
    page: Page, home: Path, gates: Path, table: Path
) -> None:
    home.mkdir()
    with serving(home, gates) as server, serving(home) as other:
        page.goto(server.url)
        page.get_by_role("link", name="Corpora").click()
        page.locator("input[type=file]").set_input_files(table)
        expect(page.locator(".st-key-preview .ex-text").first).to_be_visible()
        settle(page)
        page.get_by_role("button", name="Build", exact=True).click()
        card = page.locator(".st-key-build-towns")
        expect(card).to_contain_text(f"It can be searched already by words: {N} documents.")
        card.get_by_role("button", name="Search towns", exact=True).click()

        search(page, "glacier near an orchard")
        expect_listed(page)
        expect_listed(page, WORDS)
        expect(status(page)).to_have_text(f"{N} documents · words alone")
        notices = page.locator(".st-key-notices")
        expect(notices).to_contain_text("Searched by words.")
        expect(offer(page)).to_have_count(0)
        chosen = order(page, WORDS)
        for n, doc_id in enumerate(chosen, start=1):
            mark(page, doc_id, "Not relevant" if (n - 1) % 3 else "Relevant", WORDS)
            expect_marks(page, positive=(n + 2) // 3, negative=n - (n + 2) // 3)
        expect_drawer(page, *reversed(chosen))
        by_words = {title: order(page, title) for title in (WORDS, LEARNED)}
        page.reload()
        expect_marks(page, positive=4, negative=6)
        expect_orders(page, by_words)

        (gates / "quick").touch()
        expect(offer(page)).to_contain_text("Quick vectors are ready: they find by meaning, too.")
        expect(notices).to_contain_text("Searched by words and quick vectors")
        expect_orders(page, by_words)  # nothing moved by itself
        expect(status(page)).to_contain_text("words alone")
        with page.context.new_page() as elsewhere:  # another server on the same home folder
            visit(elsewhere, other)
            search(elsewhere, "ice")
            expect(status(elsewhere)).to_have_text(f"{N} documents · quick vectors")
            assert len(order(elsewhere, SIMILAR)) == 10
        search(page, "glacier beside an orchard")  # the next query takes them
        page.get_by_role("button", name="The same search").click()
        expect(status(page)).to_have_text(f"{N} documents · quick vectors")
        expect(offer(page)).to_have_count(0)
        expect_marks(page, positive=4, negative=6)
        expect_drawer(page, *reversed(chosen))
        page.reload()
        expect_marks(page, positive=4, negative=6)
        expect(status(page)).to_have_text(f"{N} documents · quick vectors")
        by_quick = {title: order(page, title) for title in (SIMILAR, LEARNED)}
        vectors = open_corpus("towns").vectors
        assert vectors.shape == (N, 256)

        (gates / "full").touch()
        expect(offer(page)).to_contain_text("Better vectors are ready: the full ones.")
        expect_orders(page, by_quick)
        another = by_quick[LEARNED][9]
        mark(page, another, "Relevant")  # to mark on takes the same vectors
        expect_marks(page, positive=5, negative=6)
        settle(page)
        expect(status(page)).to_have_text(f"{N} documents · quick vectors")
        offer(page).get_by_role("button", name="Rank by them now").click()
        expect(offer(page)).to_have_count(0)
        expect(status(page)).to_have_text(f"{N} documents")
        assert len(order(page, SIMILAR)) == 10
        expect_marks(page, positive=5, negative=6)
        page.reload()
        expect_marks(page, positive=5, negative=6)
        expect(status(page)).to_have_text(f"{N} documents")
        expect(page.get_by_text("Searched by")).to_have_count(0)
        expect_listed(page)
        expect_drawer(page, another, *reversed(chosen))
    assert open_corpus("towns").vectors.shape == (N, 384)
    for each in (server, other):
        assert "Traceback" not in each.log.read_text()
