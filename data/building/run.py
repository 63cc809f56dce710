"""A build from its plan: open the source, load the model, embed; one function for the terminal and the page."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from exemplar.data.building import ray_cluster
from exemplar.data.building.build import build_corpus
from exemplar.data.building.embed import Embedder, LocalEmbedder
from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import BuildEvent, EncoderLoaded, StageBegun
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import builds_of, manifest_of, read_manifest
from exemplar.data.encoders.base import Encoder
from exemplar.data.encoders.sentence_transformer import load_encoder, model_name
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import Source


class LoadEncoder(Protocol):
    """Loads an encoder, as ``load_encoder`` does."""

    def __call__(self, model: str, *, precision: str, backend: str, revision: str | None = None) -> Encoder:
        """Return the encoder; ExemplarError if it can't be loaded."""


def run_build(
    plan: BuildPlan,
    on_event: Callable[[BuildEvent], None],
    *,
    source: Source | None = None,
    load: LoadEncoder | None = None,
) -> Corpus:
    """Build a corpus, go on with one that was interrupted, or bring one up to date.

    Parameters
    ----------
    on_event
        Called with every stage, problem and progress; what it raises ends the build, and what is embedded is kept.
    source
        The source of the plan, if it is open already.
    load
        Loads the encoder of a build in this process; None for ``load_encoder``.

    Raises
    ------
    ExemplarError, OSError
        See ``read_source``, ``load_encoder``, ``on_ray`` and ``build_corpus``.
    """
    if source is None:
        on_event(StageBegun("source"))
        source = read_source(plan.source)
    name = plan.name or source.name
    on_event(StageBegun("model"))
    with _embedder(plan, name, load or load_encoder) as embedder:
        on_event(EncoderLoaded(embedder.info))
        return build_corpus(
            source,
            embedder,
            name=name,
            whole=plan.whole,
            replace=plan.replace,
            strict=plan.strict,
            on_event=on_event,
        )


@contextmanager
def _embedder(plan: BuildPlan, name: str, load: LoadEncoder) -> Iterator[Embedder]:
    precision = plan.precision
    if precision == "auto":
        precision = precision_of(name, plan.model, replace=plan.replace) or "auto"
    if plan.cluster is None:
        yield LocalEmbedder(load(plan.model, precision=precision, backend=plan.backend, revision=plan.model_revision))
        return
    address = plan.cluster or None
    with ray_cluster.on_ray(plan.model, precision=precision, backend=plan.backend, address=address) as embedder:
        yield embedder


def precision_of(name: str, model: str, *, replace: bool = False) -> str | None:
    """Return the precision of what there is of a corpus by a model: what is added should have it too.

    ``replace``: of the build that was begun to replace it.
    """
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        complete = read_manifest(name)
        begun = [manifest_of(store, name) for store in builds_of(name) if store.folder.name != complete.build]
        of_model = [each for each in (begun if replace else [complete]) if each.encoder.model == model_name(model)]
        return of_model[0].encoder.precision if of_model else None
    return None
