"""Elements of an XML file, one at a time; what was read is not kept."""

from collections.abc import Iterator
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.text import one_line


def elements(file: File, name: str) -> Iterator[Any]:
    """Yield the elements of a name, with what they hold.

    Raises
    ------
    ExemplarError
        It is no XML, or declares a document type, which might define entities.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    number = n_open = 0
    parents: list[Any] = []
    with file.open() as opened:
        try:
            for event, found in iterparse(opened, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    parents.append(found)
                    n_open += found.tag == name
                    continue
                parents.pop()
                if found.tag == name:
                    yield found
                    number += 1
                    n_open -= 1
                if parents and not n_open:
                    parents[-1].remove(found)
        except DefusedXmlException as error:
            raise ExemplarError("it declares a document type, which no such file needs") from error
        except (SyntaxError, LookupError, ValueError) as error:  # of the parser, or about an encoding
            raise ExemplarError(f"broken XML after {number:,} records: {one_line(error)}") from error
