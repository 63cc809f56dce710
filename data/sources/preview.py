"""A look at a source before it is built: its columns, what they are taken for, and its first documents."""

import itertools
from dataclasses import dataclass, field, replace

from exemplar.data.documents import Document, Problem, Problems
from exemplar.data.errors import ExemplarError, TextColumnUnknown
from exemplar.data.sources.columns import Columns, guess_columns
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec

_N_DOCUMENTS = 5
_N_ROWS = 200  # that are read in search of them
_N_CHARACTERS = 2_000  # of each


@dataclass(frozen=True, slots=True)
class Preview:
    """What a look at a source has shown.

    Attributes
    ----------
    name
        The name of its corpus where none is given.
    columns
        Of the table; empty where it is none.
    chosen
        What the columns are taken for. All None where each of several tables goes by its own columns.
    documents
        The first few, as they will be read, with the beginnings of their texts.
    problems
        A line for each kind of what was odd so far.
    error
        Why it can't be built like this, a sentence; empty where it can.
    """

    name: str = ""
    columns: tuple[str, ...] = ()
    chosen: Columns = field(default_factory=Columns)
    documents: tuple[Document, ...] = ()
    problems: tuple[str, ...] = ()
    error: str = ""


def look_at(spec: SourceSpec) -> Preview:
    """Read the beginning of a source; an error becomes the preview's ``error``."""
    try:
        source = read_source(spec)
        columns = source.columns()
    except TextColumnUnknown as error:
        return Preview(columns=error.columns, chosen=guess_columns(error.columns), error=str(error))
    except (ExemplarError, OSError) as error:
        return Preview(error=str(error))
    found = Preview(source.name, columns, _chosen(source.spec.columns, columns))
    problems = Problems()
    documents: list[Document] = []
    try:
        for each in itertools.islice(source.read(), _N_ROWS):
            if isinstance(each, Problem):
                problems.add(each)
            else:
                documents.append(replace(each, text=each.text[:_N_CHARACTERS]))
            if len(documents) == _N_DOCUMENTS:
                break
    except (ExemplarError, OSError) as error:
        return replace(found, documents=tuple(documents), problems=tuple(problems.lines()), error=str(error))
    return replace(found, documents=tuple(documents), problems=tuple(problems.lines()))


def _chosen(chosen: Columns, columns: tuple[str, ...]) -> Columns:
    return Columns(
        *(name if name in columns else None for name in (chosen.text, chosen.title, chosen.label, chosen.id))
    )
