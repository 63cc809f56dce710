"""What a corpus is and how it was built, and the file that says so."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from exemplar.data.corpus.journal import is_count
from exemplar.data.corpus.shards import ShardStore
from exemplar.data.encoders.base import EncoderInfo
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError
from exemplar.data.home import content_of, home_folder, write_atomically
from exemplar.data.sources.spec import SourceSpec
from exemplar.data.text import has_lone_surrogate

FORMAT = 3  # raised with every change of a manifest's fields, each with an entry in _MIGRATIONS

_MOST_MANIFEST = 2**26  # bytes
_LONGEST = 4096  # characters of a name
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_BUILD = re.compile(r"build-[0-9a-f]{1,64}")


class _OtherVersion(ExemplarError):
    """A manifest has fields that this version does not know, or lacks some."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus is and how it was built.

    Attributes
    ----------
    build
        The folder of the build that the corpus consists of.
    created
        An ISO 8601 time in UTC; empty while the corpus is unfinished.
    whole
        A document is one passage: as much of it as the model reads.
    problems
        The number of problems with documents, by reason.
    """

    name: str
    build: str
    created: str
    source: SourceSpec
    encoder: EncoderInfo
    whole: bool
    n_documents: int
    n_passages: int
    documents_sha256: str
    problems: Mapping[str, int] = field(default_factory=dict)

    @property
    def preparation(self) -> dict[str, Any]:
        """What decides the vectors of a text: a text prepared alike need not be embedded again."""
        encoder = self.encoder
        return {
            "model": encoder.model,
            "model_revision": encoder.revision,
            "precision": encoder.precision,
            "similarity": encoder.similarity,
            "whole": self.whole,
            "max_tokens": encoder.max_tokens,
            "dim": encoder.dim,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON."""
        own = {"source": self.source.to_json(), "problems": dict(self.problems), "format": FORMAT}
        return asdict(self) | own

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the manifest in JSON, which anybody may have written: its build names a folder and nothing else.

        Raises
        ------
        ExemplarError
            It does not hold a manifest of this version or of one before.
        """
        content = dict(_migrated(content))
        del content["format"]
        encoder, source = EncoderInfo.from_json(content.pop("encoder")), SourceSpec.from_json(content.pop("source"))
        manifest = cls(**content, encoder=encoder, source=source)
        for name, is_valid in _checks(manifest).items():
            if not is_valid:
                raise ExemplarError(
                    f"the manifest's {name.replace('_', ' ')} can't be {getattr(manifest, name)!r:.100}"
                )
        return manifest


def _migrated(content: Any) -> dict[str, Any]:
    """Return JSON of a manifest in the present format."""
    if not isinstance(content, dict):
        raise ExemplarError("it is not a manifest")
    version = content.get("format")
    while isinstance(version, int) and version in _MIGRATIONS:
        content = _MIGRATIONS[version](content)
        version = content["format"]
    if version != FORMAT or content.keys() != _KEYS:
        raise _OtherVersion("another version of Exemplar wrote it")
    migrated: dict[str, Any] = content
    return migrated


def _with_encoder_and_spec(content: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest of format 2 in format 3: the encoder's fields lay flat, and choices not made were null."""
    content = dict(content)
    info = {
        key: content.pop(key, None) for key in ("precision", "device", "backend", "similarity", "dim", "max_tokens")
    }
    info |= {"model": content.pop("model", None), "revision": content.pop("model_revision", None)}
    source = content.get("source")
    if isinstance(source, dict):
        source = {key: value for key, value in source.items() if value is not None}
    return content | {"encoder": info, "source": source, "format": 3}


_KEYS = {*Manifest.__dataclass_fields__, "format"}
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _with_encoder_and_spec}


def _checks(manifest: Manifest) -> dict[str, bool]:
    """Return by field whether its value is possible."""
    return {
        **{name: _is_text(getattr(manifest, name)) for name in ("name", "created", "documents_sha256")},
        "build": _is_text(manifest.build) and _BUILD.fullmatch(manifest.build) is not None,
        "whole": isinstance(manifest.whole, bool),
        "n_documents": is_count(manifest.n_documents),
        "n_passages": is_count(manifest.n_passages),
        "problems": isinstance(manifest.problems, dict) and all(map(is_count, manifest.problems.values())),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and not has_lone_surrogate(value)


def check_name(name: str) -> str:
    """Return the name of a corpus if it can be one; it becomes a folder's name."""
    if not re.fullmatch(_NAME, name):
        raise ExemplarError(
            f"'{name[:120]}' can't be the name of a corpus: use letters, digits, '-', '_' and '.', "
            "beginning with a letter or digit, at most 100"
        )
    return name


def corpus_folder(name: str) -> Path:
    """Return the folder of a corpus, which need not exist."""
    return home_folder() / "corpora" / check_name(name)


def corpus_names() -> list[str]:
    """Return the names of all corpora, finished or begun."""
    corpora = home_folder() / "corpora"
    names = {path.parent.name for kind in ("manifest.json", "build-*") for path in corpora.glob(f"*/{kind}")}
    return sorted(name for name in names if re.fullmatch(_NAME, name))


def is_known(name: str) -> bool:
    """Return whether a corpus has a manifest, or a build that was begun."""
    folder = corpus_folder(name)
    return (folder / "manifest.json").exists() or any(folder.glob("build-*"))


def read_manifest(name: str) -> Manifest:
    """Read a corpus's manifest; for an unfinished corpus, make one of what is committed.

    Raises
    ------
    CorpusNotFound
        There is no corpus of that name; the message lists the corpora.
    CorpusDamaged
        The manifest can't be understood.
    """
    path = corpus_folder(name) / "manifest.json"
    try:
        content = json.loads(content_of(path, _MOST_MANIFEST))
        return Manifest.from_json(content | {"name": name})  # a folder that was copied is a corpus of its own
    except (FileNotFoundError, NotADirectoryError):
        return _unfinished_manifest(name)
    except _OtherVersion as error:
        raise CorpusDamaged(f"another version of Exemplar wrote the corpus '{name}'; build it again") from error
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise CorpusDamaged(f"the manifest of the corpus '{name}' can't be read; build it again") from error


def write_manifest(manifest: Manifest) -> None:
    """Write a manifest: from here on its build is the corpus."""
    content = json.dumps(manifest.to_json(), indent=2).encode()
    write_atomically(corpus_folder(manifest.name) / "manifest.json", content)


def builds_of(name: str) -> list[ShardStore]:
    """Return the readable builds in a corpus's folder, finished or not."""
    stores = []
    for folder in sorted(corpus_folder(name).glob("build-*")):
        try:
            store = ShardStore(folder)
            manifest_of(store, name)
            stores.append(store)
        except ExemplarError:  # never begun, or by another version
            continue
    return stores


def plan_of_build(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as the plan that a build's journal begins with."""
    return manifest.to_json() | {"dim": manifest.encoder.dim}


def manifest_of(store: ShardStore, name: str) -> Manifest:
    """Return the manifest of what is committed of a build; ExemplarError if another version planned it."""
    done = {"name": name, "created": "", "n_documents": store.documents_done, "n_passages": store.n_passages}
    content = store.plan | done
    if content.get("format") == FORMAT:
        del content["dim"]
    return Manifest.from_json(content)


def _unfinished_manifest(name: str) -> Manifest:
    stores = [store for store in builds_of(name) if store.shards]
    if stores:
        return manifest_of(max(stores, key=lambda store: store.documents_done), name)
    if is_known(name):
        raise CorpusNotFound(f"the corpus '{name}' is unfinished and holds nothing to search yet; build it on")
    names = ", ".join(corpus_names()) or "none yet"
    raise CorpusNotFound(f"there is no corpus named '{name}' (there are: {names})")
