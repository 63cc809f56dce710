"""All that decides a corpus: where its documents come from, and how they are prepared."""

import contextlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exemplar.data.corpus.corpus import builds_of, manifest_of, read_manifest
from exemplar.data.corpus.manifest import Manifest
from exemplar.data.encoders.sentence_transformer import DEFAULT_MODEL
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.sources.read import read_source


@dataclass(frozen=True, slots=True)
class Plan:
    """A corpus to be built.

    Attributes
    ----------
    source
        The arguments of ``read_source``.
    precision
        None: that of what there is of the corpus by this model, else the fastest.
    model_revision
        None: whichever there is.
    replace
        Allow a corpus of this name to be replaced that was built otherwise.
    """

    name: str
    source: Mapping[str, Any]
    model: str = DEFAULT_MODEL
    precision: str | None = None
    model_revision: str | None = None
    whole: bool = False
    replace: bool = False


def plan_of(name: str) -> Plan | None:
    """Return how a corpus is built again as it was, finished or not; None where nothing that can be read says it."""
    manifest = _manifest(name)
    if manifest is None or not manifest.source.keys() <= inspect.signature(read_source).parameters.keys():
        return None
    return Plan(
        name, manifest.source, manifest.model, manifest.precision, manifest.model_revision, whole=manifest.whole
    )


def _manifest(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    begun = [manifest_of(store, name) for store in builds_of(name)]  # nothing committed, or the manifest is damaged
    return max(begun, key=lambda manifest: manifest.n_documents, default=None)
