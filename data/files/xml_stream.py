"""Elements of an XML file, one at a time; what was read is not kept."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File
from exemplar.data.files.table import Row
from exemplar.data.text import one_line

_MOST_BYTES = 2**27  # of one element, and of what stands between two of them
_MOST_DEEP = 1000  # levels


class BrokenXml(ExemplarError):
    """XML breaks off; ``n_records`` were read before."""

    def __init__(self, message: str, n_records: int) -> None:
        super().__init__(message)
        self.n_records = n_records


def elements(file: File, *names: str) -> Iterator[Any]:
    """Yield the elements of the given names, with what they hold; namespaces do not count.

    An element within one that is yielded is part of it alone.

    Raises
    ------
    ExemplarError
        It is no XML, it defines entities, it is nested too deeply, or an element is too large.
    """
    from defusedxml import DefusedXmlException

    number, open_records = 0, 0
    parents: list[Any] = []
    with file.open() as opened:
        counted = _Counted(opened)
        try:
            for event, found in _parsed(counted, file, "start", "end"):
                is_record = local_name(found) in names
                if event == "start":
                    parents.append(found)
                    open_records += is_record
                    if len(parents) > _MOST_DEEP:
                        raise ExemplarError(f"XML of more than {_MOST_DEEP:,} levels")
                    continue
                parents.pop()
                open_records -= is_record
                if open_records:
                    continue
                if is_record:
                    yield found
                    number += 1
                counted.start_again()
                if parents:
                    parents[-1].remove(found)
                    parents[-1].text = None
        except DefusedXmlException as error:
            raise ExemplarError("XML that defines entities, which no such file needs") from error
        except ExemplarError:
            raise
        except (SyntaxError, ValueError, LookupError) as error:  # of the parser; an encoding that Python lacks
            raise BrokenXml(f"broken XML after {number:,} records: {one_line(error)}", number) from error


def records(file: File, names: Sequence[str], row: Callable[[Any], Row]) -> Iterator[Row | Problem]:
    """Yield a row for each element of the given names; a problem at the end if the XML is broken behind the first.

    Raises
    ------
    ExemplarError
        As for ``elements``.
    """
    try:
        yield from map(row, elements(file, *names))
    except BrokenXml as error:
        if not error.n_records:
            raise
        yield Problem(file.at("the end"), f"{error}; what follows was left out", file=file.name)


def root_name(file: File) -> str:
    """Return the name of the outermost element, without its namespace.

    Raises
    ------
    ExemplarError
        As for ``elements``.
    """
    from defusedxml import DefusedXmlException

    with file.open() as opened:
        try:
            return next((local_name(found) for _, found in _parsed(_Counted(opened), file, "start")), "")
        except DefusedXmlException as error:
            raise ExemplarError("XML that defines entities, which no such file needs") from error
        except ExemplarError:
            raise
        except (SyntaxError, ValueError, LookupError) as error:
            raise ExemplarError(f"broken XML: {one_line(error)}") from error


def _parsed(opened: "_Counted", file: File, *events: str) -> Iterator[tuple[str, Any]]:
    from xml.etree.ElementTree import TreeBuilder

    from defusedxml.ElementTree import DefusedXMLParser, iterparse

    parser = DefusedXMLParser(target=TreeBuilder(), encoding=file.options.encoding)
    parsed: Iterator[tuple[str, Any]] = iterparse(opened, events=events, parser=parser)
    return parsed


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


class _Counted:
    """An open file that counts what was read of it, up to the most that an element may have."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self._n_bytes = 0

    def read(self, n_bytes: int = -1) -> bytes:
        content = self._opened.read(n_bytes)
        self._n_bytes += len(content)
        if self._n_bytes > _MOST_BYTES:
            raise ExemplarError(f"an element of more than {_MOST_BYTES:,} bytes")
        return content

    def start_again(self) -> None:
        self._n_bytes = 0
