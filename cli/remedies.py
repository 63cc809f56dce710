"""What to do about an error, in the terms of the command line."""

from exemplar.data.errors import ExemplarError, Hint

_REMEDIES: dict[Hint, str] = {
    "replace": "--replace",
    "label_column": "build it with --label-column",
    "without_see_also": "exemplar evaluate docs measures them without",
}


def worded(error: Exception) -> str:
    """Return an error's message, with its remedy in brackets if it has one here."""
    remedy = _REMEDIES.get(error.hint) if isinstance(error, ExemplarError) and error.hint else None
    return f"{error} ({remedy})" if remedy else str(error)
