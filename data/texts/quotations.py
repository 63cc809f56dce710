"""What the sender of a mail wrote, apart from what they quote, and from their signature."""

import re
from collections.abc import Sequence

_VERBS = "wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał|napsal|kirjoitti|írta|написал"
# What stands before a reply's quotation, in the languages of the commonest programs; long ones go over two lines.
_WROTE = re.compile(
    rf"^(?:(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne|\d).{{0,300}})\b(?:{_VERBS})\b.{{0,300}}:\s*$", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"^(?:-{2,} ?(?:Original Message|Original Appointment|Ursprüngliche Nachricht|Message d'origine|Mensaje original|"
    r"Messaggio originale|Oorspronkelijk bericht|Mensagem original|Forwarded message|Weitergeleitete Nachricht|"
    r"Message transféré)\b|Begin forwarded message:)",
    re.IGNORECASE,
)
# The head of a mail below which Outlook quotes it.
_FROM = re.compile(r"^\*?(?:From|Von|De|Da|Van|Från|Fra|Od)\*?\s?:\*? ", re.IGNORECASE)
_SENT = re.compile(
    r"^\*?(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano)\*?\s?:",
    re.IGNORECASE,
)
_HEAD_LINES = 4  # within which the date follows the sender
_SIGNATURE = "-- "
_MOST_OF_A_SIGNATURE = 30  # lines


def parted(text: str, *, from_html: bool = False) -> tuple[str, str, str]:
    """Return what the sender of a mail wrote, what it quotes, and the signature.

    Parameters
    ----------
    from_html
        Whether the text was HTML, in which no ``>`` marks what is quoted; all below the line before it counts then.
    """
    written: list[str] = []
    quoted: list[str] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        if _ORIGINAL.match(lines[number]) or _is_head(lines, number):
            quoted += lines[number:]
            break
        n_lines = _introduction(lines, number)
        follows = next((line for line in lines[number + n_lines : number + n_lines + 3] if line.strip()), "")
        if n_lines and from_html:
            quoted += lines[number:]
            break
        if n_lines and follows.startswith(">"):
            quoted += lines[number : number + n_lines]
            number += n_lines
            continue
        (quoted if lines[number].startswith(">") else written).append(lines[number])
        number += 1
    body, signature = _without_signature(written)
    return body, "\n".join(quoted).strip(), signature


def _introduction(lines: Sequence[str], number: int) -> int:
    """Return the number of lines, from this one, that say who wrote what follows."""
    if _WROTE.match(lines[number][:1000]):
        return 1
    if number + 1 < len(lines) and lines[number].strip() and lines[number + 1].strip():
        return 2 * bool(_WROTE.match(f"{lines[number][:500].rstrip()} {lines[number + 1][:500]}"))
    return 0


def _is_head(lines: Sequence[str], number: int) -> bool:
    return _FROM.match(lines[number]) is not None and any(
        map(_SENT.match, lines[number + 1 : number + 1 + _HEAD_LINES])
    )


def _without_signature(lines: Sequence[str]) -> tuple[str, str]:
    found = next((n for n in range(len(lines) - 1, -1, -1) if lines[n] == _SIGNATURE), None)
    if found is None or len(lines) - found > _MOST_OF_A_SIGNATURE or not any(map(str.strip, lines[:found])):
        return "\n".join(lines).strip(), ""
    return "\n".join(lines[:found]).strip(), "\n".join(lines[found + 1 :]).strip()


def unflowed(text: str, *, without_blank: bool) -> str:
    """Return a text of ``format=flowed`` (RFC 3676) with its paragraphs in one line each.

    Parameters
    ----------
    without_blank
        Whether the blank at the end of a line is not part of the text (``DelSp=yes``).
    """
    joined: list[tuple[int, str]] = []
    flows = False
    for line in text.splitlines():
        plain = line.lstrip(">")
        depth = len(line) - len(plain)
        plain = plain.removeprefix(" ")
        if flows and joined[-1][0] == depth and plain != _SIGNATURE:
            before = joined[-1][1]
            joined[-1] = (depth, (before[:-1] if without_blank else before) + plain)
        else:
            joined.append((depth, plain))
        flows = plain.endswith(" ") and plain != _SIGNATURE
    return "\n".join(f"{'>' * depth} {line}" if depth else line for depth, line in joined)
