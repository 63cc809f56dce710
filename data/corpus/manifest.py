"""The manifest of a corpus: what the corpus contains and how it was built."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from exemplar.data.corpus.journal import is_count
from exemplar.data.corpus.shards import WORDS, ShardStore
from exemplar.data.encoders.base import VECTOR_KINDS, EncoderInfo, VectorKind
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError
from exemplar.data.home import content_of, home_folder, write_atomically
from exemplar.data.sources.spec import AddedSource, SourceSpec
from exemplar.data.text import has_lone_surrogate

FORMAT = 5  # increases with every change of the manifest's fields, which needs an entry in _MIGRATIONS

BEGUN = "begun.json"  # in a corpus's folder: the manifest of a build that is not complete
_MOST_MANIFEST = 2**26  # bytes
_LONGEST = 4096  # characters of a name
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_BUILD = re.compile(r"build-[0-9a-f]{1,64}")


class _OtherVersion(ExemplarError):
    """The fields of a manifest are not those of this version."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a corpus contains and how it was built.

    Attributes
    ----------
    build
        The name of the build's folder.
    created
        An ISO 8601 time in UTC; empty while the corpus is unfinished.
    whole
        Every document is one passage, and the model reads its beginning.
    problems
        Number of problems with documents by reason.
    corpus_id
        Stays the same as long as a corpus is built again from its source; a corpus that takes its name has another.
        Empty for a corpus of an earlier version.
    rows_sha256
        Of the file of the source's rows; empty for a corpus of an earlier version.
    added
        The sources that the corpus took later, in order; its documents are those of ``source`` and then of these.
    arrivals_sha256
        Of the file of the times at which documents came, see ``arrivals``; empty for a corpus of an earlier version.
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
    corpus_id: str = ""
    rows_sha256: str = ""
    added: tuple[AddedSource, ...] = ()
    arrivals_sha256: str = ""

    @property
    def sources(self) -> tuple[SourceSpec, ...]:
        """The sources of the documents, in order."""
        return self.source, *(added.spec for added in self.added)

    @property
    def vectors(self) -> VectorKind:
        """The kind of vectors that rankings use beside words."""
        return self.encoder.kind

    def with_words_alone(self) -> Self:
        """Return the manifest of the same documents without vectors, each document a passage."""
        return replace(self, encoder=EncoderInfo.none(self.encoder.model), n_passages=self.n_documents)

    @property
    def preparation(self) -> dict[str, Any]:
        """The settings that decide a text's vectors; with equal settings a build reuses the vectors of a text."""
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
        return asdict(self) | own | {"added": [added.to_json() for added in self.added]}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the manifest in JSON; the JSON is not trusted, and ``build`` can name a folder of the corpus alone.

        Raises
        ------
        ExemplarError
            The JSON does not hold a manifest of this version or an earlier one.
        """
        content = dict(_migrated(content))
        del content["format"]
        encoder, source = EncoderInfo.from_json(content.pop("encoder")), SourceSpec.from_json(content.pop("source"))
        added = tuple(map(AddedSource.from_json, _listed(content.pop("added"))))
        manifest = cls(**content, encoder=encoder, source=source, added=added)
        for name, is_valid in _checks(manifest).items():
            if not is_valid:
                raise ExemplarError(
                    f"the manifest's {name.replace('_', ' ')} can't be {getattr(manifest, name)!r:.100}"
                )
        return manifest


def _migrated(content: Any) -> dict[str, Any]:
    """Return the JSON of a manifest in the current format."""
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


def _listed(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise ExemplarError("the manifest's added sources are no list")
    return content


def _with_encoder_and_spec(content: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest of format 2 in format 3.

    Format 2 kept the encoder's fields beside the others, and wrote null for the source's default options.
    """
    content = dict(content)
    info = {
        key: content.pop(key, None) for key in ("precision", "device", "backend", "similarity", "dim", "max_tokens")
    }
    info |= {"model": content.pop("model", None), "revision": content.pop("model_revision", None)}
    source = content.get("source")
    if isinstance(source, dict):
        source = {key: value for key, value in source.items() if value is not None}
    return content | {"encoder": info, "source": source, "format": 3}


_TEXTS = ("name", "created", "documents_sha256", "corpus_id", "rows_sha256", "arrivals_sha256")
_KEYS = {*Manifest.__dataclass_fields__, "format"}
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    2: _with_encoder_and_spec,
    3: lambda content: content | {"corpus_id": "", "rows_sha256": "", "format": 4},
    4: lambda content: content | {"added": [], "arrivals_sha256": "", "format": 5},
}


def _checks(manifest: Manifest) -> dict[str, bool]:
    """Return by field whether its value is valid."""
    return {
        **{name: _is_text(getattr(manifest, name)) for name in _TEXTS},
        "build": _is_text(manifest.build) and _BUILD.fullmatch(manifest.build) is not None,
        "whole": isinstance(manifest.whole, bool),
        "n_documents": is_count(manifest.n_documents),
        "n_passages": is_count(manifest.n_passages),
        "problems": isinstance(manifest.problems, dict) and all(map(is_count, manifest.problems.values())),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and not has_lone_surrogate(value)


def check_name(name: str) -> str:
    """Return a corpus's name, which becomes the name of a folder; ExemplarError if it is not valid."""
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
    """Return the names of all corpora, finished or not, in order."""
    corpora = home_folder() / "corpora"
    names = {path.parent.name for kind in ("manifest.json", "build-*") for path in corpora.glob(f"*/{kind}")}
    return sorted(name for name in names if re.fullmatch(_NAME, name))


def is_known(name: str) -> bool:
    """Return whether a corpus has a manifest or a build."""
    folder = corpus_folder(name)
    return (folder / "manifest.json").exists() or any(folder.glob("build-*"))


def read_manifest(name: str, vectors: VectorKind | None = None) -> Manifest:
    """Read the manifest of a corpus, or derive that of an unfinished corpus from the best of its complete stages.

    Parameters
    ----------
    vectors
        Return the manifest of the same documents with these vectors; None for the best.

    Raises
    ------
    CorpusNotFound
        No corpus has this name or these vectors, or nothing of it can be searched yet; the message lists the corpora.
    CorpusDamaged
        The manifest can't be read, or another version wrote it.
    """
    manifest = _best_manifest(name)
    if vectors in (None, manifest.vectors):
        return manifest
    if vectors == "none":
        return manifest.with_words_alone()
    for store in builds_of(name):
        other = manifest_of(store, name)
        if is_of_same(other, manifest, vectors) and store.is_complete:
            return _with_vectors_of(other, manifest)
    raise CorpusNotFound(f"the corpus '{name}' has no {vectors} vectors; build it on")


def _best_manifest(name: str) -> Manifest:
    path = corpus_folder(name) / "manifest.json"
    try:
        return _read(path, name)
    except (FileNotFoundError, NotADirectoryError):
        return _unfinished_manifest(name)
    except _OtherVersion as error:
        raise CorpusDamaged(f"another version of Exemplar wrote the corpus '{name}'; build it again") from error
    except (ValueError, TypeError, OSError, RecursionError) as error:
        raise CorpusDamaged(f"the manifest of the corpus '{name}' can't be read; build it again") from error


def write_manifest(manifest: Manifest) -> None:
    """Write a manifest atomically, which makes its build the corpus."""
    _write(manifest, "manifest.json")


def write_begun(manifest: Manifest) -> None:
    """Write down what is being built; until it is complete, its stages come before those of other builds."""
    _write(manifest, BEGUN)


def read_begun(name: str) -> Manifest | None:
    """Return what was begun to be built, and is not complete; None if nothing, or by another version."""
    try:
        return _read(corpus_folder(name) / BEGUN, name)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _read(path: Path, name: str) -> Manifest:
    """Read the manifest of a corpus; its folder names it, so that a copy of the folder is another corpus."""
    return Manifest.from_json(json.loads(content_of(path, _MOST_MANIFEST)) | {"name": name})


def _write(manifest: Manifest, file: str) -> None:
    write_atomically(corpus_folder(manifest.name) / file, json.dumps(manifest.to_json(), indent=2).encode())


def _with_vectors_of(stage: Manifest, manifest: Manifest) -> Manifest:
    """Return a manifest of the same documents with the vectors of a stage."""
    return replace(
        manifest,
        build=stage.build,
        encoder=stage.encoder,
        n_documents=stage.n_documents,
        n_passages=stage.n_passages,
    )


def is_of_same(other: Manifest, manifest: Manifest, vectors: VectorKind | None = None) -> bool:
    """Return whether another build is of the same documents and model, with vectors of a kind; None for any."""
    keys = [(each.documents_sha256, each.whole, each.encoder.model) for each in (other, manifest)]
    return keys[0] == keys[1] and vectors in (None, other.vectors)


def builds_of(name: str) -> list[ShardStore]:
    """Return the readable builds of a corpus, finished or not."""
    stores = []
    for folder in sorted(corpus_folder(name).glob("build-*")):
        try:
            store = ShardStore(folder)
            manifest_of(store, name)
            stores.append(store)
        except ExemplarError:  # without a plan, or by another version
            continue
    return stores


def build_manifests(name: str, other_than: str = "") -> list[Manifest]:
    """Return the manifests of the readable builds of a corpus, apart from one folder's."""
    return [manifest_of(store, name) for store in builds_of(name) if store.folder.name != other_than]


def plan_of_build(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as the plan in the first line of a build's journal."""
    return manifest.to_json() | {"dim": manifest.encoder.dim}


def manifest_of(store: ShardStore, name: str) -> Manifest:
    """Return the manifest of a build's committed shards; ExemplarError if another version began the build."""
    done = {"name": name, "created": "", "n_documents": store.documents_done, "n_passages": store.n_passages}
    content = store.plan | done
    if content.get("format") != 2:  # which has the encoder's dim beside the other fields
        content.pop("dim", None)
    return Manifest.from_json(content)


def _unfinished_manifest(name: str) -> Manifest:
    """Return the manifest of the best complete stage of an unfinished corpus."""
    stages = [stage for store in builds_of(name) if (stage := _stage_of(store, name))]
    if stages:
        begun = read_begun(name)

        def rank(stage: Manifest) -> tuple[bool, int, int]:
            is_begun = begun is not None and is_of_same(stage, begun)
            return is_begun, VECTOR_KINDS.index(stage.vectors), stage.n_documents

        best = max(stages, key=rank)
        return _with_vectors_of(best, begun) if begun and rank(best)[0] else best
    if is_known(name):
        raise CorpusNotFound(f"the corpus '{name}' is unfinished and holds nothing to search yet; build it on")
    names = ", ".join(corpus_names()) or "none yet"
    raise CorpusNotFound(f"there is no corpus named '{name}' (there are: {names})")


def _stage_of(store: ShardStore, name: str) -> Manifest | None:
    """Return the manifest of what a build has made of all of its documents; None if nothing."""
    manifest = manifest_of(store, name)
    if store.is_complete and manifest.vectors != "none":
        return manifest
    if store.shards or (store.folder / WORDS).exists():  # an earlier version made words last
        return replace(manifest, n_documents=store.n_documents).with_words_alone()
    return None
