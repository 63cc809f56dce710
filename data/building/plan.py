"""The plan of a build: where the documents come from, and how they are embedded."""

import contextlib
from dataclasses import dataclass, replace
from typing import Literal

from exemplar.data.corpus.manifest import Manifest, build_manifests, is_of_same, read_manifest
from exemplar.data.encoders.model_files import DEFAULT_MODEL
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.sources.spec import SourceSpec


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """A corpus to build.

    Attributes
    ----------
    name
        The corpus's name; None for the name of the source.
    precision
        ``auto``: the precision of the existing corpus by this model, else the fastest.
    model_revision
        None for any revision.
    whole
        Make every document one passage, of which the model reads the beginning.
    replace
        Allow the build to replace a corpus of this name with another source or other settings.
    strict
        Make every problem with a document an error.
    until
        The vectors with which the corpus is complete.
    cluster
        The address of a Ray cluster that embeds, see ``ray_cluster.on_ray``; "" for the default address,
        None to embed in this process.
    added
        The sources that come after ``source``, see ``adding``; None for those that the corpus has, unless it is to be
        replaced.
    left_out
        Those of the added sources, by ``SourceSpec.source``, that the corpus is built without; their documents go.
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
    until: Literal["quick", "full"] = "full"
    cluster: str | None = None
    added: tuple[SourceSpec, ...] | None = None
    left_out: tuple[str, ...] = ()


def plan_of(name: str) -> BuildPlan | None:
    """Return the plan that an existing corpus was built by; None if no readable file describes it."""
    manifest = _manifest(name)
    if manifest is None:
        return None
    plan = BuildPlan(manifest.source, name, manifest.encoder.model, whole=manifest.whole)
    begun = (other for other in [manifest, *build_manifests(name)] if is_of_same(other, manifest, "full"))
    for full in begun:
        return replace(plan, precision=full.encoder.precision, model_revision=full.encoder.revision)
    return plan


def _manifest(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    # Nothing is committed yet, or the manifest is damaged.
    return max(build_manifests(name), key=lambda manifest: manifest.n_documents, default=None)
