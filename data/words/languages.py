"""The languages whose words are reduced to stems, or whose frequent words are left out."""

from collections.abc import Callable
from dataclasses import dataclass

from exemplar.data.errors import ExemplarError


@dataclass(frozen=True, slots=True)
class _Language:
    name: str
    stemmer: str = ""  # of Snowball
    stop_words: str = ""  # of bm25s


# By ISO 639-1 code: all that Snowball or bm25s know, then others that can be recognised.
_LANGUAGES = {
    "ar": _Language("Arabic", "arabic"),
    "ca": _Language("Catalan", "catalan"),
    "cs": _Language("Czech", "czech"),
    "da": _Language("Danish", "danish", "DANISH"),
    "de": _Language("German", "german", "GERMAN"),
    "el": _Language("Greek", "greek"),
    "en": _Language("English", "english", "EN_PLUS"),
    "eo": _Language("Esperanto", "esperanto"),
    "es": _Language("Spanish", "spanish", "SPANISH"),
    "et": _Language("Estonian", "estonian"),
    "eu": _Language("Basque", "basque"),
    "fa": _Language("Persian", "persian"),
    "fi": _Language("Finnish", "finnish"),
    "fr": _Language("French", "french", "FRENCH"),
    "ga": _Language("Irish", "irish"),
    "hi": _Language("Hindi", "hindi"),
    "hu": _Language("Hungarian", "hungarian"),
    "hy": _Language("Armenian", "armenian"),
    "id": _Language("Indonesian", "indonesian"),
    "it": _Language("Italian", "italian", "ITALIAN"),
    "ja": _Language("Japanese"),
    "ko": _Language("Korean", "", "KOREAN"),
    "lt": _Language("Lithuanian", "lithuanian"),
    "nb": _Language("Norwegian Bokmål", "norwegian", "NORWEGIAN"),
    "ne": _Language("Nepali", "nepali"),
    "nl": _Language("Dutch", "dutch", "DUTCH"),
    "nn": _Language("Norwegian Nynorsk", "norwegian", "NORWEGIAN"),
    "no": _Language("Norwegian", "norwegian", "NORWEGIAN"),
    "pl": _Language("Polish", "polish"),
    "pt": _Language("Portuguese", "portuguese", "PORTUGUESE"),
    "ro": _Language("Romanian", "romanian"),
    "ru": _Language("Russian", "russian", "RUSSIAN"),
    "sr": _Language("Serbian", "serbian"),
    "st": _Language("Sesotho", "sesotho"),
    "sv": _Language("Swedish", "swedish", "SWEDISH"),
    "ta": _Language("Tamil", "tamil"),
    "tr": _Language("Turkish", "turkish", "TURKISH"),
    "yi": _Language("Yiddish", "yiddish"),
    "zh": _Language("Chinese", "", "CHINESE"),
    "af": _Language("Afrikaans"),
    "az": _Language("Azerbaijani"),
    "be": _Language("Belarusian"),
    "bg": _Language("Bulgarian"),
    "bn": _Language("Bengali"),
    "bs": _Language("Bosnian"),
    "cy": _Language("Welsh"),
    "gl": _Language("Galician"),
    "gu": _Language("Gujarati"),
    "he": _Language("Hebrew"),
    "hr": _Language("Croatian"),
    "is": _Language("Icelandic"),
    "ka": _Language("Georgian"),
    "kk": _Language("Kazakh"),
    "km": _Language("Khmer"),
    "kn": _Language("Kannada"),
    "la": _Language("Latin"),
    "lo": _Language("Lao"),
    "lv": _Language("Latvian"),
    "mk": _Language("Macedonian"),
    "ml": _Language("Malayalam"),
    "mn": _Language("Mongolian"),
    "mr": _Language("Marathi"),
    "ms": _Language("Malay"),
    "my": _Language("Burmese"),
    "pa": _Language("Punjabi"),
    "si": _Language("Sinhala"),
    "sk": _Language("Slovak"),
    "sl": _Language("Slovenian"),
    "sq": _Language("Albanian"),
    "sw": _Language("Swahili"),
    "te": _Language("Telugu"),
    "th": _Language("Thai"),
    "tl": _Language("Tagalog"),
    "uk": _Language("Ukrainian"),
    "ur": _Language("Urdu"),
    "vi": _Language("Vietnamese"),
}


NO_LANGUAGE = "none"  # the choice of no stop words and no stems
RECOGNISE = "auto"  # the choice to recognise the language again


def language_name(code: str) -> str:
    """Return the English name of a language; "unknown" for ""."""
    return _LANGUAGES[code].name if code else "unknown"


def language_codes() -> list[str]:
    """Return the codes of all languages, in the order of their English names."""
    return sorted(_LANGUAGES, key=lambda code: _LANGUAGES[code].name)


def language_code(words: str) -> str:
    """Return the ISO 639-1 code of a language from its code or its English name; ``none`` and ``auto`` stay.

    Raises
    ------
    ExemplarError
        The language is not known; the message lists the languages.
    """
    wanted = words.strip().casefold()
    if wanted in (NO_LANGUAGE, RECOGNISE):
        return wanted
    for code, language in _LANGUAGES.items():
        if wanted in (code, language.name.casefold()):
            return code
    known = ", ".join(f"{code} ({language.name})" for code, language in sorted(_LANGUAGES.items()))
    raise ExemplarError(
        f"'{words:.100}' is no language by its code or English name, nor auto or none; known are {known}"
    )


def is_language(code: object) -> bool:
    """Return whether a value is the code of a known language, or "" for an unknown one."""
    return code == "" or (isinstance(code, str) and code in _LANGUAGES)


def stop_words(code: str) -> frozenset[str]:
    """Return the words of a language that are too frequent to say anything, in lower case."""
    language = _LANGUAGES.get(code)
    if not language or not language.stop_words:
        return frozenset()
    import bm25s.stopwords

    words: tuple[str, ...] = getattr(bm25s.stopwords, f"STOPWORDS_{language.stop_words}")
    return frozenset(word.casefold() for word in words)


def stemmer(code: str) -> Callable[[str], str]:
    """Return a function that reduces a word of a language, in lower case, to its Snowball stem."""
    language = _LANGUAGES.get(code)
    if not language or not language.stemmer:
        return str
    import Stemmer

    stem: Callable[[str], str] = Stemmer.Stemmer(language.stemmer, 0).stemWord  # 0: no cache of its own
    return stem


def snowball_version() -> str:
    """Return the version of Snowball: another one may give other stems."""
    import Stemmer

    version: str = Stemmer.version()
    return version
