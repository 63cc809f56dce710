"""Text files whose lines are documents."""

from collections.abc import Collection, Iterator

from exemplar.data.documents import Problem
from exemplar.data.files.encodings import decoded_lines, numbered_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row


def lines_table(file: File) -> Table:
    """Return a text file as a table of one column, ``text``, and a row for each line that is not blank."""

    def rows(needed: Collection[str]) -> Iterator[Row | Problem]:
        with file.open() as opened:
            for each in numbered_lines(decoded_lines(opened, file.name, file.options.encoding)):
                if isinstance(each, Problem):
                    yield each
                elif text := each[1].strip():
                    yield placed_row({"text": text}, each[0])

    return Table(("text",), rows)
