#!/usr/bin/env bash
# inscriptis 2.7.6 returns less than there is of valid HTML, and raises nothing: no text of what lies more than 255
# elements deep, and none of a text of 11 million characters. lxml 6.1.3, with which it parses, stops there
# unless its parser has huge_tree=True, which get_text can't be given.
#
# Output seen:
#   inscriptis 2.7.6 lxml 6.1.3
#   200 levels: 'deep'
#   300 levels: ''
#   9,000,000 characters: 9,000,000
#   11,000,000 characters: 0
#   300 levels by lxml with huge_tree: 'deep'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet inscriptis==2.7.6 lxml==6.1.3
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from inscriptis import get_text
from lxml.html import HTMLParser, document_fromstring


def nested(levels: int) -> str:
    return "<div>" * levels + "deep" + "</div>" * levels


print("inscriptis", version("inscriptis"), "lxml", version("lxml"))
shallow, deep = get_text(nested(200)).strip(), get_text(nested(300)).strip()
print(f"200 levels: {shallow!r}\n300 levels: {deep!r}")
lengths = [len(get_text(f"<p>{'x' * n}</p>").strip()) for n in (9_000_000, 11_000_000)]
print(f"9,000,000 characters: {lengths[0]:,}\n11,000,000 characters: {lengths[1]:,}")
whole = document_fromstring(nested(300), parser=HTMLParser(huge_tree=True)).text_content()
print(f"300 levels by lxml with huge_tree: {whole!r}")
sys.exit((shallow, deep, lengths, whole) != ("deep", "", [9_000_000, 0], "deep"))
PYTHON
