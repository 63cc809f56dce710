"""Which documents to read: the one value for a source's choices, and the source that it leads to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.sources.columns import Columns

_FLAGS = ("streaming", "without_see_also")
_MOST_ROWS = 10**15


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source and the choices that lead to the same documents again.

    Attributes
    ----------
    source
        ``docs`` or ``docs:numpy,pandas`` for the documentation of installed packages; the path of a table
        (CSV, TSV, JSON Lines, JSON, Parquet), a text, a Markdown or PDF file, compressed by gzip or not; of a folder or
        zip of such files; the URL of such a file, or of a folder of them, in object storage (``s3://``, ``gs://``,
        ``hf://`` and what else fsspec reads); or a Hugging Face data set: a folder, or a name on the hub.
    config, split, revision, streaming
        For Hugging Face data sets. Without a split ``train`` is read; a split may be a slice (``train[:10%]``).
    text_column, title_column, label_column, id_column
        None takes a column by its usual name, ``none`` takes no column. A title comes before its text. Without an id
        the row's number is one.
    limit
        The number of rows to read at most, from the first.
    without_see_also
        For the documentation of packages: leave out its "See Also" sections.
    shown_as
        What messages call the source, if its path says nothing to the person; it is not saved.
    """

    source: str
    config: str | None = None
    split: str | None = None
    revision: str | None = None
    streaming: bool = False
    text_column: str | None = None
    title_column: str | None = None
    label_column: str | None = None
    id_column: str | None = None
    limit: int | None = None
    without_see_also: bool = False
    shown_as: str = field(default="", compare=False)

    @property
    def where(self) -> str:
        """What messages call the source."""
        return self.shown_as or self.source

    @property
    def columns(self) -> Columns:
        """The columns that are named."""
        return Columns(self.text_column, self.title_column, self.label_column, self.id_column)

    @property
    def is_docs(self) -> bool:
        """Whether the source is the documentation of installed packages."""
        return self.source == "docs" or self.source.startswith("docs:")

    @property
    def dataset_options(self) -> list[str]:
        """The choices made that only a Hugging Face data set can follow, by name."""
        return [name for name in ("config", "split", "revision") if getattr(self, name) is not None]

    def for_files(self) -> Self:
        """Return the spec without the choices that only a Hugging Face data set can follow."""
        return replace(self, config=None, split=None, revision=None, streaming=False)

    def choices(self) -> dict[str, str | int | bool]:
        """Return the choices that differ from the defaults, by name; without the source."""
        values = {name: getattr(self, name) for name in _saved_fields() if name != "source"}
        return {name: value for name, value in values.items() if value not in (None, False)}

    def to_json(self) -> dict[str, Any]:
        """Return the source and its choices as JSON."""
        return {"source": self.source, **self.choices()}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the spec in JSON, which anybody may have written.

        Raises
        ------
        ExemplarError
            It does not hold a spec.
        """
        names = set(_saved_fields())
        if not isinstance(content, Mapping) or not names >= content.keys() or "source" not in content:
            raise ExemplarError("it does not describe a source")
        spec = cls(**content)
        for name in names:
            if not _is_valid(name, getattr(spec, name)):
                raise ExemplarError(f"the {name.replace('_', ' ')} of a source can't be {getattr(spec, name)!r:.100}")
        return spec


@dataclass(frozen=True, slots=True)
class Source:
    """Documents to read, and the spec that leads to the same ones again.

    Attributes
    ----------
    name
        The name of its corpus, unless another is chosen.
    spec
        The choices with all that reading depends on: paths absolute, the columns of a table by their names.
    read
        Reads anew at each call; memory does not grow with the number of documents.
    columns
        Returns the columns of the table; of several tables, those of the first readable one; of no table, none.
    """

    name: str
    spec: SourceSpec
    read: Callable[[], Iterator[Document | Problem]]
    columns: Callable[[], tuple[str, ...]] = tuple


def _saved_fields() -> list[str]:
    return [field.name for field in fields(SourceSpec) if field.compare]


def _is_valid(name: str, value: Any) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    if name == "limit":
        return value is None or (type(value) is int and 0 <= value <= _MOST_ROWS)
    return isinstance(value, str) or (value is None and name != "source")  # a path need not be Unicode
