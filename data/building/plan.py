"""All that decides a corpus: where its documents come from, and how they are prepared."""

import contextlib
from dataclasses import dataclass
from typing import Literal

from exemplar.data.corpus.manifest import Manifest, builds_of, manifest_of, read_manifest
from exemplar.data.encoders.sentence_transformer import DEFAULT_MODEL
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.sources.spec import SourceSpec


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """A corpus to build.

    Attributes
    ----------
    name
        Of the corpus; None for the source's own.
    precision
        ``auto``: that of the existing corpus by this model, else the fastest.
    model_revision
        None for any.
    whole
        Make a document one passage: as much of it as the model reads.
    replace
        Allow the build to replace a corpus of this name that was built otherwise.
    strict
        Make every problem with a document an error.
    cluster
        The address of a Ray cluster that embeds, see ``ray_cluster.on_ray``; "" for the one that Ray finds by itself,
        None for this process.
    """

    source: SourceSpec
    name: str | None = None
    model: str = DEFAULT_MODEL
    precision: str = "auto"
    model_revision: str | None = None
    backend: Literal["torch", "openvino", "auto"] = "auto"
    whole: bool = False
    replace: bool = False
    strict: bool = False
    cluster: str | None = None


def plan_of(name: str) -> BuildPlan | None:
    """Return the plan that builds a corpus again as it was built; None if no readable file holds it."""
    manifest = _manifest(name)
    if manifest is None:
        return None
    encoder = manifest.encoder
    return BuildPlan(manifest.source, name, encoder.model, encoder.precision, encoder.revision, whole=manifest.whole)


def _manifest(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    begun = [manifest_of(store, name) for store in builds_of(name)]  # nothing committed, or the manifest is damaged
    return max(begun, key=lambda manifest: manifest.n_documents, default=None)
