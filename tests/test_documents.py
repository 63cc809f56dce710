"""The documents name files that exist."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
URL = re.compile(r"\w+://\S+")
NAMED = re.compile(r"(?<![\w/<>.~*-])\w[\w.-]*(?:/[\w.-]+)+\.(?:css|js|json|md|png|py|svg|toml|webp)\b")


def named_files(text: str) -> list[str]:
    """Return the paths in a text that have a folder and the suffix of a file of the repository."""
    return NAMED.findall(URL.sub("", text))


def test_paths_are_recognised() -> None:
    text = "`data/text.py`, docs/a.md, https://x.org/docs/b.md; [c](docs/c.png) `<name>/d.py` and ~/.x/config.toml."
    assert named_files(text) == ["data/text.py", "docs/a.md", "docs/c.png"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_files_that_exist(document: Path) -> None:
    named = named_files(document.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).is_file()] == []
