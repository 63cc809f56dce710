"""Tables that well-known programs and databases export, recognised by their header, and the roles of their columns."""

from collections.abc import Collection
from typing import NamedTuple

NO_ABSTRACT = frozenset({"[no abstract available]", "no abstract available", "no abstract available."})


class Export(NamedTuple):
    """A table of records of papers.

    Attributes
    ----------
    header
        Names of columns by which it is recognised, in lower case, with blanks for hyphens and underscores.
    text, title, ids
        The columns of abstracts, titles and ids, the first that it has; a table without abstracts has titles alone.
    """

    header: frozenset[str]
    text: str = "abstract"
    title: str = "title"
    ids: tuple[str, ...] = ()


EXPORTS = (
    Export(frozenset({"pt", "au", "ti", "so"}), "ab", "ti", ("ut",)),  # Web of Science, delimited by tabs
    Export(
        frozenset({"publication type", "article title", "source title"}),  # Web of Science, as a workbook
        title="article title",
        ids=("ut (unique wos id)", "ut (unique id)"),
    ),
    Export(frozenset({"title", "source title", "eid"}), ids=("eid",)),  # Scopus
    Export(frozenset({"key", "item type", "title"}), "abstract note", ids=("key",)),  # Zotero
    Export(frozenset({"covidence #", "title"}), ids=("covidence #",)),
    Export(frozenset({"key", "title", "authors", "abstract", "notes"}), ids=("key",)),  # Rayyan
    Export(frozenset({"pmid", "title", "journal/book"}), ids=("pmid",)),  # PubMed, which exports no abstracts
    Export(frozenset({"cochrane review id", "title"}), ids=("cochrane review id",)),
    Export(frozenset({"article title", "journal title", "plink"}), title="article title", ids=("accession number",)),
    Export(frozenset({"document title", "publication title", "ieee terms"}), title="document title"),  # IEEE Xplore
    Export(frozenset({"title", "storeid"}), ids=("storeid",)),  # ProQuest
    Export(frozenset({"lens id", "title"}), ids=("lens id",)),
    Export(
        frozenset({"publication id", "title", "source title/anthology title"}), ids=("publication id",)
    ),  # Dimensions
)


def export_with(names: Collection[str]) -> Export | None:
    """Return the export whose header has plain names of columns; None if it is no known one."""
    return next((export for export in EXPORTS if export.header <= {*names}), None)
