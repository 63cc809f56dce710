"""Let a corpus take a further source: with the columns of its first one, and with all of its sources read again."""

import contextlib
import os
from collections.abc import Collection, Sequence
from dataclasses import replace

from exemplar.data.building.joining import source_name
from exemplar.data.building.plan import BuildPlan, plan_of
from exemplar.data.corpus.manifest import Manifest, read_begun, read_manifest
from exemplar.data.errors import AddedSourceUnreadable, CorpusDamaged, CorpusNotFound, ExemplarError, TextColumnUnknown
from exemplar.data.sources.columns import OFF
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import Source, SourceSpec
from exemplar.data.text import listed

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
    is_new = opened.source not in [each.source for each in manifest.sources]
    if opened.source == manifest.source.source and _differ(spec, manifest.source):
        raise ExemplarError(
            f"the corpus '{name}' was built from {spec.source}; to read that in another way, build it again, not add it"
        )
    added = _taken(name, manifest.source)
    if is_new or (opened.source in added and spec.choices()):
        added[opened.source] = opened
    return replace(plan, added=tuple(added.values())), is_new


def plan_without(plan: BuildPlan, name: str, files: Sequence[str]) -> BuildPlan:
    """Return a plan for the corpus of a name without some of the sources that it took later.

    Parameters
    ----------
    files
        Paths, or names without a folder; the files may be gone.

    Raises
    ------
    ExemplarError
        The corpus took no such file, or several.
    """
    taken = _taken(name, plan.source)
    return replace(plan, left_out=tuple(_named(file, taken, name) for file in files))


def _named(file: str, sources: Collection[str], name: str) -> str:
    """Return the one of some sources that a path means, or the name of its file."""
    paths = (file, os.path.abspath(os.path.expanduser(file)), os.path.realpath(os.path.expanduser(file)))
    for named in ([each for each in sources if each in paths], [each for each in sources if file == source_name(each)]):
        if len(named) == 1:
            return named[0]
    raise ExemplarError(
        f"the corpus '{name}' can't leave out '{file:.500}': "
        + (f"it added {listed(sources)}" if sources else "it added no file")
    )


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
    AddedSourceUnreadable
        An added source does not exist or can't be read.
    """
    name = plan.name or source.name
    specs = plan.added
    if specs is None:
        specs = () if plan.replace else tuple(_taken(name, source.spec).values())
    added = tuple(_opened(spec, name) for spec in specs if spec.source not in plan.left_out)
    notes = (f"{source_name(each.spec.source)}: {note}" for each in added for note in each.notes)
    return replace(source, added=added, notes=(*source.notes, *notes))


def _opened(spec: SourceSpec, name: str) -> Source:
    try:
        return read_source(spec)
    except ExemplarError as error:
        message = f"{error}; the corpus '{name}' reads all of its files again"
        raise AddedSourceUnreadable(message, spec.source, hint=error.hint or "leave_out") from error


def _taken(name: str, first: SourceSpec) -> dict[str, SourceSpec]:
    """Return by source what a corpus took beside its first one, or was about to take when a build was interrupted."""
    manifests = (each for each in (_committed(name), read_begun(name)) if each and each.source.source == first.source)
    return {spec.source: spec for each in manifests for spec in each.sources[1:]}


def _committed(name: str) -> Manifest | None:
    with contextlib.suppress(CorpusNotFound, CorpusDamaged):
        return read_manifest(name)
    return None
