"""Runs the plan of a build, for the terminal and the page: opens the source, loads the model and embeds."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from exemplar.data.building import ray_cluster
from exemplar.data.building.adding import with_added
from exemplar.data.building.build import LoadQuick, build_corpus, finish_corpus
from exemplar.data.building.embed import Embedder, LateEmbedder
from exemplar.data.building.plan import BuildPlan
from exemplar.data.building.progress import BuildEvent, EncoderLoaded, SourceOpened, StageBegun
from exemplar.data.corpus.corpus import Corpus
from exemplar.data.corpus.manifest import build_manifests, read_manifest
from exemplar.data.encoders.base import Encoder, LoadEncoder
from exemplar.data.encoders.model_files import model_name
from exemplar.data.encoders.quick import quick_encoder
from exemplar.data.encoders.sentence_transformer import load_encoder
from exemplar.data.errors import CorpusDamaged, CorpusNotFound
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import Source


def run_build(
    plan: BuildPlan,
    on_event: Callable[[BuildEvent], None],
    *,
    source: Source | None = None,
    load: LoadEncoder | None = None,
) -> Corpus:
    """Build a corpus, resume an interrupted build, or update an existing corpus.

    Parameters
    ----------
    on_event
        Called with every stage, problem and progress; an error that it raises ends the build, which can be resumed.
    source
        The source of the plan, if it is already open.
    load
        Loads the encoder that embeds in this process; None for ``load_encoder``.

    Raises
    ------
    ExemplarError, OSError
        See ``read_source``, ``load_encoder``, ``on_ray`` and ``build_corpus``.
    """
    if source is None:
        on_event(StageBegun("source"))
        source = read_source(plan.source)
    source = with_added(source, plan)
    if source.notes:
        on_event(SourceOpened(source.notes))
    name = plan.name or source.name
    with _embedder(plan, name, load or load_encoder, on_event) as embedder:
        return build_corpus(
            source,
            embedder,
            name=name,
            whole=plan.whole,
            replace=plan.replace,
            left_out=plan.left_out,
            strict=plan.strict,
            quick=_quick(plan, on_event),
            until=plan.until,
            on_event=on_event,
        )


def run_finish(plan: BuildPlan, on_event: Callable[[BuildEvent], None], *, load: LoadEncoder | None = None) -> Corpus:
    """Give the documents of an existing corpus their full vectors, without reading its source.

    Parameters and errors are those of ``run_build``.
    """
    name = plan.name or ""
    with _embedder(plan, name, load or load_encoder, on_event) as embedder:
        return finish_corpus(name, embedder, quick=_quick(plan, on_event), on_event=on_event)


def _quick(plan: BuildPlan, on_event: Callable[[BuildEvent], None]) -> LoadQuick:
    """Return what loads the quick encoder of a plan's model."""
    return lambda: quick_encoder(plan.model, plan.model_revision, lambda: on_event(StageBegun("distillation")))


@contextmanager
def _embedder(
    plan: BuildPlan, name: str, load: LoadEncoder, on_event: Callable[[BuildEvent], None]
) -> Iterator[Embedder]:
    """Yield the embedder of a plan; a cluster is left at the end."""
    precision = plan.precision
    if precision == "auto":
        precision = precision_of(name, plan.model, replace=plan.replace) or "auto"
    if plan.cluster is None:

        def load_now() -> Encoder:
            on_event(StageBegun("model"))
            encoder = load(plan.model, precision=precision, backend=plan.backend, revision=plan.model_revision)
            on_event(EncoderLoaded(encoder.info))
            return encoder

        yield LateEmbedder(model_name(plan.model), load_now)
        return
    on_event(StageBegun("model"))
    address = plan.cluster or None
    with ray_cluster.on_ray(plan.model, precision=precision, backend=plan.backend, address=address) as embedder:
        on_event(EncoderLoaded(embedder.info))
        yield embedder


def precision_of(name: str, model: str, *, replace: bool = False) -> str | None:
    """Return the precision of the existing corpus by a model, which added documents should have too.

    Parameters
    ----------
    replace
        Return the precision of the unfinished build that is to replace the corpus.

    Returns
    -------
    str or None
        None if no such corpus or build exists.
    """
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        existing = read_manifest(name)
        # An unfinished corpus may be told of by the very build that goes on.
        others = build_manifests(name, other_than=existing.build if existing.vectors == "full" else "")
        manifests = others if replace else [existing, *others]
        encoders = (manifest.encoder for manifest in manifests if manifest.vectors == "full")
        return next((encoder.precision for encoder in encoders if encoder.model == model_name(model)), None)
    return None
