#!/usr/bin/env bash
# chardet 7.7.0 takes English that was saved by Windows, with its curly apostrophes and no other letter beyond ASCII, for
# Czech of old Macs: each ’ becomes í. It does so for a sentence and for a paragraph of them; one more letter or
# sign beyond ASCII can change that. Restricted to the encodings of the web (encoding_era) it names Windows-1252.
#
# Output seen:
#   1 sentence: MacLatin2: I canít believe itís over.
#   4 sentences: MacLatin2: The lamp doesnít work. Itís broken since Monday and nobodyís
#   4 sentences, of the web alone: Windows-1252
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet chardet==7.7.0
"$work/venv/bin/python" - <<'PYTHON'
import sys

import chardet

texts = {
    "1 sentence": "I can’t believe it’s over.",
    "4 sentences": (
        "The lamp doesn’t work. It’s broken since Monday and nobody’s answered my mails. I won’t buy here again, and I’d "
        "like my money back because you’re late. They don’t care."
    ),
}
found = []
for name, text in texts.items():
    content = text.encode("cp1252")
    encoding = chardet.detect(content)["encoding"]
    found.append(encoding)
    print(f"{name}: {encoding}: {content.decode(encoding)[:60]}")
web = chardet.detect(content, encoding_era=chardet.EncodingEra.MODERN_WEB)["encoding"]
print(f"{name}, of the web alone: {web}")
if found != ["MacLatin2", "MacLatin2"] or web != "Windows-1252":
    sys.exit("chardet recognises it now")
PYTHON
