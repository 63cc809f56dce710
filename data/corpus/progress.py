"""How far the process has come that embeds a corpus, for other processes to show."""

import contextlib
import json
import os
from pathlib import Path

from exemplar.data.corpus.manifest import corpus_folder
from exemplar.data.home import content_of

PROGRESS = "progress.json"

_MOST_BYTES = 2**12
_LONGEST = 100  # characters


def write_progress(folder: Path, in_words: str) -> None:
    """Write a line for people into a corpus's folder; whoever can't read it shows none."""
    temporary = folder / f"{PROGRESS}.tmp"
    with contextlib.suppress(OSError):  # it matters too little to end a build
        temporary.write_text(json.dumps({"progress": in_words}))
        os.replace(temporary, folder / PROGRESS)


def read_progress(name: str) -> str:
    """Return the line that the process has written that builds a corpus now; empty if there is none."""
    try:
        content = json.loads(content_of(corpus_folder(name) / PROGRESS, _MOST_BYTES))
        return str(content["progress"])[:_LONGEST]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
