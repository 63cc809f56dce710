"""Refuse to replace a corpus by one of another source or other settings, unless a person allows it."""

from collections.abc import Sequence
from typing import Any

from exemplar.data.building.uploads import uploaded_name
from exemplar.data.corpus.manifest import Manifest, read_manifest
from exemplar.data.errors import CorpusDamaged, CorpusNotFound, ExemplarError
from exemplar.data.sources.columns import OFF, Columns

# Options of a source that may differ when its corpus is built again: they change how many of its documents are read,
# and how, but not what they are.
_CHANGEABLE = ("language", "limit", "revision", "streaming")
# Settings that follow from the model and the machine.
_OF_ENCODERS = ("model_revision", "precision", "similarity", "max_tokens", "dim")


def check_same(planned: Manifest, guesses: Columns, left_out: Sequence[str] = ()) -> None:
    """Raise ExemplarError if the existing corpus has another source or other settings.

    The settings of encoders are compared if both make full vectors.

    Parameters
    ----------
    guesses
        The roles that the columns have by their names: such a column may be new, as earlier versions knew fewer names.
    left_out
        Added sources of the existing corpus that the new one need not have, by ``SourceSpec.source``.
    """
    try:
        existing = read_manifest(planned.name)
    except (CorpusNotFound, CorpusDamaged):
        return
    old, new = (manifest.source.to_json() | manifest.preparation for manifest in (existing, planned))
    are_full = existing.vectors == planned.vectors == "full"
    for key in new | old:
        before, after = old.get(key), new.get(key)
        # A column that is switched off is none, as one that does not exist.
        is_none = {before, after} == {None, OFF}
        is_guess = before is None and after == getattr(guesses, key.removesuffix("_column"), None)
        may_differ = key in _CHANGEABLE or (key in _OF_ENCODERS and not are_full)
        if before != after and not (may_differ or is_none or is_guess):
            is_source = key == "source"
            raise ExemplarError(
                f"there is a corpus '{planned.name}' already, built with {_in_words(key, before)}, not "
                f"{_in_words(key, after)}; choose another name, {'add it, ' if is_source else ''}or allow it to be "
                "replaced",
                hint="add" if is_source else "replace",
            )
    allowed = [*left_out, *(spec.source for spec in planned.sources)]
    if missing := [added.spec.source for added in existing.added if added.spec.source not in allowed]:
        raise ExemplarError(
            f"the corpus '{planned.name}' took {_in_words('source', missing[0])} too, which would be left out; choose "
            "another name, or allow it to be replaced",
            hint="replace",
        )


def _in_words(key: str, value: Any) -> str:
    if key == "source" and (name := uploaded_name(str(value))):
        return f"the uploaded file {name}"
    if key == "whole":
        return "one passage a document" if value else "as many passages as it takes"
    if key == "without_see_also":
        return "no See Also sections" if value else "See Also sections"
    if value is None:
        return f"no {key.replace('_', ' ')}"
    return f"the {key.replace('_', ' ')} {value!s:.500}"
