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
_WIDTH, _HEIGHT = 1440, 900
_FILM = (960, 600)  # pixels
_SHORT, _LONG = 350, 1600  # milliseconds of a frame
_MARKS = "++-+++-++"  # of the lit rows, from the first


def main(folder: Path) -> None:
    """Take all pictures."""
    vectors.corpus("docs", "docs")
    with page_at(_WIDTH, _HEIGHT) as (page, url, _):
        page.goto(f"{url}/?corpus=docs")
        page.get_by_role("textbox", name="Search").wait_for()
        _film(page, folder / "marking.webp")
        for key in _MARKS[3:]:
            page.keyboard.press(key)
            settle(page)
        page.keyboard.press("Escape")
        page.mouse.move(0, 0)
        settle(page)
        page.screenshot(path=folder / "search.png")
        page.get_by_role("radio", name="Why").click()
        points = page.locator(".st-key-why-chart .mark-symbol.role-mark path")
        points.last.click()
        page.get_by_role("list", name="The clicked document").get_by_role("listitem").click()
        page.mouse.move(0, 0)
        settle(page)
        page.screenshot(path=folder / "why.png")


def _film(page: Any, path: Path) -> None:
    """Type a query, mark three rows by keys, open one, and save the film of the page."""
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
    page.get_by_role("list", name="Learned from your marks").get_by_role("listitem").first.wait_for()
    settle(page)
    take(_LONG)
    page.keyboard.press("Escape")  # out of the box
    page.keyboard.press("j")
    for key in _MARKS[:3]:
        page.keyboard.press(key)
        take(_SHORT)
        settle(page)
        take(_LONG)
    page.keyboard.press("Enter")
    settle(page)
    take(2 * _LONG)
    page.keyboard.press("Enter")
    settle(page)
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=70, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
