"""The usual names of columns for texts, titles, labels and ids."""

import re

# Usual names, the most telling first; upper case, blanks, hyphens and underscores do not count.
TEXT_COLUMNS = (
    *("text", "content", "review", "abstract", "abstract note", "abstract text", "document", "body", "body text"),
    *("full text", "description", "selftext", "message", "contents", "cooked", "abstract inverted index"),
    "indexed abstract",
    *("messages", "conversations", "conversation", "chat messages", "mapping", "data"),
)
TITLE_COLUMNS = ("title", "article title", "document title", "display name", "headline", "subject", "summary")
TAGS = "Tags"  # as Stack Exchange writes it
LABEL_COLUMNS = (
    *("label", "labels", "category", "class", "decision", "screening decision", "final decision", "asreview label"),
    *("asreview included", "label included", "final included", "included", "include"),
    TAGS,
)
ID_COLUMNS = (
    *("_id", "doc id", "id", "pmid", "eid", "covidence #", "paperid", "paper id", "corpusid", "corpus id", "record id"),
    "accession number",
)


def plain_name(name: str) -> str:
    """Return a name without upper case, and with single blanks for blanks, hyphens and underscores."""
    return " ".join(re.split(r"[\s_-]+", name.casefold())).strip()


_USUAL = frozenset(map(plain_name, (*TEXT_COLUMNS, *TITLE_COLUMNS, *LABEL_COLUMNS, *ID_COLUMNS)))


def is_usual(name: str) -> bool:
    """Return whether a column of this name has a role by its name."""
    return plain_name(name) in _USUAL
