"""The text of PDF files, read within bounds: a few bytes of one can ask for endless work and memory."""

import logging
import time
from typing import IO, Any

from exemplar.data.errors import ExemplarError
from exemplar.data.readers.values import MOST_CHARACTERS
from exemplar.data.text import one_line, replace_lone_surrogates

_SECONDS, _SECONDS_A_BYTE = 120.0, 1 / 5_000  # of a processor; a page takes about a tenth, and some kilobytes
_MOST_HELD = 2**27  # bytes of unpacked streams


class _TooLong(MemoryError):
    """Reading takes too long; of this kind because pypdf goes on after most others."""


def pdf_text(file: IO[bytes], size: int) -> tuple[str, dict[str, str]]:
    """Return the text of an open PDF file of so many bytes, and what is known of it.

    Raises
    ------
    ExemplarError
        It can't be read, or not in a time that is fit for its size; the message says why.
    """
    try:
        import pypdf
    except ImportError:
        raise ExemplarError("PDF files need pypdf: pip install 'exemplar[pdf]'") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity that it gets over
    seconds = _SECONDS + size * _SECONDS_A_BYTE
    try:
        return _text_of(_bounded_reader(file, seconds))
    except pypdf.errors.FileNotDecryptedError:
        raise ExemplarError("encrypted") from None
    except _TooLong:
        raise ExemplarError(
            f"a PDF that takes more than {seconds:,.0f} seconds to read, too long for its size"
        ) from None
    except Exception as error:  # a broken PDF can break any part of its reader
        raise ExemplarError(f"a PDF that can't be read: {one_line(error)}") from error


def _bounded_reader(file: IO[bytes], seconds: float) -> Any:
    """Return a reader that stops when its time is up, and that lets go of what it has unpacked when that is much."""
    import pypdf

    end = time.thread_time() + seconds

    class Reader(pypdf.PdfReader):  # type: ignore[misc]  # it has no types here
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
                self.resolved_objects.clear()  # what is still needed is read again
                self._held = 0
            return super().cache_indirect_object(generation, idnum, obj)

    return Reader(file)


def _unpacked_size(found: Any) -> int:
    unpacked = getattr(found, "decoded_self", None)
    return len(unpacked.get_data()) if unpacked is not None else 0


def _text_of(reader: Any) -> tuple[str, dict[str, str]]:
    pages: list[str] = []
    n_characters = 0
    for page in reader.pages:
        pages.append(page.extract_text().strip())
        n_characters += len(pages[-1])
        if n_characters > MOST_CHARACTERS:
            break
    title = replace_lone_surrogates(str((reader.metadata or {}).get("/Title") or "")).strip()
    metadata = {"pages": str(len(reader.pages))} | ({"title": title} if title else {})
    return "\n\n".join(filter(None, pages)), metadata
