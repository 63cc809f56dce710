"""Answers as JSON, and what a failure becomes: a status and a sentence, never a traceback."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from exemplar.data.error_log import describe_fault
from exemplar.data.errors import (
    CorpusBusy,
    CorpusDamaged,
    CorpusNotFound,
    EncoderMismatch,
    ExemplarError,
    Hint,
    TextColumnUnknown,
)

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


_REMEDIES: dict[Hint, str] = {"retrain": '"retrain": true', "model": "exemplar apply --model NAME"}


class SessionNotFound(ExemplarError):
    """No saved session has this id."""


def answer(content: Any, status: int = 200) -> JSONResponse:
    """Return a JSON answer that nothing on its way keeps."""
    return JSONResponse(content, status, headers=_HEADERS)


def refusal(status: int, sentence: str) -> JSONResponse:
    """Return the answer to a request that is refused."""
    return answer({"error": sentence}, status)


def failure(error: Exception) -> JSONResponse:
    """Return the answer to a request that failed; a fault of the program goes to the log."""
    match error:
        case HTTPException():
            refused = refusal(error.status_code, error.detail)
            refused.headers.update(error.headers or {})
            return refused
        case ClientDisconnect():
            return refusal(400, "the request broke off")  # nobody reads this
        case CorpusNotFound() | SessionNotFound():
            return refusal(404, str(error))
        case CorpusBusy() | CorpusDamaged() | EncoderMismatch():
            return refusal(409, _with_remedy(error))
        case ExemplarError():
            return refusal(400, _with_remedy(error))
    return refusal(500, describe_fault(error))


def _with_remedy(error: ExemplarError) -> str:
    """Return the message of an error, with the remedy that a request has."""
    remedy = _REMEDIES.get(error.hint) if error.hint else None
    if isinstance(error, TextColumnUnknown):
        remedy = '"columns": {"text": NAME}'
    return f"{error} ({remedy})" if remedy else str(error)
