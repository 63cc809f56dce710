"""XML without the control characters that it may not have, which EndNote exports as they stand in an abstract."""

import re
from typing import IO, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.files.file import File

_MOST_RECORD = 2**27  # bytes
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_REFERENCE = re.compile(rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.IGNORECASE)
_LONGEST_REFERENCE = 12  # bytes


class ReadableXml:
    """The bytes of an XML file for a parser.

    Attributes
    ----------
    n_removed
        Number of control characters that were left out so far.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._opened: IO[bytes]
        self._kept = b""
        self._is_wide: bool | None = None
        self._n_bytes = 0
        self.n_removed = 0

    def open(self) -> Any:
        """Open the file; the result can be read and closed."""
        self._opened = self._file.open()
        return self

    def __enter__(self) -> "ReadableXml":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def begin_record(self) -> None:
        """Count the bytes of the next record, which are bounded."""
        self._n_bytes = 0

    def read(self, n_bytes: int) -> bytes:
        """Return the next bytes; raises ExemplarError if a record does not end."""
        piece = b"\0"
        while piece:  # all of a piece may be left out
            piece = self._opened.read(n_bytes)
            self._n_bytes += len(piece)
            if self._n_bytes > _MOST_RECORD:
                raise ExemplarError(f"a record of more than {_MOST_RECORD:,} bytes; export RIS instead")
            if self._is_wide is None:
                self._is_wide = b"\0" in piece[:4] or piece.startswith((b"\xff\xfe", b"\xfe\xff"))
            if self._is_wide:
                return piece
            if readable := self._readable(self._kept + piece, is_last=not piece):
                return readable
        return b""

    def _readable(self, content: bytes, *, is_last: bool) -> bytes:
        begin = content.rfind(b"&", -_LONGEST_REFERENCE)
        end = begin if begin >= 0 and not is_last and b";" not in content[begin:] else len(content)
        content, self._kept = content[:end], content[end:]
        plain = content.translate(None, _CONTROLS)
        self.n_removed += len(content) - len(plain)
        if b"&#" in plain:
            plain, n_references = _REFERENCE.subn(b"", plain)
            self.n_removed += n_references
        return plain
