"""What a corpus is and how it was made, and whether JSON says such a thing."""

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from exemplar.data.corpus.journal import is_count

FORMAT = 2

_MOST_DIM = 10**5
_LONGEST = 4096  # characters of a name, and of the path of a model
_BUILD = re.compile(r"build-[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus is and how it was made.

    Attributes
    ----------
    created
        An ISO 8601 time in UTC; empty while the corpus is unfinished.
    model_revision
        Which weights: the hub's commit, or the start of a folder's checksum.
    whole
        A document is one passage, as much of it as the model reads.
    similarity
        ``cosine``: unit rows. ``dot``: rows of the lengths the model gives them, about 1.
    problems
        How many documents were odd, by what was odd about them.
    """

    name: str
    build: str
    created: str
    source: Mapping[str, Any]
    model: str
    model_revision: str
    precision: str
    device: str
    backend: str
    similarity: str
    whole: bool
    max_tokens: int | None
    dim: int
    n_documents: int
    n_passages: int
    documents_sha256: str
    problems: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def preparation(self) -> dict[str, Any]:
        """What decides the vectors of a text: texts prepared alike need not be embedded again."""
        keys = ("model", "model_revision", "precision", "similarity", "whole", "max_tokens", "dim")
        return {key: getattr(self, key) for key in keys}


def is_of_this_version(content: Any) -> bool:
    """Tell whether JSON is what this version of Exemplar writes, if it is a manifest at all."""
    if not isinstance(content, dict):
        raise ValueError("no manifest")
    return content.get("format") == FORMAT and content.keys() == {field.name for field in fields(Manifest)}


def manifest_from(content: Any) -> Manifest:
    """Return the manifest that JSON says, which anybody may have written: its build names a folder, and nothing else.

    Raises
    ------
    ValueError
        It says none.
    """
    if not is_of_this_version(content):
        raise ValueError("a manifest of another version")
    manifest = Manifest(**content)
    if odd := next((name for name, is_right in _right(manifest).items() if not is_right), None):
        raise ValueError(f"the manifest's {odd.replace('_', ' ')} can't be {reprlib.repr(content[odd])}")
    return manifest


def _right(manifest: Manifest) -> dict[str, bool]:
    """Return of each field whether it can be what it is."""
    texts = ("name", "created", "model", "model_revision", "precision", "device", "backend", "similarity")
    return {
        **{name: _is_text(getattr(manifest, name)) for name in (*texts, "documents_sha256")},
        "build": _is_text(manifest.build) and _BUILD.fullmatch(manifest.build) is not None,
        "source": _is_source(manifest.source),
        "whole": isinstance(manifest.whole, bool),
        "max_tokens": manifest.max_tokens is None or is_count(manifest.max_tokens),
        "dim": is_count(manifest.dim) and 0 < manifest.dim <= _MOST_DIM,
        "n_documents": is_count(manifest.n_documents),
        "n_passages": is_count(manifest.n_passages),
        "problems": isinstance(manifest.problems, dict) and all(map(is_count, manifest.problems.values())),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and not re.search("[\ud800-\udfff]", value)


def _is_source(source: Any) -> bool:
    if not isinstance(source, dict) or not isinstance(source.get("source"), str):  # a path need not be Unicode
        return False
    if isinstance(source.get("limit"), str | bool):
        return False
    return all(isinstance(value, str | bool | None) or is_count(value) for value in source.values())
