#!/usr/bin/env bash
# pylatexenc 2.11 turns the names of LaTeX's text symbols for braces into nothing, and \textasciicircum into U+02C6, the
# modifier letter, not into "^". Programs that escape a BibTeX field write these, so that a text comes back as another.
#
# Output seen:
#   pylatexenc 2.11
#   '\\textbraceleft{}a\\textbraceright{}' -> 'a'
#   'x\\textasciicircum{}2' -> 'xˆ2'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pylatexenc==2.11
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from pylatexenc.latex2text import LatexNodes2Text

print("pylatexenc", version("pylatexenc"))
texts = [r"\textbraceleft{}a\textbraceright{}", r"x\textasciicircum{}2"]
found = [LatexNodes2Text().latex_to_text(text) for text in texts]
for text, read in zip(texts, found, strict=True):
    print(f"{text!r} -> {read!r}")
sys.exit(found != ["a", "x\u02c62"])
PYTHON
