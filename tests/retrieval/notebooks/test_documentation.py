"""The examples of docs/python.md print what stands below them."""

import re
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.model]


def test_the_examples_print_what_the_document_says() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    expected = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert len(examples) == len(expected) == 4
    code = "\nprint('---')\n".join(examples)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.split("---\n") == expected
