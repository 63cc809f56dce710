"""Documents that are zips, such as a workbook: how large what is in them may be."""

import zipfile
from typing import IO

from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line


def check_zip(opened: IO[bytes], most: int, skipped: tuple[str, ...] = ()) -> set[str]:
    """Return the names of what a zip holds.

    Parameters
    ----------
    most
        Bytes that all in it may have together.
    skipped
        Beginnings of the names of what no reader unpacks, such as pictures.

    Raises
    ------
    ExemplarError
        It is no zip, has a password, or is larger.
    """
    try:
        with zipfile.ZipFile(opened) as archive:
            members = [member for member in archive.infolist() if not member.filename.startswith(skipped)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ExemplarError("it is damaged, or no file of the kind that its name says") from error
    if any(member.flag_bits & 1 for member in members):
        raise ExemplarError("it has a password; save it without one")
    if sum(member.file_size for member in members) > most:
        raise ExemplarError(f"it is larger than {most:,} bytes when unpacked")
    return {member.filename for member in members}


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return what a zip holds under a name.

    Raises
    ------
    ExemplarError
        It is damaged, or not there.
    """
    try:
        return archive.read(name)
    except MemoryError:
        raise
    except Exception as error:  # zipfile and the modules that unpack raise errors of many kinds
        raise ExemplarError(f"{name} is damaged: {one_line(error)}") from error
