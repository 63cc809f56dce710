"""The encodings that mails and pages name for themselves, which are often not quite the right ones."""

from io import BytesIO

from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.options import is_encoding

_SUPERSETS = {  # what browsers and mail programs take these names for
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
}


def usual_encoding(name: str) -> str | None:
    """Return the encoding that is meant by a name, as Python calls it; None for an unknown one."""
    found = _SUPERSETS.get(name.lower(), name.lower())
    return found if is_encoding(found) else None


def decoded(content: bytes, charset: str | None, name: str) -> str:
    """Return text in the encoding that is named, if it is that; else as UTF-8, else in a guessed encoding.

    Raises
    ------
    ExemplarError
        It is in none of them.
    """
    encoding = usual_encoding(charset) if charset else None
    if encoding is not None:
        try:
            return content.decode(encoding)
        except (UnicodeError, LookupError):
            pass
    return "".join(line for line in decoded_lines(BytesIO(content), name) if isinstance(line, str))
