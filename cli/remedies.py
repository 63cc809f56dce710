"""Add to an error what to do about it on the command line."""

from exemplar.data.errors import ExemplarError, Hint

_REMEDIES: dict[Hint, str] = {
    "replace": "--replace",
    "add": "--add, or --replace",
    "full": "leave --quick out",
    "leave_out": "--leave-out FILE builds it without that file, whose documents go",
    "text_column": "--text-column NAME",
    "label_column": "build it with --label-column",
    "without_see_also": "exemplar evaluate docs measures them without",
    "format": "--format NAME",
    "table": "--table NAME",
    "encoding": "--encoding NAME",
    "retrain": "--retrain",
    "model": "--model NAME",
}


def with_remedy(error: Exception) -> str:
    """Return the message of an error, followed by its remedy in brackets if the command line has one."""
    remedy = _REMEDIES.get(error.hint) if isinstance(error, ExemplarError) and error.hint else None
    return f"{error} ({remedy})" if remedy else str(error)
