"""E-mails: one in a file, or many in an mbox; the standard library parses each."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from io import BytesIO
from typing import IO

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row
from exemplar.data.text import one_line, replace_lone_surrogates
from exemplar.data.texts.html import html_text

COLUMNS = ("id", "subject", "text", "from", "to", "date", "quoted", "attachments")

_MOST_MAIL = 2**27  # bytes, attachments included
_BEGINS = re.compile(rb"From \S.*\d{4}\s*$")
# What stands before a reply's quotation, in the languages of the commonest programs.
_WROTE = re.compile(
    r"^(?:On|Am|Le|El|Il|Op|Em|Den|W dniu)\b.{0,200}"
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał)\b.*:\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^-{2,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Forwarded message)\b", re.IGNORECASE
)


def mail_table(file: File) -> Table:
    """Return e-mails as a table; ``text`` is what the sender wrote, ``quoted`` what they replied to."""
    return Table(COLUMNS, lambda needed: _rows(file))


def _rows(file: File) -> Iterator[Row | Problem]:
    with file.open() as opened:
        for line, content in _mails(opened):
            try:
                row = _row(message_from_bytes(content, policy=default))
            except Exception as error:  # headers that break the standard raise many kinds of errors
                reason = f"an e-mail that can't be read: {one_line(error)}"
                yield Problem(file.at(f"line {line}"), reason, file=file.name, line=line)
                continue
            yield placed_row(row, line)


def _mails(opened: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each e-mail, and the line on which it begins."""
    lines: list[bytes] = []
    begins, size, after_blank = 1, 0, True
    for number, line in enumerate(opened, start=1):
        if after_blank and line.startswith(b"From ") and _BEGINS.match(line):
            if any(map(bytes.strip, lines)):
                yield begins, b"".join(lines)
            lines, begins, size = [], number, 0
        else:
            lines.append(line.removeprefix(b">") if line.startswith(b">From ") else line)
            size += len(line)
            if size > _MOST_MAIL:
                raise ExemplarError(f"the e-mail that begins on line {begins} is larger than {_MOST_MAIL:,} bytes")
        after_blank = not line.strip()
    if any(map(bytes.strip, lines)):
        yield begins, b"".join(lines)


def _row(mail: EmailMessage) -> dict[str, str]:
    body = mail.get_body(("plain", "html"))
    text = _content(body) if body is not None else ""
    if body is not None and body.get_content_subtype() == "html":
        text = html_text(text)
    written, quoted = without_quotation(text)
    row = {
        "id": str(mail["Message-ID"] or "").strip("<> "),
        "subject": str(mail["Subject"] or ""),
        "text": written or quoted,
        "from": str(mail["From"] or ""),
        "to": str(mail["To"] or ""),
        "date": str(mail["Date"] or ""),
        "quoted": quoted if written else "",
        "attachments": ", ".join(name for part in mail.iter_attachments() if (name := part.get_filename())),
    }
    return {name: replace_lone_surrogates(value) for name, value in row.items() if value.strip()}


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # an encoding that is unknown or not the right one
        content = part.get_payload(decode=True)
        lines = decoded_lines(BytesIO(content if isinstance(content, bytes) else b""), "the e-mail")
        return "".join(line for line in lines if isinstance(line, str))


def without_quotation(text: str) -> tuple[str, str]:
    """Return what the sender of a reply wrote, and what it quotes."""
    written: list[str] = []
    quoted: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _ORIGINAL.match(line):
            quoted += lines[number:]
            break
        begins = _WROTE.match(line) and any(each.startswith(">") for each in lines[number + 1 : number + 3])
        (quoted if begins or line.startswith(">") else written).append(line)
    return "\n".join(written).strip(), "\n".join(quoted).strip()
