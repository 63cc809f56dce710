"""Let a corpus take a further source: with the columns of its first one, and with all of its sources read again."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from exemplar.data.building.joining import source_name
from exemplar.data.building.plan import BuildPlan, plan_of
from exemplar.data.corpus.manifest import Manifest, read_begun, read_manifest
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError, TextColumnUnknown
from exemplar.data.sources.columns import OFF
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import Source, SourceSpec

_ROLES = ("text_column", "title_column", "label_column", "id_column")


def plan_with(name: str, spec: SourceSpec) -> tuple[BuildPlan, bool]:
    """Return the plan by which a corpus takes a further source, and whether the source is new to it.

    A source that the corpus has is read again with all others, by the choices of ``spec`` if it makes any.

    Raises
    ------
    CorpusNotFound
        No corpus has this name.
    CorpusDamaged
        The manifest can't be read.
    ExemplarError
        The source does not exist or can't be read, or no column holds its text; or it is the corpus's first one, which
        ``spec`` reads in another way.
    """
    manifest = read_manifest(name)
    plan = plan_of(name)
    if plan is None:
        raise CorpusDamaged(f"no readable file says how the corpus '{name}' was built; build it again from its source")
    opened = read_source(with_columns_of(spec, _columns_at(spec), manifest.source)).spec
    added = {each.spec.source: each.spec for each in manifest.added}
    is_new = opened.source not in (manifest.source.source, *added)
    if opened.source == manifest.source.source and _differ(spec, manifest.source):
        raise ExemplarError(
            f"the corpus '{name}' was built from {spec.source}; to read that in another way, build it again, not add it"
        )
    if is_new or (opened.source in added and spec.choices()):
        added[opened.source] = opened
    return replace(plan, added=tuple(added.values())), is_new


def _differ(spec: SourceSpec, first: SourceSpec) -> bool:
    """Return whether a spec makes choices that are not those of the first source; a column that is off is none."""
    of_first = first.choices()
    return any(of_first.get(key, OFF) != choice for key, choice in spec.choices().items())


def with_columns_of(spec: SourceSpec, columns: Sequence[str], first: SourceSpec) -> SourceSpec:
    """Return a spec with the roles that columns have in the first source of a corpus, where it chooses no others.

    Parameters
    ----------
    columns
        Of the source of the spec; without any, the spec is unchanged.
    """
    kept = (OFF, *columns)
    roles = {role: getattr(first, role) for role in _ROLES if columns and getattr(first, role) in kept}
    own = {role: getattr(spec, role) for role in _ROLES if getattr(spec, role) is not None}
    return replace(spec, **(roles | own))


def _columns_at(spec: SourceSpec) -> tuple[str, ...]:
    try:
        return read_source(spec).columns()
    except TextColumnUnknown as error:
        return error.columns


def with_added(source: Source, plan: BuildPlan) -> Source:
    """Return a source with the sources that are added to it: those of the plan, else those that its corpus took.

    Raises
    ------
    ExemplarError
        An added source does not exist or can't be read.
    """
    name = plan.name or source.name
    specs = _taken(name, source.spec, plan) if plan.added is None else plan.added
    added = tuple(_opened(spec, name) for spec in specs)
    notes = (f"{source_name(each.spec.source)}: {note}" for each in added for note in each.notes)
    return replace(source, added=added, notes=(*source.notes, *notes))


def _opened(spec: SourceSpec, name: str) -> Source:
    try:
        return read_source(spec)
    except ExemplarError as error:
        raise ExemplarError(f"{error}; the corpus '{name}' reads all of its files again", hint=error.hint) from error


def _taken(name: str, source: SourceSpec, plan: BuildPlan) -> tuple[SourceSpec, ...]:
    """Return what the corpus of a name took beside a source, or was about to take when its build was interrupted."""
    manifests = () if plan.replace else (read_begun(name), _committed(name))
    of_source = (each for each in manifests if each is not None and each.source.source == source.source)
    return next((each.sources[1:] for each in of_source), ())


def _committed(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    return None
