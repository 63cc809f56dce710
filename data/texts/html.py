"""The text of HTML: of files, of cells, and of the parts of e-mails and books."""

import functools
import re
from html import unescape
from html.entities import html5
from io import BytesIO
from typing import Any

from exemplar.data.documents import Problem
from exemplar.data.errors import ExemplarError
from exemplar.data.extras import package
from exemplar.data.files.charsets import usual_encoding
from exemplar.data.files.encodings import decoded_lines
from exemplar.data.files.file import File
from exemplar.data.files.values import MOST_CHARACTERS, TOO_LONG
from exemplar.data.text import one_line, replace_lone_surrogates

_BLOCK_NAMES = (
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link listing main menu meta nav ol optgroup"
    " option p plaintext pre q script search section select style summary table tbody template tfoot thead title tr ul"
    " xmp"
)
_INLINE_NAMES = (
    "a abbr acronym applet area audio b base basefont bdi bdo big button canvas cite code col colgroup data datalist"
    " del dfn em embed font frame frameset i iframe img input ins kbd label map mark math meter nobr noframes noscript"
    " object output param picture progress rp rt ruby s samp slot small source span strike strong sub sup svg td"
    " textarea th time track tt u var video wbr"
)
_BLOCKS, _INLINE = frozenset(_BLOCK_NAMES.split()), frozenset(_INLINE_NAMES.split())
_NAMES = _BLOCKS | _INLINE
_SEPARATE = _BLOCKS - {"q", "script", "style"}  # whose beginning ends a line
_VOID = {"br", "hr", "img", "input", "link", "meta", "wbr", "col", "area", "base", "embed", "source", "track", "param"}

_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_NAMES, reverse=True))})(?=[\s/>])", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{'|'.join(sorted(_NAMES - _VOID, reverse=True))})\s*>", re.IGNORECASE)
_JATS = re.compile(r"(</?)jats:(p|title|sec|italic|bold|sub|sup|list-item|list)\b", re.IGNORECASE)
_JATS_CLOSING = re.compile(r"</jats:\w+>", re.IGNORECASE)
_IN_HTML = {"title": "h3", "sec": "div", "italic": "i", "bold": "b", "list": "ul", "list-item": "li"}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LESS_THAN = re.compile(r"<(/?)([A-Za-z][\w:.-]*)?(?=([\s/>])?)(\s+[\w:-]++(?!\s*=))?")
_CLOSED = re.compile(r"</([\w.-]+[:-][\w:.-]*)>")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_DATA = re.compile(r"""(=\s*["'])data:[^"'<>]*""")  # pictures within a page
_XML = re.compile(r"<\?xml[^>]*>")
_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]*)", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""(?:<meta\b[^>]*?\bcharset|<\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w:.-]+)""", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff]")  # which no tree of lxml may have
_LINES = re.compile(r"\n{3,}")

_MOST_BYTES = 2**27  # of a file, pictures within it included
_MOST_TAGS = 500_000
_HEAD = 4096  # bytes in which a page names its encoding


def is_html(text: str) -> bool:
    """Return whether a text has an entity of HTML, or a tag that closes an element; a lone ``<br>`` shows nothing.

    Code between fences, and tags that HTML does not have, as in ``List<String>``, show nothing either.
    """
    if "```" in text:
        return False
    return closes_a_tag(text) or ("&" in text and _has_entity(text))


def closes_a_tag(text: str) -> bool:
    """Return whether a text closes a tag of HTML."""
    return "</" in text and (_CLOSING.search(text) or _JATS_CLOSING.search(text)) is not None


def has_tags(text: str) -> bool:
    """Return whether a text has a tag of HTML."""
    return "<" in text and (_TAG.search(text) is not None or _JATS.search(text) is not None)


def without_entities(text: str) -> str:
    """Return a text with characters in place of entities; only those with a semicolon count."""
    return _ENTITY.sub(lambda match: _character(match[0]), text)


def cell_text(cell: str) -> str:
    """Return the text of a cell that may hold HTML.

    A cell without tags keeps its lines and blanks. What looks like a tag and is none of HTML's stays, as in
    ``List<String>`` and ``<3``. Lines end where they end in the cell if no tag says where.

    Raises
    ------
    ExemplarError
        As for ``html_text``.
    """
    if "<" not in cell and "&" not in cell:
        return cell
    if not has_tags(cell):
        text = without_entities(cell)
        if not (text.lstrip().startswith("<") and text.rstrip().endswith(">") and _CLOSING.search(text)):
            return text
        cell = text  # HTML that was escaped as a whole
    jats = _JATS.sub(lambda match: match[1] + _IN_HTML.get(match[2].lower(), match[2]), cell)
    html = _with_text_escaped(_CDATA.sub("", jats))
    if not any(match[0].strip("</").lower() in _SEPARATE for match in _TAG.finditer(html)):
        html = html.replace("\r\n", "\n").replace("\n", "<br>")
    return html_text(html)


def html_text(html: str) -> str:
    """Return the text of HTML: no tags and entities, scripts and styles left out, a line for each block.

    Raises
    ------
    ExemplarError
        It can't be parsed, is too long, or the extra is not installed.
    """
    engine = package("inscriptis.html_engine", "web", "HTML texts")
    tree = _tree(html)
    if tree is None:
        return ""
    try:
        _flatten(tree)
        text = str(engine.Inscriptis(tree, _config()).get_text())
    except RecursionError:  # more levels than inscriptis can descend
        text = "\n".join(tree.itertext())
    except Exception as error:
        raise ExemplarError(f"HTML that can't be read: {one_line(error)}") from error
    lines = (line.rstrip() for line in text.replace("\xa0", " ").splitlines())
    return _LINES.sub("\n\n", "\n".join(lines)).strip("\n").rstrip()


def html_title(html: str) -> str | None:
    """Return the title of an HTML document."""
    found = _TITLE.search(html[:100_000])
    return " ".join(without_entities(found[1]).split()) or None if found else None


def html_file(file: File) -> tuple[list[Problem], str]:
    """Return the problems of a file's encoding, and its HTML.

    The encoding is the chosen one, else by its mark or UTF-8 if it is that, else as the page says, else guessed.

    Raises
    ------
    file.UNREADABLE
        It can't be read, or is larger than 128 MB.
    """
    with file.open() as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ExemplarError(f"it is larger than {_MOST_BYTES:,} bytes")
    html, problems = [], []
    for line in decoded_lines(BytesIO(content), file.name, file.options.encoding or _own_encoding(content)):
        if isinstance(line, Problem):
            problems.append(line)
        else:
            html.append(line)
    return problems, replace_lone_surrogates("".join(html))


def _own_encoding(content: bytes) -> str | None:
    found = _CHARSET.search(content[:_HEAD])
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) or found is None:
        return None
    name = usual_encoding(found[1].decode("ascii"))
    if name is None or name.startswith(("utf-16", "utf16", "utf-32", "utf32", "utf_16", "utf_32")):
        return None
    try:
        content.decode()
        return name if name.startswith("iso-2022") or name.startswith("hz") else None
    except UnicodeDecodeError:
        pass
    try:
        content.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None
    return name


def _has_entity(text: str) -> bool:
    return any(_character(match[0]) != match[0] for match in _ENTITY.finditer(text))


def _character(entity: str) -> str:
    if entity[1] == "#" or entity[1:] in html5:
        return unescape(entity)
    return entity


def _with_text_escaped(html: str) -> str:
    """Return HTML in which only tags and comments begin with ``<``."""
    last = html.rfind(">")
    closed = {name.lower() for name in _CLOSED.findall(html)}

    def escaped(match: re.Match[str]) -> str:
        slash, name, end, word = match.groups()
        if match.start() > last:
            is_tag = False
        elif name is None:
            is_tag = not slash and html[match.end() : match.end() + 1] in ("!", "?")
        elif not end:
            is_tag = False  # an address: <a@example.org>
        else:
            is_tag = name.lower() in closed or (name.lower() in _NAMES and (len(name) > 1 or not word))  # a<b and c
        return match[0] if is_tag else f"&lt;{match[0][1:]}"

    return _LESS_THAN.sub(escaped, html)


def _tree(html: str) -> Any:
    """Return the parsed HTML; None if it has no content."""
    etree, lxml_html = package("lxml.etree", "web", "HTML texts"), package("lxml.html", "web", "HTML texts")
    html = _DATA.sub(r"\1", replace_lone_surrogates(_CONTROLS.sub("", html).lstrip()))
    if declared := _XML.match(html):
        html = html[declared.end() :]
    if len(html) > MOST_CHARACTERS * 2:
        raise ExemplarError(TOO_LONG)
    if html.count("<") > _MOST_TAGS:
        raise ExemplarError(f"HTML with more than {_MOST_TAGS:,} tags")
    # Without huge_tree, what lies more than 255 levels deep is dropped, and a long text too.
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(html, parser=parser)
    except etree.ParserError:  # nothing but comments and the like
        return None
    except Exception as error:  # lxml raises several, for HTML that no browser would show either
        raise ExemplarError(f"HTML that can't be read: {one_line(error)}") from error
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise ExemplarError("HTML that is nested too deeply")
    return tree


def _flatten(tree: Any) -> None:
    """Leave out what is not shown, and every tag that makes no line: inscriptis takes quadratic time for these."""
    etree = package("lxml.etree", "web", "HTML texts")
    hidden = [element for element in tree.iter() if _HIDDEN.search(element.get("style", ""))]
    for element in hidden:
        if element.getparent() is not None:
            element.drop_tree()
    etree.strip_elements(tree, "script", "style", "template", "head", with_tail=False)
    for cell in tree.iter("td", "th"):
        cell.tail = f" {cell.tail or ''}"
        if len(cell) == 1 and cell[0].tag in ("p", "div"):  # a paragraph of its own, where others begin none
            cell[0].tag = "span"
    inline = {element.tag for element in tree.iter() if element.tag not in _BLOCKS}
    if inline:
        etree.strip_tags(tree, *inline)


@functools.cache
def _config() -> Any:
    """Return what inscriptis makes of each tag: lines, without the columns of tables and without indentation."""
    from inscriptis.css_profiles import STRICT_CSS_PROFILE
    from inscriptis.html_properties import Display
    from inscriptis.model.config import ParserConfig
    from inscriptis.model.html_element import HtmlElement
    from inscriptis.model.tag import CustomHtmlTagHandlerMapping

    plain = {name: HtmlElement(display=Display.block) for name in _BLOCKS if name not in ("q", "html", "body", "br")}
    kept = {name: css for name, css in STRICT_CSS_PROFILE.items() if name not in ("ul", "ol", "head", "title")}
    none: dict[str, Any] = dict.fromkeys(("table", "tr"))
    mapping = CustomHtmlTagHandlerMapping(start_tag_mapping=none, end_tag_mapping={"table": None})
    return ParserConfig(css=plain | kept, custom_html_tag_handler_mapping=mapping)
