"""The examples of docs/python.md print what stands below them."""

import re

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.model]


def test_the_examples_print_what_the_document_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    expected = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(examples) == len(expected) == 4
    code = "\nprint('---')\n".join(examples)
    monkeypatch.chdir(ROOT)
    exec(code, {"__name__": "example"})  # noqa: S102 - our own document
    assert capsys.readouterr().out.split("---\n") == expected
