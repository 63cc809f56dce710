"""SourceSpec names a source and all choices about it; Source is the opened source."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from exemplar.data.documents import Document, Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.options import DEFAULTS, ReadOptions
from exemplar.data.sources.columns import Columns
from exemplar.data.words.languages import NO_LANGUAGE, is_language

_FLAGS = ("streaming", "without_see_also")
_MOST_ROWS = 10**15


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """The name of a source and the choices that lead to the same documents again.

    Attributes
    ----------
    source
        One of: ``docs`` or ``docs:numpy,pandas`` for the documentation of installed packages; the path of a file of any
        format in ``readers.formats``, also packed; the path of a folder, zip or tar of such files; the URL of such a
        file or folder in object storage (``s3://``, ``gs://``, ``hf://`` or another protocol of fsspec); a Hugging Face
        data set as a folder or as a name on the hub.
    config, split, revision, streaming
        For Hugging Face data sets. The default split is ``train``; a split may be a slice (``train[:10%]``).
    text_column, title_column, label_column, id_column
        None takes a column by its usual name, ``none`` takes no column. The title goes before the text. Without a
        column of ids, the number of a row is its id.
    limit
        The maximum number of rows, from the first.
    without_see_also
        For the documentation of packages: leave out its "See Also" sections.
    language
        The language of the texts, by which their words are indexed: an ISO 639-1 code; ``none`` for no language. None
        recognises it, or keeps the earlier choice when a corpus is built again, which ``auto`` forgets.
    options
        The choices about the format of files.
    shown_as
        What messages call the source, if its path means nothing to the person; it is not saved.
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
    language: str | None = None
    options: ReadOptions = DEFAULTS
    shown_as: str = field(default="", compare=False)

    @property
    def where(self) -> str:
        """What messages call the source."""
        return self.shown_as or self.source

    @property
    def columns(self) -> Columns:
        """The requested columns."""
        return Columns(self.text_column, self.title_column, self.label_column, self.id_column)

    @property
    def is_docs(self) -> bool:
        """Whether the source is the documentation of installed packages."""
        return self.source == "docs" or self.source.startswith("docs:")

    @property
    def dataset_options(self) -> list[str]:
        """The names of the choices that only a Hugging Face data set supports."""
        return [name for name in ("config", "split", "revision") if getattr(self, name) is not None]

    def for_files(self) -> Self:
        """Return the spec without the choices that only a Hugging Face data set supports."""
        return replace(self, config=None, split=None, revision=None, streaming=False)

    def with_options(self, **options: Any) -> Self:
        """Return the spec with other choices about the format of files."""
        return replace(self, options=replace(self.options, **options))

    def for_texts(self) -> "SourceSpec":
        """Return the spec with only the choices that files without columns support."""
        return SourceSpec(
            self.source, limit=self.limit, language=self.language, options=self.options, shown_as=self.shown_as
        )

    def choices(self) -> dict[str, str | int | bool]:
        """Return the choices that differ from the defaults, by name, without the source."""
        values = {name: getattr(self, name) for name in _saved_fields() if name != "source"}
        values |= asdict(self.options)
        return {name: value for name, value in values.items() if value not in (None, False, 0)}

    def to_json(self) -> dict[str, Any]:
        """Return the source and its choices as JSON."""
        return {"source": self.source, **self.choices()}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the spec in JSON from an untrusted file.

        Raises
        ------
        ExemplarError
            The JSON is not a spec.
        """
        names, of_files = {*_saved_fields()}, {*ReadOptions.names()}
        if not isinstance(content, Mapping) or not names | of_files >= content.keys() or "source" not in content:
            raise ExemplarError("it does not describe a source")
        for name, value in content.items():
            if not (ReadOptions.is_valid(name, value) if name in of_files else _is_valid(name, value)):
                raise ExemplarError(f"the {name.replace('_', ' ')} of a source can't be {value!r:.100}")
        options = ReadOptions(**{name: value for name, value in content.items() if name in of_files})
        return cls(**{name: value for name, value in content.items() if name in names}, options=options)


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source, and the spec that leads to the same documents again.

    Attributes
    ----------
    name
        The default name of its corpus.
    spec
        The choices, with an absolute path and the names of the chosen columns.
    read
        Reads the documents again at every call. Except for JSON, memory does not grow with their number.
    columns
        Returns the columns of the table, or of the first readable table of several; nothing if no file is a table.
    roles
        Returns the roles of columns in the first tables of several, by file.
    tables
        The tables, sheets or lists of its file, if it has several of which one can be chosen.
    notes
        How its file was read, where the name does not say it, such as its delimiter.
    added
        The sources that a corpus took later; its documents are those of all, in order.
    """

    name: str
    spec: SourceSpec
    read: Callable[[], Iterator[Document | Problem]]
    columns: Callable[[], tuple[str, ...]] = tuple
    roles: Callable[[], Mapping[str, Columns]] = dict
    tables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    added: tuple["Source", ...] = ()


@dataclass(frozen=True, slots=True)
class AddedSource:
    """A source that a corpus took later.

    Attributes
    ----------
    at
        When it was added: an ISO 8601 time in UTC.
    n_documents
        Number of documents that it gave.
    """

    spec: SourceSpec
    at: str
    n_documents: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"source": self.spec.to_json(), "at": self.at, "n_documents": self.n_documents}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return it from JSON of an untrusted file; ExemplarError if it is not an added source."""
        if not isinstance(content, Mapping) or content.keys() != {"source", "at", "n_documents"}:
            raise ExemplarError("it does not describe an added source")
        at, n_documents = content["at"], content["n_documents"]
        if not isinstance(at, str) or type(n_documents) is not int or not 0 <= n_documents <= _MOST_ROWS:
            raise ExemplarError(f"a source can't be added at {at!r:.100} with {n_documents!r:.100} documents")
        return cls(SourceSpec.from_json(content["source"]), at, n_documents)


def _saved_fields() -> list[str]:
    return [field.name for field in fields(SourceSpec) if field.compare and field.name != "options"]


def _is_valid(name: str, value: Any) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    if name == "limit":
        return value is None or (type(value) is int and 0 <= value <= _MOST_ROWS)
    if name == "language":
        return value in (None, NO_LANGUAGE) or (isinstance(value, str) and value != "" and is_language(value))
    return isinstance(value, str) or (value is None and name != "source")  # a path may hold bytes that are not Unicode
