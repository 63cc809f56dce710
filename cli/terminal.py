"""Print plain text, JSON and the tables of an evaluation to the terminal."""

import json
import os
import re
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from exemplar.data.corpus.catalog import CorpusStatus
    from exemplar.data.corpus.manifest import Manifest
    from exemplar.retrieval.evaluation.result import EvaluationResult

# Control characters except the end of a line, characters that change the direction of text, and lone surrogates.
_CONTROL_CHARACTERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MAX_LENGTH = 5_000  # characters of a cell or a line

output = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)  # a pipe has no width
errors = Console(stderr=True)


def say(message: str) -> None:
    """Print a line."""
    output.print(plain(message), soft_wrap=True)


def plain(text: str) -> Text:
    """Return text that neither a terminal nor Rich interprets, cut if it is very long."""
    if len(text) > _MAX_LENGTH:
        text = f"{text[:_MAX_LENGTH]} … ({len(text):,} characters)"
    return Text(_CONTROL_CHARACTERS.sub(" ", text))


def print_json(value: object) -> None:
    """Print a value as JSON; characters that a terminal would interpret are escaped, so the JSON is exact."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write(_CONTROL_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n")


def print_evaluation(result: "EvaluationResult") -> None:
    """Print the table of each protocol, and how far the default ranker is above others."""
    from exemplar.retrieval.evaluation.report import PROTOCOLS, gain_lines, missing_lines, protocol_rows

    for protocol, description in PROTOCOLS.items():
        header, rows = protocol_rows(result.sets, protocol)
        output.print(plain(f"{protocol.capitalize()}. {description}"))
        output.print(_table(header, rows) if rows else plain("No query counts."))
        for line in gain_lines(result.gains, protocol):
            output.print(plain(line), style="dim")
        output.print()
    _print_readings(result)
    for line in missing_lines(result.sets):
        output.print(plain(line), style="dim")


def _print_readings(result: "EvaluationResult") -> None:
    """Print the tables of reading to the end, if collections were read."""
    from exemplar.retrieval.evaluation.report import TO_THE_END, end_loss_rows, end_rows, page_of
    from exemplar.retrieval.evaluation.to_the_end import STARTS

    if not (page := page_of(result.sets)):
        return
    output.print(plain(f"To the end. {TO_THE_END.format(page=page)}"))
    for start, title in STARTS.items():
        for header, rows in (end_rows(result.sets, start), end_loss_rows(result.sets, start)):
            if rows:
                output.print(plain(f"{title.capitalize()}:"))
                output.print(_table(header, rows))
    output.print()


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in header:
        table.add_column(plain(column), overflow="fold")
    for cells in rows:
        table.add_row(*map(plain, cells))
    return table


def build_command(manifest: "Manifest") -> str:
    """Return the command that builds a corpus again as it was built."""
    words = ["exemplar", "build", manifest.source.source, "--name", manifest.name]
    for name, value in manifest.source.choices().items():
        option = f"--{name.replace('_', '-')}"
        words += [option] if value is True else [option, str(value)]
    words += ["--model", manifest.encoder.model]
    if manifest.vectors == "full":
        words += ["--precision", manifest.encoder.precision]
    elif manifest.created:
        words += ["--quick"]
    return shlex.join([*words, "--whole"] if manifest.whole else words)


def manifest_json(manifest: "Manifest") -> dict[str, Any]:
    """Return a manifest as JSON, with the fields of the encoder on the top level."""
    content = manifest.to_json()
    encoder: dict[str, Any] = content.pop("encoder")
    return content | {"model": encoder.pop("model"), "model_revision": encoder.pop("revision")} | encoder


def status_json(status: "CorpusStatus") -> dict[str, Any]:
    """Return the status and the manifest of a corpus as one flat JSON object."""
    manifest = manifest_json(status.manifest) if status.manifest else {}
    if words := status.words:
        manifest["words"] = {"language": words.language, "n_terms": words.n_terms, "size": words.size}
    own = {"name": status.name, "state": status.state, "size": status.size}
    return {**own, "vectors": status.manifest and status.manifest.vectors, "full_share": status.share, **manifest}
