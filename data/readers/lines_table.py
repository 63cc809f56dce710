"""Text files whose lines are documents."""

from collections.abc import Collection, Iterator

from exemplar.data.documents import Problem
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row


def lines_table(file: File) -> Table:
    """Return a text file as a table of one column, ``text``, and a row for each line that is not blank."""

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        number = 0
        with file.open() as opened:
            for line in decoded_lines(opened, file.name, file.options.encoding):
                if isinstance(line, Problem):
                    yield line
                    continue
                number += 1
                if line.strip():
                    yield placed_row({"text": line.strip()}, number)

    return Table(("text",), rows)
