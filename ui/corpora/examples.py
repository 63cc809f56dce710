"""Find values that show what each column of a source holds."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.files.values import metadata_text
from exemplar.data.readers.nested_cells import cell_at
from exemplar.data.sources.columns import OFF
from exemplar.data.sources.read import read_source
from exemplar.data.sources.spec import SourceSpec
from exemplar.ui import html

N_EXAMPLES = 3

_MOST_ROWS, _MOST_CELLS = 200, 20_000  # read to get them
_LONGEST = 80  # characters of a value


def examples_of(spec: SourceSpec, columns: Sequence[str]) -> dict[str, list[str]]:
    """Return the first different values of each column as short plain text; fewer if the first rows have fewer.

    Parameters
    ----------
    spec
        Its own choice of columns does not matter.
    """
    examples: dict[str, list[str]] = {column: [] for column in columns}
    # Rows without a text are no documents, but come with their cells as well.
    any_column = replace(spec, text_column=columns[0], title_column=OFF, label_column=OFF, id_column=OFF)
    n_rows = max(N_EXAMPLES, min(_MOST_ROWS, _MOST_CELLS // len(columns)))
    try:
        for item in itertools.islice(read_source(any_column).read(), n_rows):
            for column in columns:
                _add(examples[column], cell_at(item.cells, column))
            if all(len(values) == N_EXAMPLES for values in examples.values()):
                break
    except (ExemplarError, OSError):  # the preview says why
        pass
    return examples


def _add(values: list[str], cell: Any) -> None:
    if len(values) == N_EXAMPLES or (value := metadata_text(cell)) is None:
        return
    short = html.shortened(html.excerpt(value, _LONGEST), 2 * _LONGEST)
    if short not in values:
        values.append(short)
