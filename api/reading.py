"""Read a request: its JSON body, the texts after the question mark, and the names in its path."""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from exemplar.api.checking import check
from exemplar.api.schemas import Schema, record
from exemplar.data.errors import ExemplarError
from exemplar.data.text import has_lone_surrogate, size_in_words

MOST_BYTES = 64 * 2**20  # of a body

_WHOLE_NUMBER = re.compile("-?[0-9]{1,15}")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


async def body_of(request: Request, schema: Schema, most: int = MOST_BYTES) -> dict[str, Any]:
    """Return the JSON object that a request holds.

    Raises
    ------
    HTTPException
        The body is not declared as JSON (415), or has more than ``most`` bytes (413).
    ExemplarError
        It is not JSON, or does not fit the schema.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise HTTPException(415, f"the body must be JSON, sent as application/json; got '{content_type[:80]}'")
    content = await _bytes_of(request, most)
    return await run_in_threadpool(_checked, content, schema)  # a large one takes seconds


async def check_no_body(request: Request) -> None:
    """Raise ExemplarError if a request that takes no body has one."""
    if await _bytes_of(request, 0, "this request takes no body; send it without one"):
        raise AssertionError  # it is refused


def parameters_of(request: Request, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """Return the parameters after the question mark; raises ExemplarError if one is unknown, twice there or unfit."""
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise ExemplarError(f"the parameter '{name[:80]}' stands twice in the address; give it once")
        is_number = schemas.get(name, {}).get("type") == "integer" and _WHOLE_NUMBER.fullmatch(value)
        given[name] = int(value) if is_number else value
    check(given, record(dict(schemas), ()), "the address")
    return given


async def _bytes_of(request: Request, most: int, too_much: str = "") -> bytes:
    refusal = too_much or f"the body is larger than {size_in_words(most)}; send less at once"
    status = 400 if too_much else 413
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > most:
        raise HTTPException(status, refusal)  # before it is read
    parts, n_bytes = [], 0
    async for part in request.stream():
        n_bytes += len(part)
        if n_bytes > most:
            raise HTTPException(status, refusal)
        parts.append(part)
    return b"".join(parts)


def _checked(content: bytes, schema: Schema) -> dict[str, Any]:
    value = _parsed(content)
    if not isinstance(value, dict):
        raise ExemplarError("the body must be a JSON object, such as {}")
    check(value, schema, "the body")
    return value


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode()
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)
    except UnicodeDecodeError as error:
        raise ExemplarError(f"the body is not UTF-8, from byte {error.start:,} on") from error
    except json.JSONDecodeError as error:
        raise ExemplarError(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise ExemplarError("the body is nested too deeply") from error
    except ExemplarError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise ExemplarError(f"the body holds a number that can't be read: {error}") from error
    if _ESCAPED_SURROGATE.search(content) and has_lone_surrogate(json.dumps(value, ensure_ascii=False)):
        raise ExemplarError("the body holds half of a surrogate pair, which is not Unicode text")
    return value


def _refuse_constant(name: str) -> None:
    raise ExemplarError(f"the body holds {name}, which is not JSON; leave it out, or give null")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ExemplarError(f"the body has the key '{twice[:80]}' twice in one object; give it once")
    return found
