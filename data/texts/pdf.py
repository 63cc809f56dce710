"""The text of PDF files, within bounds: a few bytes can demand endless work and memory."""

import logging
import re
import time
from typing import IO, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.extras import install_command
from exemplar.data.files.values import MOST_CHARACTERS
from exemplar.data.text import one_line, replace_lone_surrogates

_SECONDS, _SECONDS_A_BYTE = 120.0, 1 / 5_000  # CPU time; a page takes about 0.1 s and has some kilobytes
_MOST_HELD = 2**27  # bytes of unpacked streams
_LIGATURES = str.maketrans(  # the last two from the private area of older fonts
    dict(
        zip(
            "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06\uf001\uf002",
            ("ff", "fi", "fl", "ffi", "ffl", "st", "st", "fi", "fl"),
            strict=True,
        )
    )
)
# No word begins with these, so that blanks on either side come from a change of the font.
_WITHIN = re.compile(r"(?<=[^\W\d_]) ?([\ufb00\ufb03\ufb04]|(?<= )ff[il](?= )) ?(?=[^\W\d_])")
_AT_THE_START = re.compile(r"(?<= )([\ufb01\ufb02\uf001\uf002]) (?=[^\W\d_])")
_PARTED = re.compile(r"([^\W\d_](?:[\w-]*\w)?)[-\u2010\u00ad][ \t]*\r?\n[ \t]*([^\W\d_])")


class _TooLong(MemoryError):
    """Reading takes too long; a MemoryError because pypdf continues after most other errors."""


def pdf_text(file: IO[bytes], size: int) -> tuple[str, dict[str, str]]:
    """Return the text and the metadata (title, number of pages) of an open PDF file of ``size`` bytes.

    Raises
    ------
    ExemplarError
        The file can't be read, takes too long for its size, is encrypted, or pypdf is not installed.
    """
    try:
        import pypdf
    except ImportError:
        raise ExemplarError(f"PDF files need pypdf: {install_command('pdf')}") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs a warning for every error that it recovers from
    seconds = _SECONDS + size * _SECONDS_A_BYTE
    try:
        pages, title, n_pages = _printed(_bounded_reader(file, seconds))
    except pypdf.errors.FileNotDecryptedError:
        raise ExemplarError("a PDF that wants a password; save it without one") from None
    except pypdf.errors.DependencyError as error:
        if "cryptography" not in str(error):  # another package, which a rare compression needs
            raise ExemplarError(f"a PDF that can't be read: {one_line(error)}") from error
        raise ExemplarError(f"an encrypted PDF, which needs cryptography: {install_command('pdf')}") from None
    except _TooLong:
        raise ExemplarError(
            f"a PDF that takes more than {seconds:,.0f} seconds to read, too long for its size"
        ) from None
    except Exception as error:  # a broken PDF can raise anything in pypdf
        raise ExemplarError(f"a PDF that can't be read: {one_line(error)}") from error
    title = replace_lone_surrogates(title).strip()
    text = "\n\n".join(filter(None, (as_typed(page.strip()) for page in pages)))
    return text, {"pages": str(n_pages)} | ({"title": title} if title else {})


def _bounded_reader(file: IO[bytes], seconds: float) -> Any:
    """Return a reader that stops after ``seconds`` of CPU time and that drops unpacked streams beyond 128 MB."""
    import pypdf

    end = time.thread_time() + seconds

    class Reader(pypdf.PdfReader):  # type: ignore[misc]  # pypdf has no types here
        _last: Any = None
        _held = 0

        def get_object(self, indirect_reference: Any) -> Any:
            if time.thread_time() > end:
                raise _TooLong
            return super().get_object(indirect_reference)

        def cache_indirect_object(self, generation: int, idnum: int, obj: Any) -> Any:
            self._held += _unpacked_size(self._last)
            self._last = obj
            if self._held > _MOST_HELD:
                self.resolved_objects.clear()  # pypdf reads again what it still needs
                self._held = 0
            return super().cache_indirect_object(generation, idnum, obj)

    return Reader(file)


def _unpacked_size(pdf_object: Any) -> int:
    unpacked = getattr(pdf_object, "decoded_self", None)
    return len(unpacked.get_data()) if unpacked is not None else 0


def _printed(reader: Any) -> tuple[list[str], str, int]:
    """Return the texts of pages as pypdf reads them, until they are too long; the title; and the number of pages."""
    pages: list[str] = []
    n_characters = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        n_characters += len(pages[-1])
        if n_characters > MOST_CHARACTERS:
            break
    return pages, str((reader.metadata or {}).get("/Title") or ""), len(reader.pages)


def as_typed(text: str) -> str:
    """Return a printed text as a person would type it: without ligatures, and with words whole that lines part.

    Ligatures lose the blanks that stand around them where they come from another font. A word loses the hyphen at the
    end of a line, unless it has another one, as "state-of-the-art" has.
    """
    joined = _AT_THE_START.sub(r"\1", _WITHIN.sub(r"\1", text))
    return _PARTED.sub(_whole, joined.translate(_LIGATURES))


def _whole(match: re.Match[str]) -> str:
    before, after = match.groups()
    if not (before[-1].islower() and after.islower()):
        return match[0]
    return f"{before}-{after}" if "-" in before else before + after
