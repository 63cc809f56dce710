"""Take the README's pictures from the app over the demo corpus: ``python -m benchmarks.pictures FOLDER``.

They are ``search.png``, ``why.png``, and ``marking.webp``, a short film of the effect of marks.
"""

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks import vectors
from benchmarks.app import page_at, settle

QUERY = "fill missing values"
_WIDTH, _HEIGHT = 1440, 1000
_FILM = (960, 667)  # pixels
_SHORT, _LONG = 350, 1600  # milliseconds of a frame


def main(folder: Path) -> None:
    """Take all pictures."""
    vectors.corpus("docs", "docs")
    with page_at(_WIDTH, _HEIGHT) as (page, url, _):
        page.goto(f"{url}/?corpus=docs")
        page.get_by_role("textbox", name="Search").wait_for()
        _film(page, folder / "marking.webp")
        page.mouse.move(0, 0)
        _to_top(page)
        page.screenshot(path=folder / "search.png")
        page.get_by_role("radio", name="Why").click()
        points = page.locator(".st-key-why-chart .mark-symbol.role-mark path")
        points.last.click()
        page.locator("[class*='st-key-row-why']").wait_for()
        page.mouse.move(0, 0)
        settle(page)
        page.screenshot(path=folder / "why.png")


def _film(page: Any, path: Path) -> None:
    """Type a query, mark three rows, and save the film of the page."""
    frames: list[Image.Image] = []
    durations: list[int] = []

    def take(milliseconds: int) -> None:
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        frames.append(picture.resize(_FILM, Image.Resampling.LANCZOS))
        durations.append(milliseconds)

    settle(page)
    box = page.get_by_role("textbox", name="Search")
    for part in ("fill ", "missing ", "values"):
        box.press_sequentially(part)
        take(_SHORT)
    box.press("Enter")
    page.locator(".st-key-column-anchored .ex-id").nth(9).wait_for()
    settle(page)
    take(_LONG)
    for position, label in ((2, "Relevant"), (3, "Not relevant"), (1, "Relevant")):
        row = page.locator(".st-key-column-anchored [class*='st-key-row-']").nth(position)
        button = row.get_by_role("button", name=label, exact=True)
        button.scroll_into_view_if_needed()
        button.hover()
        take(_SHORT * 2)
        button.click()
        settle(page)
        take(_LONG)
    _to_top(page)
    take(_LONG)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=70, method=6)


def _to_top(page: Any) -> None:
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    settle(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
