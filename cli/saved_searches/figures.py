"""Print what a saved search can tell of its own marks."""

from typing import TYPE_CHECKING

from rich.table import Table

from exemplar.cli.terminal import errors, output, plain, say

if TYPE_CHECKING:
    from exemplar.retrieval.saved_search.saved import SavedSearch


def print_figures(saved: "SavedSearch") -> None:
    """Print the cross-validated figures of a saved search, and what they do not say."""
    from exemplar.retrieval.saved_search.in_words import (
        RANDOM_CHECK,
        figures_table,
        figures_title,
        suggestion,
        why_no_figures,
    )

    if saved.among_marks is None:
        say(why_no_figures(saved))
        return
    say(figures_title(saved.among_marks))
    rows = figures_table(saved.among_marks)
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*map(plain, row.values()))
    output.print(table)
    say(suggestion(saved.among_marks))
    errors.print(plain(f"{RANDOM_CHECK} Then: exemplar left SESSION"), style="dim")
