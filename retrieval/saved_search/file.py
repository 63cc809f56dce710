"""The file of a saved search, which is small, written atomically, and not trusted when it is read."""

import json
from pathlib import Path
from typing import Any, NoReturn

from exemplar.data.errors import ExemplarError
from exemplar.data.home import content_of, write_atomically
from exemplar.data.text import has_lone_surrogate, size_in_words
from exemplar.data.words.languages import is_language
from exemplar.retrieval.saved_search.saved import FORMAT, SavedSearch
from exemplar.retrieval.saved_search.schema import schema

MOST_BYTES = 2**26

_LONGEST = 200  # characters of what is wrong
_KEY = "exemplar_saved_search"


def read_saved_search(path: Path) -> SavedSearch:
    """Return the saved search in a file.

    Raises
    ------
    ExemplarError
        The file can't be read, or does not hold a saved search of this version.
    """
    try:
        content = content_of(path, MOST_BYTES)
    except OSError as error:
        raise ExemplarError(f"the saved search can't be read: {error}") from error
    return saved_search_of(content, path.name)


def write_saved_search(saved: SavedSearch, path: Path) -> None:
    """Write a saved search to a file, atomically; ExemplarError if it could not be read again."""
    write_atomically(path, bytes_of(saved))


def bytes_of(saved: SavedSearch) -> bytes:
    """Return a saved search as the content of a file: a line for every key, and for every mark."""
    values = saved.to_json()
    try:
        _check(values)
    except ExemplarError as error:
        raise ExemplarError(f"this search could not be read again from a file: {error}") from error
    lines = [f"  {json.dumps(key)}: {_lines(value)}" for key, value in values.items()]
    content = ("{\n" + ",\n".join(lines) + "\n}\n").encode()
    if len(content) > MOST_BYTES:
        size, most = size_in_words(len(content)), size_in_words(MOST_BYTES)
        what = "texts" if saved.vectors is None else "texts and vectors"
        raise ExemplarError(f"with the {what} of its marks this search has {size}; at most {most} can be read again")
    return content


def saved_search_of(content: bytes, name: str = "the file") -> SavedSearch:
    """Return the saved search in the content of a file; raises ExemplarError as ``read_saved_search``."""
    if len(content) > MOST_BYTES:
        raise ExemplarError(f"{name} is larger than {size_in_words(MOST_BYTES)}, which no saved search is")
    try:
        return search_in_json(json.loads(content, parse_constant=_refuse))
    except RecursionError:
        raise ExemplarError(f"{name} does not hold a saved search: it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ExemplarError(
            f"{name} does not hold a saved search: it is no JSON (line {error.lineno}, column {error.colno})"
        ) from error
    except ValueError as error:  # ExemplarError is one
        raise ExemplarError(f"{name} does not hold a saved search: {error}") from error


def search_in_json(content: Any) -> SavedSearch:
    """Return the saved search in JSON, which is not trusted; raises ExemplarError if it does not hold one."""
    if not isinstance(content, dict) or _KEY not in content:
        raise ExemplarError(f"it has no '{_KEY}' at its top; save a session to get such a file")
    if content[_KEY] != FORMAT:
        raise ExemplarError(f"it is of format {content[_KEY]!r:.20}, and this version reads {FORMAT}")
    _check(content)
    if has_lone_surrogate(json.dumps(content, ensure_ascii=False)):
        raise ExemplarError("it holds text that is not Unicode")
    if content["words"] and not is_language(content["words"]["language"]):
        raise ExemplarError(f"it has words of an unknown language '{content['words']['language']}'")
    return SavedSearch.from_json(content)


def _check(content: Any) -> None:
    """Raise ExemplarError with the place of a mistake if the content does not fit the schema."""
    import jsonschema

    mistake = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema()).iter_errors(content))
    if mistake is not None:
        place = mistake.json_path.removeprefix("$").removeprefix(".")
        raise ExemplarError(f"{place}{': ' if place else ''}{mistake.message:.{_LONGEST}}")


def _lines(value: Any) -> str:
    """Return a value on one line; a list of objects with a line for each."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n  ]"
    return json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
