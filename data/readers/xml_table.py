"""XML whose records are known by its outermost element: feeds, and PubMed's records."""

import itertools
from collections.abc import Collection, Iterator
from typing import Any

from exemplar.data.bibliographies.fields import columns_of
from exemplar.data.bibliographies.pubmed_xml import pubmed_row
from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, check_names
from exemplar.data.files.xml_stream import local_name, records, root_name
from exemplar.data.readers.stack_exchange import stack_exchange_table

_N_FIRST = 1000  # records whose fields are the columns
_STACK_EXCHANGE = frozenset(
    {"posts", "comments", "users", "badges", "posthistory", "postlinks", "tags", "votes"}  # outermost elements
)
_FEEDS = frozenset({"rss", "feed", "RDF", "channel"})
_NAMES = {"encoded": "content", "guid": "id", "pubDate": "date", "creator": "author"}  # of RSS, as Atom calls them
_HTML = ("content", "description", "summary")
_KEPT = ("title", "content", "description", "summary", "link", "id", "date", "published", "updated", "author", "labels")


def xml_table(file: File) -> Table:
    """Return XML as a table: feeds in RSS and Atom, records of PubMed, dumps of Stack Exchange.

    Raises
    ------
    ExemplarError
        It is XML of another kind, or broken.
    """
    root = root_name(file)
    if root.lower() in _STACK_EXCHANGE:
        return stack_exchange_table(file)
    if root in _FEEDS:
        return _feed_table(file)
    if root.startswith("Pubmed"):
        columns = columns_of(_articles(file), "it has no element <PubmedArticle> with content")
        return Table(columns, lambda needed: _articles(file), html=())
    raise ExemplarError(
        f"XML of a kind that is not known: its outermost element is <{root[:50]}>; known are dumps of Stack Exchange, "
        "EndNote, PubMed, RSS and Atom"
    )


def _articles(file: File) -> Iterator[Row | Problem]:
    return records(file, ["PubmedArticle"], pubmed_row)


def _feed_table(file: File) -> Table:
    def rows(needed: Collection[str] = ()) -> Iterator[Row | Problem]:
        return records(file, ["item", "entry"], _feed_row)

    columns: dict[str, None] = {}
    for row in itertools.islice(rows(), _N_FIRST):
        columns |= {} if isinstance(row, Problem) else dict.fromkeys(row)
        check_names(len(columns), sum(map(len, columns)))
    if not columns:
        raise ExemplarError("a feed without items")
    ordered = (*(name for name in _KEPT if name in columns), *(name for name in columns if name not in _KEPT))
    return Table(ordered, rows, html=[name for name in _HTML if name in columns])


def _feed_row(element: Any) -> dict[str, Any]:
    """Return an item of a feed; ``content`` is the whole text, or the beginning if that is all it has."""
    found: dict[str, list[str]] = {}
    for child in element:
        name = _NAMES.get(local_name(child), local_name(child))
        if name == "category":
            name, text = "labels", child.get("term") or child.text or ""
        elif name == "link":
            text = child.get("href") or child.text or ""
        else:
            text = "".join(child.itertext())
        if text.strip():
            found.setdefault(name, []).append(text.strip())
    for beginning in ("description", "summary"):
        if "content" not in found and beginning in found:
            found["content"] = found.pop(beginning)
    return {name: texts if name == "labels" else "; ".join(texts) for name, texts in found.items()}
