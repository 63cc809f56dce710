"""LaTeX within the values of BibTeX, as text.

Values are decoded word by word, as most words hold no LaTeX. Programs also export texts that are not LaTeX, in which a
percent sign begins no comment and dollars are money.
"""

import functools
import logging
import re
from collections.abc import Iterator
from typing import Any

_SPECIAL = re.compile(r"[\\{}$~]|--|``|''")
_ESCAPED_MARK = re.compile(r"\\[{}$]")
_MACRO_AT_END = re.compile(r"\\(?:[a-zA-Z]+|['`^\"~=.])$")
_ESCAPED = re.compile(r"\\([%&_#$ ])")
_NO_LATEX = re.compile(r"(?<!\\)([%&#])")
_TIE = re.compile(r"(?<=[\w.}])~(?=[\w\\${])")
_TILDE = re.compile(r"(?<!\\)~")
_MATH = re.compile(r"(?<!\\)\$([^$\n]{1,500})(?<!\\)\$")
_OPERATOR = re.compile(r"[\\^_{}=<>]|^\S{1,3}$")
_PARAGRAPHS = re.compile(r"\n[ \t\r]*\n\s*")
_URL = re.compile(r"\\url\s*\{([^{}]*)\}")
_LINK = re.compile(r"\\href\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_MOST_OUTER = 3  # braces around all of a value
_MOST_WORD = 20_000  # characters; what needs more is no LaTeX
_MOST_DECODED = 1_000_000  # characters of a value
_MOST_CACHED = 20_000
_MACROS = {  # that the decoder drops, or takes for an accent
    "textbraceleft": "{",
    "textbraceright": "}",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "lt": "<",
    "gt": ">",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "textbar": "|",
    **dict.fromkeys(
        ("em", "it", "bf", "rm", "tt", "sc", "sl", "itshape", "bfseries", "small", "noindent", "relax"), ""
    ),
}


def plain_text_of(value: str) -> str:
    """Return a value of BibTeX as text: accents and symbols as letters, without braces; paragraphs stay.

    Formulas become plain characters; a macro that is not known stays as it is written.
    """
    if len(value) > _MOST_DECODED:
        return _without_braces(value)
    value = _inside(value.strip())
    paragraphs = (" ".join(each.split()) for each in _PARAGRAPHS.split(value))
    return "\n\n".join(_decoded(each) if _SPECIAL.search(each) else each for each in paragraphs if each)


def _inside(value: str) -> str:
    """Return a value without the braces around all of it."""
    for _ in range(_MOST_OUTER):
        if not (value.startswith("{") and value.endswith("}")):
            break
        depth = 0
        for match in re.finditer(r"\\.|[{}]", value, re.DOTALL):
            depth += (match[0] == "{") - (match[0] == "}")
            if depth == 0:
                break
        if match.end() != len(value):
            break
        value = value[1:-1].strip()
    return value


def _decoded(text: str) -> str:
    text = _LINK.sub(r"\2 (\1)", _URL.sub(r"\1", text))
    text = _TILDE.sub(r"\\textasciitilde{}", _TIE.sub(" ", _NO_LATEX.sub(r"\\\1", text)))
    text = _without_money(text)
    return " ".join(" ".join(map(_word, _words(text))).split())


def _without_money(text: str) -> str:
    """Return a text in which a dollar that begins no formula is escaped."""
    pieces: list[str] = []
    end = 0
    while match := _MATH.search(text, end):
        if _OPERATOR.search(match[1].strip()):
            pieces += (_escaped_dollars(text[end : match.start()]), match[0])
            end = match.end()
        else:
            pieces.append(_escaped_dollars(text[end : match.start() + 1]))
            end = match.start() + 1
    return "".join((*pieces, _escaped_dollars(text[end:])))


def _escaped_dollars(text: str) -> str:
    return re.sub(r"(?<!\\)\$", r"\\$", text)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text; one holds all of a group or formula, and what follows the macro at its end."""
    parts: list[str] = []
    depth = n_dollars = 0
    for part in text.split(" "):
        if not parts and not _SPECIAL.search(part):
            yield part
            continue
        parts.append(part)
        plain = _ESCAPED_MARK.sub("", part)
        depth = max(0, depth + plain.count("{") - plain.count("}"))
        n_dollars += plain.count("$")
        if depth == 0 and n_dollars % 2 == 0 and not _MACRO_AT_END.search(part):
            yield " ".join(parts)
            parts = []
    yield " ".join(parts)


def _word(word: str) -> str:
    if not _SPECIAL.search(word):
        return word
    simple = _ESCAPED.sub("", word)
    if "\\" not in simple and "$" not in simple and "''" not in simple and "``" not in simple and "--" not in simple:
        return _ESCAPED.sub(r"\1", re.sub(r"(?<!\\)[{}]", "", word))
    return _latex(word) if len(word) <= _MOST_WORD else _without_braces(word)


@functools.lru_cache(_MOST_CACHED)
def _latex(word: str) -> str:
    try:
        text = str(_decoder().latex_to_text(word))
    except Exception:  # the decoder raises many kinds, and RecursionError
        return _without_braces(word)
    is_broken = "%s" in text or (not text.strip() and "\\" in word and "{" not in word)
    return _without_braces(word) if is_broken else text


def _without_braces(word: str) -> str:
    return re.sub(r"[{}]", "", word)


@functools.cache
def _decoder() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, text) for name, text in _MACROS.items()]
    context.add_context_category("exemplar", prepend=True, macros=macros)
    context.set_unknown_macro_spec(MacroTextSpec("", _unknown))
    return LatexNodes2Text(context, math_mode="text", keep_comments=True)


def _unknown(node: Any, l2tobj: Any) -> str:
    """Return a macro that the decoder does not know: its arguments, or itself if it has none."""
    arguments = [each for each in node.nodeargd.argnlist if each is not None] if node.nodeargd else []
    text = node.parsing_state.s
    if arguments or text[node.pos + node.len : node.pos + node.len + 1] == "{":
        return "".join(map(l2tobj.node_to_text, arguments))
    return str(text[node.pos : node.pos + node.len])
