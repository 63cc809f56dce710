import json
from pathlib import Path
from typing import Any

import pandas as pd

from exemplar.data.documents import Document, Problem
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import Source, SourceSpec

ROWS = [
    {"key": "a1", "text": "the first", "kind": "x", "stars": 3},
    {"key": "a2", "text": "the second, with a comma\nand a line", "kind": "y", "stars": 4},
    {"key": "a3", "text": "NA", "kind": "x", "stars": 5},
]


def read(source: str, **choices: Any) -> Source:
    """Open a source by its choices."""
    return read_source(SourceSpec(source, **choices))


def documents(source: Source) -> list[Document]:
    return [found for found in source.read() if isinstance(found, Document)]


def problems(source: Source) -> list[Problem]:
    return [found for found in source.read() if isinstance(found, Problem)]


def texts(source: Source) -> list[str]:
    return [document.text for document in documents(source)]


def write(path: Path, rows: list[dict] = ROWS) -> str:
    frame = pd.DataFrame(rows)
    writers = {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: path.write_text("".join(json.dumps(row) + "\n" for row in rows)),
        ".json": lambda: path.write_text(json.dumps(rows, indent=2)),
        ".parquet": lambda: frame.to_parquet(path),
    }
    writers[path.suffix]()
    return str(path)


def numbered(source: Source) -> bool:
    """Tell whether documents are known by their row's number."""
    return any(found.numbered for found in source.read() if isinstance(found, Document))
