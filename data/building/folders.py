"""The folders of builds: their content names them, and the stages of a build share the files of its documents."""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

from exemplar.data.corpus.arrivals import ARRIVALS
from exemplar.data.corpus.manifest import Manifest, builds_of, is_of_same, manifest_of, plan_of_build
from exemplar.data.corpus.shards import DOCUMENTS, WORDS, ShardStore
from exemplar.data.corpus.source_rows import ROWS
from exemplar.data.errors import JournalDamaged
from exemplar.data.home import link_or_copy


def in_its_folder(manifest: Manifest) -> Manifest:
    """Return the manifest with the folder that its documents and settings name."""
    content = json.dumps([manifest.preparation, manifest.documents_sha256], sort_keys=True)
    return replace(manifest, build=f"build-{hashlib.sha256(content.encode()).hexdigest()[:12]}")


def builds_with(manifest: Manifest) -> list[ShardStore]:
    """Return the builds of a corpus that hold the same documents, to be embedded by the same model."""
    return [store for store in builds_of(manifest.name) if is_of_same(manifest_of(store, ""), manifest)]


def build_in(folder: Path, manifest: Manifest) -> ShardStore:
    """Return the existing build of a manifest in the corpus's folder, or begin one."""
    build = folder / manifest.build
    try:
        return ShardStore(build)
    except JournalDamaged:
        build.mkdir(exist_ok=True)
        return ShardStore.create(build, plan_of_build(manifest))


def share(origin: Path, target: Path) -> None:
    """Let a build have the documents and the words of another."""
    if origin == target:
        return
    others = (name for name in (ROWS, ARRIVALS) if (origin / name).exists())  # earlier versions kept none
    for name in (DOCUMENTS, *others):
        temporary = target / f"{name}.tmp"
        temporary.unlink(missing_ok=True)
        link_or_copy(origin / name, temporary)
        os.replace(temporary, target / name)
    if _has_same_files(origin / WORDS, target / WORDS):  # a reader may be opening them
        return
    words = target / f"{WORDS}.{secrets.token_hex(4)}.tmp"
    shutil.copytree(origin / WORDS, words, copy_function=link_or_copy)
    shutil.rmtree(target / WORDS, ignore_errors=True)
    os.replace(words, target / WORDS)


def _has_same_files(origin: Path, target: Path) -> bool:
    """Return whether two folders hold the same files, not only equal ones."""
    try:
        names = sorted(path.name for path in origin.iterdir())
        same = names == sorted(path.name for path in target.iterdir())
        return same and all((origin / name).samefile(target / name) for name in names)
    except OSError:
        return False
