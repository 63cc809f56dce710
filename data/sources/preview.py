"""A preview of a source before the build: its columns, their roles, and its first documents."""

import itertools
from dataclasses import dataclass, field, replace

from exemplar.data.documents import Document, Problem, Problems
from exemplar.data.errors import ExemplarError, Hint, TableUnknown, TextColumnUnknown
from exemplar.data.files.letters import wrong_letters
from exemplar.data.sources.columns import Columns, guess_columns
from exemplar.data.sources.read import format_name, read_source
from exemplar.data.sources.spec import SourceSpec

_N_DOCUMENTS = 5
_N_ROWS = 200  # read to get these documents
_MOST_SUSPICIOUS = 3  # places that are shown
_N_CHARACTERS = 2_000  # of each document


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a source.

    Attributes
    ----------
    name
        The default name of its corpus.
    columns
        The columns of the table; empty if the source is not a table.
    chosen
        The roles of the columns. All None if the source has several tables, whose columns may differ.
    documents
        The first documents, with the beginnings of their texts.
    problems
        One line per kind of problem so far.
    format
        The name of the format of the source's file; empty if it has several files, or none.
    tables
        The sheets, tables or lists of the file, of which one can be chosen; empty where there is no choice.
    notes
        How the file was read, where its name does not say it, such as its delimiter; one sentence each, without a
        capital letter and a full stop.
    suspicious
        Places of the documents whose letters look wrong, with a few characters around them: the encoding may be
        another one.
    error
        Why a build would fail, as a sentence; empty if nothing failed so far.
    hint
        That of the error.
    """

    name: str = ""
    columns: tuple[str, ...] = ()
    chosen: Columns = field(default_factory=Columns)
    documents: tuple[Document, ...] = ()
    problems: tuple[str, ...] = ()
    format: str = ""
    tables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    error: str = ""
    hint: Hint | None = None


def look_at(spec: SourceSpec) -> Preview:
    """Read the beginning of a source; an error becomes the preview's ``error``."""
    return replace(_look_at(spec), format=format_name(spec))


def _look_at(spec: SourceSpec) -> Preview:
    try:
        source = read_source(spec)
        columns = source.columns()
    except TextColumnUnknown as error:
        chosen = replace(guess_columns(error.columns), text=None)
        return Preview(columns=error.columns, chosen=chosen, tables=error.tables, error=str(error))
    except (ExemplarError, OSError) as error:
        tables = error.tables if isinstance(error, TableUnknown) else ()
        return Preview(tables=tables, error=str(error), hint=_hint(error))
    preview = Preview(
        source.name, columns, _chosen(source.spec.columns, columns), tables=source.tables, notes=source.notes
    )
    problems = Problems()
    documents: list[Document] = []
    try:
        for item in itertools.islice(source.read(), _N_ROWS):
            if isinstance(item, Problem):
                problems.add(item)
            else:
                documents.append(replace(item, text=item.text[:_N_CHARACTERS]))
            if len(documents) == _N_DOCUMENTS:
                break
    except (ExemplarError, OSError) as error:
        preview = replace(preview, error=str(error), hint=_hint(error))
    return replace(
        preview, documents=tuple(documents), problems=tuple(problems.lines()), suspicious=_suspicious(documents)
    )


def _suspicious(documents: list[Document]) -> tuple[str, ...]:
    texts = (text for document in documents for text in (document.title or "", document.text))
    return tuple(itertools.islice(itertools.chain.from_iterable(map(wrong_letters, texts)), _MOST_SUSPICIOUS))


def _hint(error: Exception) -> Hint | None:
    return error.hint if isinstance(error, ExemplarError) else None


def _chosen(chosen: Columns, columns: tuple[str, ...]) -> Columns:
    return Columns(
        *(name if name in columns else None for name in (chosen.text, chosen.title, chosen.label, chosen.id))
    )
