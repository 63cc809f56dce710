"""The text of books in EPUB: their chapters, in the order in which they are read."""

import posixpath
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.charsets import decoded
from exemplar.data.files.file import File
from exemplar.data.files.values import MOST_CHARACTERS, TOO_LONG
from exemplar.data.files.zipped import check_zip, read_member
from exemplar.data.text import one_line
from exemplar.data.texts.html import html_text
from exemplar.data.texts.written import Written

_MOST_UNPACKED = 2**28  # bytes, pictures included
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # encrypted in books that are open
_METADATA = {"creator": "author", "language": "language", "date": "date", "publisher": "publisher"}


def epub_text(file: File) -> Written:
    """Return the text of a book, its title, and its authors and the like.

    Raises
    ------
    file.UNREADABLE
        It can't be read, is protected against copying, is too large, or the extra is not installed.
    """
    package("inscriptis", "web", "books")
    content = file.content()
    names = check_zip(BytesIO(content), _MOST_UNPACKED)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if "META-INF/encryption.xml" in names and _is_protected(_xml(archive, "META-INF/encryption.xml")):
                raise ExemplarError("a book that is protected against copying")
            return _book(archive, names, file.name)
    except zipfile.BadZipFile as error:
        raise ExemplarError(f"a book that can't be read: {one_line(error)}") from error


def _book(archive: zipfile.ZipFile, names: set[str], where: str) -> Written:
    root = next((each.get("full-path", "") for each in _all(_xml(archive, "META-INF/container.xml"), "rootfile")), "")
    if root not in names:
        raise ExemplarError("a book that does not say what is in it")
    package_file = _xml(archive, root)
    problems, texts, size = [], [], 0
    for path in _chapters(package_file, posixpath.dirname(root)):
        try:
            texts.append(html_text(decoded(read_member(archive, path), None, path)))
            size += len(texts[-1])
        except ExemplarError as error:
            problems.append(Problem(f"{where}, {path}", f"a chapter left out: {one_line(error)}", left_out=False))
        if size > MOST_CHARACTERS:
            raise ExemplarError(TOO_LONG)
    metadata: dict[str, str] = {}
    for element in next(_all(package_file, "metadata"), ()):
        if (name := _METADATA.get(_name(element))) and (text := _text(element)):
            metadata[name] = f"{metadata[name]}, {text}" if name in metadata else text
    title = next((text for each in _all(package_file, "title") if (text := _text(each))), None)
    return Written("\n\n".join(filter(None, texts)), title, metadata, tuple(problems))


def _chapters(package_file: Any, folder: str) -> list[str]:
    """Return the paths of the texts in their order, without the table of contents."""
    items = {each.get("id", ""): each for each in _all(package_file, "item")}
    used = (items.get(each.get("idref", "")) for each in _all(package_file, "itemref"))
    texts = (each for each in used if each is not None and "nav" not in each.get("properties", "").split())
    paths = (posixpath.normpath(posixpath.join(folder, unquote(each.get("href", "")))) for each in texts)
    return list(dict.fromkeys(paths))


def _is_protected(encryption: Any) -> bool:
    algorithms = (each.get("Algorithm", "") for each in _all(encryption, "EncryptionMethod"))
    return any(algorithm not in _FONTS for algorithm in algorithms)


def _xml(archive: zipfile.ZipFile, path: str) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(read_member(archive, path))
    except (DefusedXmlException, SyntaxError, ValueError) as error:
        raise ExemplarError(f"a book whose {posixpath.basename(path)} can't be read: {one_line(error)}") from error


def _all(element: Any, name: str) -> Any:
    return (each for each in element.iter() if _name(each) == name)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
