"""An open file of any kind, as Python's own buffers take it."""

import io
from collections.abc import Callable
from typing import Any


class RawFile(io.RawIOBase):
    """A file that can be read and sought in, over another that is open and closed with it.

    Parameters
    ----------
    read
        How at most so many bytes of it are read.
    """

    def __init__(self, opened: Any, read: Callable[[int], bytes]) -> None:
        self._opened, self._read = opened, read

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be sought in."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes."""
        content = self._read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; return where that is."""
        return int(self._opened.seek(offset, whence))

    def tell(self) -> int:
        """Return where it is."""
        return int(self._opened.tell())

    def close(self) -> None:
        """Close both."""
        if not self.closed:
            self._opened.close()
        super().close()
