"""What a newcomer does, in a real browser, with the real model over the demo corpus."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import by_path, choose, column, marks, open_settings, order, row, search, settle

WARNING = "\N{WARNING SIGN}\N{VARIATION SELECTOR-15}"

pytestmark = [pytest.mark.e2e, pytest.mark.model]


def test_search_mark_rerank_remove_reload(visitor: Page) -> None:
    search(visitor, "fill missing values")
    expect(column(visitor, "knn")).to_have_count(10)
    expect(column(visitor, "anchored")).to_have_count(10)
    knn, unmarked = order(visitor, "knn"), order(visitor, "anchored")
    assert "fillna" in knn[0]

    first = unmarked[4]
    row(visitor, "anchored", first).get_by_role("button", name="Relevant", exact=True).click()
    expect(marks(visitor)).to_have_text([first])
    expect(column(visitor, "anchored")).not_to_have_text(unmarked)
    expect(column(visitor, "knn")).to_have_text(knn)

    # The rows have moved; a click still belongs to the row that the person sees.
    once_marked = order(visitor, "anchored")
    moved = [doc_id for rank, doc_id in enumerate(once_marked) if doc_id in unmarked and doc_id != unmarked[rank]]
    second = next(doc_id for doc_id in reversed(moved) if doc_id != first)
    row(visitor, "anchored", second).get_by_role("button", name="Not relevant", exact=True).click()
    expect(marks(visitor)).to_have_text([first, second])
    expect(column(visitor, "anchored")).not_to_have_text(once_marked)
    expect(column(visitor, "knn")).to_have_text(knn)
    twice_marked = order(visitor, "anchored")

    visitor.reload()
    expect(marks(visitor)).to_have_text([first, second])
    expect(column(visitor, "anchored")).to_have_text(twice_marked)
    expect(column(visitor, "knn")).to_have_text(knn)

    visitor.get_by_test_id("stSidebar").get_by_role("button", name="Remove").nth(1).click()
    expect(marks(visitor)).to_have_text([first])
    expect(column(visitor, "anchored")).to_have_text(once_marked)

    visitor.reload()
    expect(marks(visitor)).to_have_text([first])
    expect(column(visitor, "anchored")).to_have_text(once_marked)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("fill missing values")


def test_the_right_column_and_c_are_the_users_choice(visitor: Page) -> None:
    search(visitor, "merge two tables")
    expect(column(visitor, "anchored")).to_have_count(10)
    knn, usual = order(visitor, "knn"), order(visitor, "anchored")
    took = r"\d+ ms · \d+ scans? · [\d,]+ support rows · (settled|exact)"
    expect(visitor.locator(".st-key-column-anchored").get_by_text(re.compile(took))).to_be_visible()

    open_settings(visitor)
    slider = visitor.get_by_role("slider", name="C")
    for _ in range(10):
        slider.press("ArrowRight")
    expect(visitor.get_by_test_id("stSidebar").get_by_text("10.0", exact=True).first).to_be_visible()
    expect(column(visitor, "anchored")).not_to_have_text(usual)

    choose(visitor, "Ranker of the right column", "Exemplar SVM")
    expect(column(visitor, "svm")).to_have_count(10)
    expect(column(visitor, "anchored")).to_have_count(0)
    assert order(visitor, "knn") == knn
    first = order(visitor, "svm")[3]
    row(visitor, "svm", first).get_by_role("button", name="Relevant", exact=True).click()
    expect(marks(visitor)).to_have_text([first])
    expect(visitor.locator(".st-key-column-svm").get_by_text(re.compile(took))).to_be_visible()


def test_more_like_this_and_an_empty_query(visitor: Page) -> None:
    search(visitor, "   ")
    expect(visitor.get_by_text("Type what you are looking for, then press Enter.")).to_be_visible()
    search(visitor, "train a linear classifier")
    expect(column(visitor, "knn")).to_have_count(10)
    doc_id = order(visitor, "knn")[0]
    row(visitor, "knn", doc_id).get_by_role("button", name="More like this").click()
    expect(visitor.locator(".st-key-query-document .ex-id")).to_have_text(doc_id)
    for ranker in ("knn", "anchored"):
        expect(column(visitor, ranker)).to_have_count(10)
        expect(column(visitor, ranker).filter(has_text=doc_id).get_by_text(doc_id, exact=True)).to_have_count(0)


def test_a_hostile_file_is_built_and_shown_as_plain_text(visitor: Page, tmp_path: Path) -> None:
    texts = [
        "<script>window.owned = 1</script>",
        "<img src='http://example.invalid/x.png' onerror='window.owned = 2'>",
        "**bold** [a link](http://example.invalid) $x^2$ :smile: :red[red]",
        "plain words about cats",
    ]
    path = tmp_path / "hostile <b>.csv"
    path.write_text("\n".join(["te*xt*", *(f'"{text}"' for text in texts)]))
    by_path(visitor)
    visitor.get_by_role("textbox", name="Path").fill(f"{path}.gone.csv")
    visitor.get_by_role("button", name="Look at it").click()
    told = visitor.locator(".st-key-new-build").get_by_role("alert")
    expect(told).to_have_text(f"{WARNING} There is no file or folder {path}.gone.csv")
    settle(visitor)
    visitor.get_by_role("textbox", name="Path").fill(str(path))
    visitor.get_by_role("button", name="Look at it").click()
    expect(visitor.get_by_text("choose the Text column")).to_be_visible()
    choose(visitor, "Text column", "te*xt*")
    expect(visitor.locator(".st-key-preview .ex-text")).to_have_text(texts)
    settle(visitor)
    visitor.get_by_role("button", name="Build", exact=True).click()
    built = visitor.locator(".st-key-build-hostile-b")
    expect(built).to_contain_text("Built hostile-b: 4 documents.")
    settle(visitor)
    built.get_by_role("button", name="Search it").click()
    expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value("hostile-b")
    search(visitor, texts[1])
    expect(column(visitor, "anchored")).to_have_count(4)
    row(visitor, "anchored", "1").get_by_role("button", name="Relevant", exact=True).click()
    expect(marks(visitor)).to_have_text(["1"])
    shown = visitor.locator(".st-key-column-anchored .ex-text")
    assert sorted(shown.all_inner_texts()) == sorted(texts)
    assert visitor.evaluate("window.owned") is None
    assert visitor.locator(".st-key-column-anchored").locator("img, script, b, strong, a[href*='invalid']").count() == 0


def test_the_corpora_page_and_back_and_the_back_button_lose_nothing(visitor: Page) -> None:
    search(visitor, "sort rows by value")
    expect(column(visitor, "anchored")).to_have_count(10)
    unmarked = order(visitor, "anchored")
    open_settings(visitor)
    visitor.get_by_test_id("stSidebar").get_by_role("radio", name="25").click()
    expect(column(visitor, "anchored")).to_have_count(25)
    row(visitor, "anchored", unmarked[2]).get_by_role("button", name="Relevant", exact=True).click()
    expect(marks(visitor)).to_have_text([unmarked[2]])
    marked = order(visitor, "anchored")

    visitor.get_by_role("link", name="Corpora").click()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    expect(column(visitor, "anchored")).to_have_count(0)
    expect(visitor).to_have_url(re.compile(r"/corpora\?session="))
    settle(visitor)
    visitor.reload()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    settle(visitor)
    visitor.get_by_role("link", name="Search").click()
    expect(marks(visitor)).to_have_text([unmarked[2]])
    expect(column(visitor, "anchored")).to_have_text(marked)
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("sort rows by value")

    visitor.get_by_role("link", name="Corpora").click()
    expect(visitor.get_by_role("heading", name="Corpora")).to_be_visible()
    expect(visitor).to_have_url(re.compile(r"/corpora\?session="))
    settle(visitor)
    visitor.go_back()
    if "/corpora" in visitor.url:  # naming the session in the address may have been an entry of its own
        settle(visitor)
        visitor.go_back()
    expect(marks(visitor)).to_have_text([unmarked[2]])
    expect(visitor.get_by_role("textbox", name="Search")).to_have_value("sort rows by value")


def test_a_long_document_is_found_by_what_stands_at_its_end(visitor: Page, tmp_path: Path) -> None:
    end = "The volcano erupted at night, and ashes fell on the harbour."
    long = "My cat sleeps on the sofa all day. " * 60 + end
    path = tmp_path / "diary.jsonl"
    rows = [{"id": "long", "text": long}, {"id": "short", "text": "A boat trip."}, {"id": "odd", "text": ""}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    by_path(visitor)
    visitor.get_by_role("textbox", name="Path").fill(str(path))
    visitor.get_by_role("button", name="Build", exact=True).click()
    built = visitor.locator(".st-key-build-diary")
    expect(built).to_contain_text("Built diary: 2 documents.")
    expect(built).to_contain_text("Left out: line 3: no text.")
    settle(visitor)
    built.get_by_role("button", name="Search it").click()
    expect(visitor.get_by_role("combobox", name="Corpus")).to_have_value("diary")
    search(visitor, "lava and ash from a mountain")
    expect(column(visitor, "knn")).to_have_text(["long", "short"])
    found = row(visitor, "knn", "long")
    expect(found.locator(".ex-whole")).not_to_be_visible()
    found.get_by_text("Whole text").click()
    expect(found.locator(".ex-whole")).to_have_text(long)
    passage = found.locator(".ex-passage").inner_text()
    assert passage.endswith(end)
    assert len(passage) < len(long) / 2
