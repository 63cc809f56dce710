"""Add to an error what to do about it on the pages."""

from exemplar.data.errors import ExemplarError, Hint

_REMEDIES: dict[Hint, str] = {
    "add": "choose that corpus above, and then Add a file",
    "label_column": "build it on the page Corpora with a Label column",
    "without_see_also": "build it without: on the page Corpora, choose Installed packages and Leave out See Also",
    "format": "choose it under How it is read",
    "table": "choose it under How it is read",
    "encoding": "choose another under How it is read",
    "retrain": "begin a new session with it, which trains it on that corpus",
}


def with_remedy(error: Exception) -> str:
    """Return the message of an error, followed by its remedy in brackets if the pages have one."""
    remedy = _REMEDIES.get(error.hint) if isinstance(error, ExemplarError) and error.hint else None
    return f"{error} ({remedy})" if remedy else str(error)
