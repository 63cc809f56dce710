#!/usr/bin/env bash
# rispy 0.10.0 reads these RIS files without an error or a warning, and drops a part of them:
# - after a byte order mark, which Windows programs write before UTF-8, the first record;
# - the last record of a file whose last line ER is missing;
# - all values but the first of a repeated AB, as of a structured abstract.
#
# Output seen:
#   rispy 0.10.0
#   with a byte order mark: ['two'] of one, two
#   without the last ER: ['one'] of one, two
#   repeated AB: 'Background.' of Background., Results.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet rispy==0.10.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import sys
from pathlib import Path

import rispy

two = "TY  - JOUR\nTI  - one\nER  - \n\nTY  - JOUR\nTI  - two\n"
Path("mark.ris").write_text(two + "ER  - \n", encoding="utf-8-sig")
Path("end.ris").write_text(two, encoding="utf-8")
Path("again.ris").write_text("TY  - JOUR\nAB  - Background.\nAB  - Results.\nER  - \n", encoding="utf-8")
print("rispy", rispy.__version__)
marked = [record["title"] for record in rispy.load(Path("mark.ris"), encoding="utf-8")]
print(f"with a byte order mark: {marked} of one, two")
ended = [record["title"] for record in rispy.load(Path("end.ris"), encoding="utf-8")]
print(f"without the last ER: {ended} of one, two")
abstract = rispy.load(Path("again.ris"), encoding="utf-8")[0]["abstract"]
print(f"repeated AB: {abstract!r} of Background., Results.")
sys.exit((marked, ended, abstract) != (["two"], ["one"], "Background."))
PYTHON
