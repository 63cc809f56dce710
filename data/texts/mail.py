"""E-mails: one in a file, or many in an mbox; the standard library parses each."""

import hashlib
import itertools
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import parsedate_to_datetime
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.files.charsets import decoded
from exemplar.data.files.file import File
from exemplar.data.files.table import Row, Table, placed_row
from exemplar.data.text import one_line, replace_lone_surrogates
from exemplar.data.texts.html import html_text
from exemplar.data.texts.mbox import Raw, mails
from exemplar.data.texts.quotations import parted, unflowed

COLUMNS = ("id", "subject", "text", "from", "to", "cc", "date", "labels", "quoted", "signature", "attachments")

_USUAL = frozenset({"id", "subject", "text", "from", "to", "date"})
_N_FIRST = 100  # mails that show the other columns
_MOST_OF_A_HEADER = 2_000  # characters of a header that the standard library takes apart
_MOST_DECODED = 20_000  # characters of a header whose letters beyond ASCII are decoded
_MOST_NESTED = 200  # parts with parts; the parser takes time for each of them at every line
_STUB = 300  # characters of a plain part that may only say that the mail is HTML
_TIMES_LONGER = 5  # is the text of the HTML then
_NO_TEXT = frozenset({"calendar", "vcard", "x-vcard", "directory", "css", "javascript", "csv"})
_TIME = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*")


def mail_table(file: File) -> Table:
    """Return the e-mail of a file as a table; ``text`` is what the sender wrote, ``quoted`` what they replied to.

    ``labels`` are those of Gmail. A mail without an id gets one from its sender, date and text.
    """
    return _table(file, is_mbox=False)


def mbox_table(file: File) -> Table:
    """Return the e-mails of an mbox as ``mail_table`` does; memory does not grow with their number."""
    return _table(file, is_mbox=True)


def _table(file: File, *, is_mbox: bool) -> Table:
    first = itertools.islice(_rows(file, is_mbox=is_mbox), _N_FIRST)
    used = {name for row in first if not isinstance(row, Problem) for name in row}
    columns = tuple(name for name in COLUMNS if name in used or name in _USUAL)
    return Table(columns, lambda needed: _rows(file, is_mbox=is_mbox), html=())


class _Policy(EmailPolicy):
    """Headers are parsed up to a length: the parser takes quadratic time."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_MOST_OF_A_HEADER])


_POLICY: Any = _Policy()


def _rows(file: File, *, is_mbox: bool) -> Iterator[Row | Problem]:
    with file.open() as opened:
        for raw in mails(opened, is_mbox=is_mbox):

            def problem(reason: str, raw: Raw = raw, *, left_out: bool = True) -> Problem:
                return Problem(file.at(f"line {raw.line}"), reason, left_out, file=file.name, line=raw.line)

            if raw.is_too_large:
                yield problem(raw.problem)
                continue
            try:
                mail = _Mail(raw)
                row = mail.row()
            except Exception as error:  # mails that break the standard raise many kinds of errors
                yield problem(f"an e-mail that can't be read: {one_line(error)}")
                continue
            yield from (problem(reason, left_out=False) for reason in dict.fromkeys(mail.reasons))
            yield placed_row(row, raw.line)


class _Mail:
    """A mail, taken apart.

    Attributes
    ----------
    reasons
        What could not be read as it should.
    """

    def __init__(self, raw: Raw) -> None:
        self.reasons: list[str] = []
        self._raw = raw
        content = _without_count(raw.content)
        if content.count(b"boundary=") > _MOST_NESTED:
            raise ExemplarError(f"more than {_MOST_NESTED} parts have parts")
        self._mail: EmailMessage = message_from_bytes(content, policy=_POLICY)
        self._attachments: list[str] = []

    def row(self) -> dict[str, Any]:
        """Return the mail as a row, without what it lacks."""
        written, quoted, signature = self._parts(self._mail)
        envelope = self._raw.envelope.decode("utf-8", "replace").split(maxsplit=2)
        row: dict[str, Any] = {
            "id": _header(self._mail, "message-id").strip("<> "),
            "subject": _header(self._mail, "subject"),
            "text": written or quoted,
            "from": _header(self._mail, "from") or (envelope[1] if len(envelope) > 1 and "@" in envelope[1] else ""),
            "to": _header(self._mail, "to"),
            "cc": _header(self._mail, "cc"),
            "date": _date(_header(self._mail, "date"), self._raw.envelope),
            "quoted": quoted if written else "",
            "signature": signature,
            "attachments": ", ".join(self._attachments),
        }
        row = {name: replace_lone_surrogates(value) for name, value in row.items() if value.strip()}
        if not row:
            raise ExemplarError("it has neither headers nor text")
        if labels := [each.strip() for each in _header(self._mail, "x-gmail-labels").split(",") if each.strip()]:
            row["labels"] = replace_lone_surrogates(labels)
        return {"id": _made_id(row)} | row

    def _parts(self, mail: Message) -> tuple[str, str, str]:
        """Return what was written, what is quoted or forwarded, and the signature."""
        texts: list[tuple[str, bool]] = []
        forwarded: list[str] = []
        self._collect(mail, texts, forwarded)
        parts = [parted(text, from_html=is_html) for text, is_html in texts if text.strip()]
        written, quoted, signatures = (
            (list(filter(None, each)) for each in zip(*parts, strict=True)) if parts else ([],) * 3
        )
        return "\n\n".join(written), "\n\n".join([*quoted, *forwarded]), "\n\n".join(signatures)

    def _collect(self, part: Message, texts: list[tuple[str, bool]], forwarded: list[str]) -> None:
        kind, _, subkind = part.get_content_type().partition("/")
        if kind == "message" and subkind == "rfc822" and part.is_multipart():
            mails_within: Any = part.get_payload()
            for mail in mails_within:
                written, quoted, _ = self._parts(mail)
                forwarded.append("\n\n".join(filter(None, (_header(mail, "subject"), written, quoted))))
            return
        if part.is_multipart():
            parts = [each for each in part.get_payload() if isinstance(each, Message)]
            if subkind == "alternative":
                self._collect_best(parts, texts, forwarded)
                return
            for each in parts:
                self._collect(each, texts, forwarded)
            return
        if name := part.get_filename():
            self._attachments.append(" ".join(str(name).split()))
        if part.get_content_disposition() == "attachment" or kind != "text" or subkind in _NO_TEXT:
            return
        if name and texts:  # a file that is shown below the mail
            return
        texts.append(self._text(part, subkind))

    def _collect_best(self, parts: list[Message], texts: list[tuple[str, bool]], forwarded: list[str]) -> None:
        """Collect the plain one of several forms of a text, unless it says little beside the one in HTML."""
        forms: list[list[tuple[str, bool]]] = []
        for part in parts:
            form: list[tuple[str, bool]] = []
            self._collect(part, form, forwarded)
            forms.append(form)
        plain = next((form for form in forms if form and not any(is_html for _, is_html in form)), [])
        rich = next((form for form in reversed(forms) if any(is_html for _, is_html in form)), [])
        n_plain, n_rich = (sum(len(text.strip()) for text, _ in form) for form in (plain, rich))
        is_stub = not n_plain or (n_plain < _STUB and n_rich > _TIMES_LONGER * n_plain)
        texts += rich if is_stub and n_rich else plain

    def _text(self, part: Message, subkind: str) -> tuple[str, bool]:
        content = part.get_payload(decode=True)
        try:
            text = decoded(content if isinstance(content, bytes) else b"", part.get_content_charset(), "the e-mail")
        except ExemplarError:
            self.reasons.append("a part of an e-mail is no text")
            return "", False
        if subkind == "html":
            try:
                return html_text(text), True
            except ExemplarError as error:
                self.reasons.append(f"HTML in an e-mail stays as it is: {error}")
                return text, True
        if str(part.get_param("format", "")).lower() == "flowed":
            return unflowed(text, without_blank=str(part.get_param("delsp", "")).lower() == "yes"), False
        return text, False


def _header(mail: Message, name: str) -> str:
    """Return the first header of a name, decoded, in one line; empty without one."""
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == name), "")
    if any("\udc80" <= character <= "\udcff" for character in raw):  # bytes that no header may have
        try:
            raw = decoded(raw.encode("utf-8", "surrogateescape"), None, "a header")
        except (ExemplarError, UnicodeError):
            raw = replace_lone_surrogates(raw)
    raw = " ".join(raw.split())
    if len(raw) > _MOST_DECODED:
        return raw
    try:
        parts = decode_header(raw)
        text = "".join(part if isinstance(part, str) else decoded(part, charset, "a header") for part, charset in parts)
    except (HeaderParseError, ExemplarError, ValueError):
        text = raw
    return " ".join(text.split())


def _date(header: str, envelope: bytes) -> str:
    """Return the date of a mail in ISO 8601, as its header or the line before it gives it; else the header."""
    found = _TIME.search(envelope.decode("utf-8", "replace"))
    for text in filter(None, (header, found[0] if found else "")):
        try:
            return parsedate_to_datetime(text).isoformat()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return header


def _made_id(row: dict[str, Any]) -> str:
    parts = "\0".join(str(row.get(name, "")) for name in ("from", "to", "date", "subject", "text"))
    return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()


def _without_count(content: bytes) -> bytes:
    """Return a mail without the number of its bytes, which Apple Mail writes before it, and without what follows."""
    first, _, rest = content[:20].partition(b"\n")
    if first.strip().isdigit() and rest:
        begin = len(first) + 1
        return content[begin : begin + int(first)]
    return content
