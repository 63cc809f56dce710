"""A table is searched by words while its vectors are made; better ones are offered, and nothing moves by itself."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from exemplar.data.corpus.corpus import open_corpus
from tests.e2e.steps import column, mark, marks, order, search, settle
from tests.support.servers import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.model]

N = 400  # rows; the words of each are said of ten others too
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
    return page.locator("[role=status].ex-quiet")


def offer(page: Page) -> Locator:
    return page.locator(".st-key-better-vectors")


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
        card.get_by_role("button", name="Search it").click()

        search(page, "glacier near an orchard")
        expect(column(page, "anchored")).to_have_count(10)
        expect(column(page, "words")).to_have_count(10)
        expect(status(page)).to_contain_text("words alone")
        sidebar = page.get_by_test_id("stSidebar")
        expect(sidebar).to_contain_text("Searched by words")
        expect(offer(page)).to_have_count(0)
        for n, doc_id in enumerate(order(page, "words")):
            mark(page, "words", doc_id, "Not relevant" if n % 3 else "Relevant")
            expect(marks(page)).to_have_count(n + 1)
        marked = sorted(marks(page).all_inner_texts())
        assert len(marked) == 10
        by_words = {ranker: order(page, ranker) for ranker in ("words", "anchored")}
        page.reload()
        expect(marks(page)).to_have_count(10)
        assert {ranker: order(page, ranker) for ranker in by_words} == by_words

        (gates / "quick").touch()
        expect(offer(page)).to_contain_text("Quick vectors are ready: they find by meaning, too.")
        expect(sidebar).to_contain_text("Searched by words and quick vectors")
        assert {ranker: order(page, ranker) for ranker in by_words} == by_words  # nothing moved by itself
        expect(status(page)).to_contain_text("words alone")
        with page.context.new_page() as elsewhere:  # another server on the same home folder
            visit(elsewhere, other)
            search(elsewhere, "ice")
            expect(status(elsewhere)).to_contain_text("quick vectors")
            expect(column(elsewhere, "knn")).to_have_count(10)
        search(page, "glacier beside an orchard")  # the next query takes them
        expect(status(page)).to_contain_text("quick vectors")
        expect(offer(page)).to_have_count(0)
        expect(column(page, "anchored")).to_have_count(10)
        assert sorted(marks(page).all_inner_texts()) == marked
        page.reload()
        expect(marks(page)).to_have_count(10)
        expect(status(page)).to_contain_text("quick vectors")
        by_quick = {ranker: order(page, ranker) for ranker in ("knn", "anchored")}
        vectors = open_corpus("towns").vectors
        assert vectors.shape == (N, 256)

        (gates / "full").touch()
        expect(offer(page)).to_contain_text("Better vectors are ready: the full ones.")
        assert {ranker: order(page, ranker) for ranker in by_quick} == by_quick
        mark(page, "anchored", by_quick["anchored"][9], "Relevant")  # to mark on takes the same vectors
        expect(marks(page)).to_have_count(11)
        settle(page)
        expect(status(page)).to_contain_text("quick vectors")
        offer(page).get_by_role("button", name="Rank by them now").click()
        expect(offer(page)).to_have_count(0)
        expect(status(page)).not_to_contain_text(re.compile("quick vectors|words alone"))
        expect(column(page, "knn")).to_have_count(10)
        expect(marks(page)).to_have_count(11)
        page.reload()
        expect(marks(page)).to_have_count(11)
        expect(status(page)).not_to_contain_text(re.compile("quick vectors|words alone"))
        expect(sidebar).not_to_contain_text("Searched by")
        assert {*marked} < {*marks(page).all_inner_texts()}
    assert open_corpus("towns").vectors.shape == (N, 384)
    for each in (server, other):
        assert "Traceback" not in each.log.read_text()
