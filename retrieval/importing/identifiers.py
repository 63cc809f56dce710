"""DOIs and PubMed ids: what a cell holds of them, and which documents of a corpus have them."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal
from urllib.parse import unquote

from exemplar.data.corpus.store import DocumentStore
from exemplar.data.files.usual_names import plain_name

Kind = Literal["doi", "pmid"]
KINDS: tuple[Kind, ...] = ("doi", "pmid")
TITLES: dict[Kind, str] = {"doi": "DOI", "pmid": "PubMed id"}

# Usual names of columns, the most telling first; Web of Science calls them DI and PM.
NAMES: dict[Kind, tuple[str, ...]] = {
    "doi": ("doi", "article doi", "doi link", "doi url", "prism:doi", "di"),
    "pmid": ("pmid", "pubmed id", "pubmedid", "pubmed", "pm"),
}

_SAMPLED = 100  # documents whose columns are looked at
_LONGEST = 2000  # characters of a cell
_DOI = re.compile(r"10\.\d{1,9}(?:\.\d{1,9}){0,4}/\S+")
_PMID = re.compile(r"(?:pmid\s*:?\s*|https?://\S{0,40}/)?(\d{1,9})(?:[.,]0)?/?")


def identifier(kind: Kind, cell: str | None) -> str:
    """Return the DOI or the PubMed id in a cell in its plain form, without case, prefix or address; empty if none."""
    text = (cell or "")[:_LONGEST].strip().casefold()
    if kind == "pmid":
        match = _PMID.fullmatch(text)
        return match[1].lstrip("0") if match else ""
    found = _DOI.search(unquote(text) if "%2f" in text else text)
    return found[0].rstrip(".,;]") if found else ""


def identifier_column(kind: Kind, names: Iterable[str]) -> str | None:
    """Return the column with identifiers of a kind by its usual name, the most telling one; None without one."""
    plain = {plain_name(name.rpartition(".")[2]): name for name in reversed(list(names))}
    return next((plain[name] for name in NAMES[kind] if name in plain), None)


def rows_by_identifier(kind: Kind, wanted: Collection[str], corpus: DocumentStore) -> dict[str, list[int]]:
    """Return the rows of the documents that have some identifiers, by identifier."""
    rows: dict[str, list[int]] = {}
    if wanted:
        for row, found in _identifiers(kind, corpus):
            if found in wanted:
                rows.setdefault(found, []).append(row)
    return rows


def _identifiers(kind: Kind, corpus: DocumentStore) -> Iterator[tuple[int, str]]:
    """Yield row and identifier of the documents of a corpus."""
    own = corpus.manifest.source.columns.chosen().id
    if own is not None and identifier_column(kind, [own]):
        doc_ids = corpus.doc_ids(range(corpus.n_documents))
        yield from ((row, identifier(kind, doc_id)) for row, doc_id in enumerate(doc_ids))
        return
    first = corpus.documents_at(range(min(_SAMPLED, corpus.n_documents)))
    column = identifier_column(kind, dict.fromkeys(name for document in first for name in document.metadata))
    if column is not None:
        for row, values in corpus.values_in(column):
            yield row, identifier(kind, values[0])
