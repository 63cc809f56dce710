"""What to do about an error, in the terms of the pages."""

from exemplar.data.errors import ExemplarError, Hint

_REMEDIES: dict[Hint, str] = {
    "label_column": "build it on the page Corpora with a Label column",
    "without_see_also": "build it without: on the page Corpora, choose Installed packages and Leave out See Also",
}


def worded(error: Exception) -> str:
    """Return an error's message, with its remedy in brackets if it has one here."""
    remedy = _REMEDIES.get(error.hint) if isinstance(error, ExemplarError) and error.hint else None
    return f"{error} ({remedy})" if remedy else str(error)
