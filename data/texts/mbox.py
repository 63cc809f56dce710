"""The mails in a file, one after the other, with bounds on what is kept of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

_BEGINS = re.compile(
    rb"From .*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b,? .*\b\d{1,2}:\d\d(?::\d\d)?\b.*\b\d{4}\b"
    rb"|From \S+@\S+ .*\b\d{4}\s*$"
)
_QUOTED = re.compile(rb">+From ")
_ENCODED = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}\s*$")  # a line of an attachment
_PIECE = 2**16  # bytes of a line that are read at once
_MOST_AT_ONCE = 2**22  # bytes of a mail beyond which attachments are not kept
MOST_MAIL = 2**25  # bytes of a mail, without the attachments that are not kept


@dataclass(slots=True)
class Raw:
    """A mail as it stands in a file.

    Attributes
    ----------
    line
        On which it begins, counted from 1.
    envelope
        The line of an mbox before the mail; empty without one.
    pieces
        Its lines; without them if it is larger than ``MOST_MAIL``.
    """

    line: int = 1
    envelope: bytes = b""
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def content(self) -> bytes:
        """All of it that was kept."""
        return b"".join(self.pieces)

    @property
    def is_too_large(self) -> bool:
        """Whether nothing of it was kept, because it is larger than ``MOST_MAIL``."""
        return self.size > MOST_MAIL

    @property
    def problem(self) -> str:
        """Why nothing of it was kept."""
        return f"an e-mail of more than {MOST_MAIL:,} bytes without its attachments"

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it."""
        return not self.size or (not self.is_too_large and not any(map(bytes.strip, self.pieces)))

    def add(self, piece: bytes) -> None:
        """Keep a piece, unless it belongs to an attachment of a large mail."""
        if self.size > _MOST_AT_ONCE and _ENCODED.match(piece):
            return
        self.size += len(piece)
        if self.is_too_large:
            self.pieces.clear()
        else:
            self.pieces.append(piece)


def mails(opened: IO[bytes], *, is_mbox: bool) -> Iterator[Raw]:
    """Yield each mail of an open file; one in all if it is no mbox."""
    mail = Raw()
    line, begins_line = 1, True
    while piece := opened.readline(_PIECE):
        is_envelope = begins_line and piece.startswith(b"From ") and (is_mbox or line == 1)
        if is_envelope and (line == 1 or _BEGINS.match(piece)):
            if not mail.is_blank:
                yield mail
            mail = Raw(line, piece)
        elif is_mbox and begins_line and _QUOTED.match(piece):
            mail.add(piece[1:])
        else:
            mail.add(piece)
        begins_line = piece.endswith(b"\n")
        line += begins_line
    if not mail.is_blank:
        yield mail
