"""The encoding of bytes that are not UTF-8, recognised by the letters that they become."""

import functools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exemplar.data.files.letters import wrong_places

USUAL = "cp1252"

_MOST_JUDGED = 5_000  # characters of a decoded text
_MANY = 15  # bytes beyond ASCII show their encoding
_REPEATED = 4  # times; more of the same byte say no more
_CLOSE = 0.8  # of the best score: another encoding might be right
_FEW_LETTERS = 6  # different ones show no language
_FEW_DIFFERENT = 3  # bytes beyond ASCII show no script
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")
_HIGH_LETTERS = re.compile(r"[^\x00-\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")
# Rare in text that was decoded rightly: a blank that does not break, or quotes and dashes, between small letters; signs
# behind a word; \u00ac before one; \u00ff; lone capitals and signs; mathematics and lines of boxes at words.
_RARE = re.compile(
    r"(?<=[a-z])[\xa0\u201c\u201d\u201e\xab\xbb\u2039\u203a\u2014\u2013\u2018\u207f](?=[a-z])"
    r"|(?<=[a-z])[\u2022\u2020\u2021\u2030\u201a\u201e\xa2\u0192\xa3\xa5](?![A-Za-z])|\xac(?=[a-z])|\xff"
    r"|(?:^|(?<= ))[\u0160\u017d\u2022\u2020\u2021\u0192\u2026\xef\xf2](?= [a-z])"
    r"|(?<=[^\W\d_])[\u2264\u2265\u2202\u2211\u221a\u2248\u221e\u2500-\u257f]|[\u2500-\u257f](?=[^\W\d_])"
)
_WORD_BEYOND_ASCII = re.compile(r"[^\W\d_\x00-\x7f]{2}")
_OF_USUAL = 1.1  # times as likely as the recogniser says: in doubt, a text is western
_OF_APOSTROPHES = 3  # times as likely: the recogniser takes English with them for Czech of old Macs
_APOSTROPHE = re.compile(rb"[A-Za-z]\x92(?:s|t|re|ve|ll|d|m)\b")  # of English in cp1252
_ICELANDIC, _NOT_ICELANDIC = re.compile("[þðÞÐ]"), re.compile("[àâãäåçèêëìîïñòôõùûüÀÂÃÄÅÇÈÊËÑÒÔÕÙÛÜ]")
_FOREIGN = re.compile("[çÇ]")  # to the languages of Central Europe
# Signs of western texts and \xe0 as these encodings have them.
_ACCENTS = re.compile(r"[\u02c7\u02d8\u02d9\u02db\u02dd]|\b\u0155|\u0155\b")
_CENTRAL = frozenset({"cp1250", "iso8859-2", "mac-latin2", "cp852"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")

# How likely files are in these encodings, by little evidence. ISO 8859-1, -9 and -11 are parts of cp1252, cp1254 and
# cp874. Those that are left out are rarer, and the recogniser takes short texts for them.
_LATIN = {
    "cp1252": 1.0,
    "cp1250": 0.8,
    "cp1254": 0.8,
    "cp1257": 0.75,
    "iso8859-2": 0.82,
    "iso8859-13": 0.6,
    "iso8859-15": 0.7,
    "cp1258": 0.5,
    "mac-roman": 0.6,
    "mac-latin2": 0.5,
    "cp850": 0.6,
    "cp852": 0.55,
    "cp437": 0.5,
    "cp857": 0.45,
    "cp775": 0.4,
}
_OTHER_LETTERS = {
    "cp1251": 0.9,
    "koi8-r": 0.8,
    "koi8-u": 0.75,
    "cp866": 0.7,
    "iso8859-5": 0.6,
    "mac-cyrillic": 0.9,
    "cp1253": 0.9,
    "iso8859-7": 0.8,
    "cp737": 0.6,
    "cp1255": 0.9,
    "iso8859-8": 0.7,
    "cp862": 0.5,
    "cp1256": 0.9,
    "iso8859-6": 0.6,
    "cp874": 0.8,
}
_ASIAN = {"gb18030": 1.0, "big5hkscs": 0.9, "cp932": 1.0, "euc_jis_2004": 0.8, "cp949": 0.9}
_PRIORS = _LATIN | _OTHER_LETTERS | _ASIAN


# Letters beyond ASCII of western languages in cp1252, and short words that no other language has in such numbers.
_LANGUAGES = tuple(
    (re.compile(rf"[{letters}]+"), re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for letters, words in (
        ("\xe4\xf6\xfc\xdf\xc4\xd6\xdc", "der|die|das|und|ist|nicht|ein|eine|mit|ich|zu|den|auf|von|es|dem"),
        (
            "\xe0\xe2\xe7\xe8\xe9\xea\xeb\xee\xef\xf4\xf9\xfb\xc0\xc7\xc9\xca",
            "le|la|des|une|est|et|que|qui|pour|dans|du|avec|sur|au|nous|vous|mais",
        ),
        (
            "\xe1\xe9\xed\xf1\xf3\xfa\xfc\xbf\xa1\xc1\xc9",
            "el|la|los|las|una|que|por|con|para|del|pero|muy|como|est\xe1",
        ),
        (
            "\xe0\xe1\xe2\xe3\xe7\xe9\xea\xed\xf3\xf4\xf5\xfa\xc9",
            "os|as|uma|que|do|em|por|com|para|ao|foi|muito|mas|n\xe3o",
        ),
        ("\xe0\xe8\xe9\xec\xf2\xf9\xc8", "il|gli|una|che|di|per|con|non|della|sono|ha|molto|questo"),
        ("\xe5\xe4\xf6\xe9\xc5\xc4\xd6", "och|det|att|som|en|ett|jag|inte|med|den|var|av|till|man|om"),
        ("\xe6\xf8\xe5\xe9\xc6\xd8\xc5", "og|det|at|som|en|et|jeg|ikke|med|den|var|av|af|til|p\xe5|de|er"),
    )
)
_FEW_WORDS = 3  # different ones that show a language


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding by Python's name, and whether no other one is nearly as likely."""

    encoding: str
    is_sure: bool


@functools.lru_cache(maxsize=16)  # a file is opened several times
def guess(sample: bytes) -> Guess | None:
    """Return the encoding of bytes that are not UTF-8; None if they are not text.

    Of encodings in which the bytes have no controls, it takes the one whose letters are those of a language in their
    usual order. Few letters beyond ASCII say little: then cp1252 is preferred.
    """
    if b"\0" in sample:
        return None
    if _is_plainly_western(sample):
        return Guess(USUAL, is_sure=True)
    counts = Counter(_HIGH.findall(sample))
    evidence = min(1.0, sum(min(count, _REPEATED) for count in counts.values()) / _MANY)
    texts: dict[str, str] = {}
    most: dict[str, float] = {}
    for encoding, confidence in _confidences(sample).items():
        if (text := _decoded(sample, encoding)) is not None:
            texts[encoding] = text
            most[encoding] = confidence * _prior(encoding, evidence, len(counts))
    if not texts:
        return None
    if USUAL in most:
        has_apostrophes = 2 * len(_APOSTROPHE.findall(sample)) > counts[b"\x92"]
        most[USUAL] *= _OF_APOSTROPHES if has_apostrophes else _OF_USUAL
    scores = _scores(texts, most)
    highest = max(scores, key=lambda encoding: scores[encoding])
    if len(set(_LETTER.findall(sample))) < _FEW_LETTERS and highest in _LATIN and USUAL in texts:
        return Guess(USUAL, is_sure=True)
    best = next(encoding for encoding in _PRIORS if texts.get(encoding) == texts[highest])
    others = (score for encoding, score in scores.items() if texts[encoding] != texts[best])
    shows_much = best == USUAL or len(counts) >= _FEW_DIFFERENT
    return Guess(best, shows_much and max(others, default=0.0) < _CLOSE * scores[highest])


def _is_plainly_western(sample: bytes) -> bool:
    """Return whether all letters beyond ASCII are those of a western language, some words of which occur."""
    text = sample[:_MOST_JUDGED].decode(USUAL, errors="ignore")
    beyond = "".join({*_HIGH_LETTERS.findall(text)})
    return any(
        letters.fullmatch(beyond) and len(set(map(str.lower, words.findall(text)))) >= _FEW_WORDS
        for letters, words in _LANGUAGES
    )


def _scores(texts: Mapping[str, str], most: Mapping[str, float]) -> dict[str, float]:
    """Return the scores of the likeliest encodings; the letters are not looked at where the best score is far.

    Parameters
    ----------
    texts
        The sample in every encoding.
    most
        The score of every encoding if all letters of its text look right.
    """
    scores: dict[str, float] = {}
    judged: dict[tuple[str, bool, bool], float] = {}
    highest = 0.0
    for encoding in sorted(most, key=lambda each: most[each], reverse=True):
        if most[encoding] < _CLOSE * highest:
            break
        key = texts[encoding], encoding in _OTHER_LETTERS, encoding in _CENTRAL
        if key not in judged:
            judged[key] = _plausibility(texts[encoding], encoding)
        scores[encoding] = most[encoding] * judged[key]
        highest = max(highest, scores[encoding])
    return scores


def _confidences(sample: bytes) -> dict[str, float]:
    from chardet import detect_all

    found = detect_all(
        sample, ignore_threshold=True, compat_names=False, include_encodings=_PRIORS, empty_input_encoding=USUAL
    )
    confidences = {str(each["encoding"]): float(each["confidence"]) for each in found}
    least = max(confidences.values(), default=1.0) / 10
    return {USUAL: least} | {name: confidence for name, confidence in confidences.items() if name in _PRIORS}


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Return a sample as text, None if it has controls or is not in the encoding; its last character may be cut."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:
            return None
        text = sample[: error.start].decode(encoding)
    return None if _CONTROL.search(text) else text


def _prior(encoding: str, evidence: float, n_different: int) -> float:
    """Return how likely an encoding is before a look at the letters; with many of them, this counts less."""
    if n_different < _FEW_DIFFERENT and encoding not in _LATIN:
        return 0.0
    prior: float = _PRIORS[encoding] ** (1 - 0.95 * evidence)
    return prior * min(1.0, n_different / 4) ** 2 if encoding in _OTHER_LETTERS else prior


def _plausibility(text: str, encoding: str) -> float:
    """Return 1 for text whose letters all look right, less for others."""
    judged = text[:_MOST_JUDGED]
    if encoding in _OTHER_LETTERS and not _WORD_BEYOND_ASCII.search(judged):
        return 0.02
    n_letters = len(judged) - len(judged.encode("ascii", errors="ignore"))
    n_wrong = sum(1 for _ in wrong_places(judged)) + len(_RARE.findall(judged))
    if encoding in _CENTRAL:
        n_wrong += len(_FOREIGN.findall(judged)) + len(_ACCENTS.findall(judged))
    elif _NOT_ICELANDIC.search(judged):
        n_wrong += len(_ICELANDIC.findall(judged))
    return max(0.02, 1 - 3 * n_wrong / max(1, n_letters))
