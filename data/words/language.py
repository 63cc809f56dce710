"""The language that texts are in, recognised from a sample of them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from exemplar.data.errors import ExemplarError
from exemplar.data.text import one_line
from exemplar.data.words.languages import is_language

_BEGINNING = 500  # characters of a text
_BLOCK = 400  # characters that are recognised together: a short text alone says too little
_SURE = 0.5  # the recogniser's own confidence in a block: most names and numbers stay below
_NO_LETTERS = re.compile(r"[\s!-@\[-`{-~]+")  # blanks, and all of ASCII but letters


def recognised_language(texts: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language of most texts; empty if they are not clearly in one that is known.

    Equal texts have equal answers; nothing is fetched from a network.

    Raises
    ------
    ExemplarError
        See ``load_recogniser``.
    """
    blocks = list(_blocks(texts))
    if not blocks:
        return ""
    recogniser = load_recogniser()
    languages = [language if sure >= _SURE else "" for language, sure in map(recogniser.classify, blocks)]
    language, n = Counter(languages).most_common(1)[0]
    return language if is_language(language) and 2 * n > len(blocks) else ""


def load_recogniser() -> Any:
    """Load the recogniser of py3langid; its 120 MB are free again when nobody holds it.

    Raises
    ------
    ExemplarError
        The system's temporary folder, into which py3langid unpacks its model, can't be written.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:
        remedy = "make room in the system's temporary folder, or choose the language"
        raise ExemplarError(f"the language of the texts can't be recognised ({one_line(error)}); {remedy}") from error


def _blocks(texts: Iterable[str]) -> Iterator[str]:
    """Yield the beginnings of texts, short ones joined, without digits and ASCII's signs."""
    block = ""
    for text in texts:
        block += _NO_LETTERS.sub(" ", text[:_BEGINNING]) + " "
        if len(block) >= _BLOCK:
            yield block
            block = ""
    if block.strip():
        yield block
