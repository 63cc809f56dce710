"""The description of the interface: as OpenAPI 3.1, and as a page."""

import html
import json
from typing import Any

from exemplar.api.operations import OPERATIONS, Operation
from exemplar.api.schemas import ERROR, Schema

# Adds to the guard's policy, which is for the app: this page runs and loads nothing.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_ABOUT = """\
Search, marks and sessions of the corpora on this machine, as JSON. Every request carries the header
Authorization: Bearer TOKEN; the token stands in the file that exemplar serve --api names at its start. Bodies are JSON
objects, sent as application/json. What is wrong with a request is said in {"error": "a sentence"}."""
_REFUSALS = {
    400: "Something in the request is wrong.",
    401: "The token is missing or wrong.",
    403: "Sent by a page of another site, or to a name that is not allowed.",
    404: "There is no such corpus or session.",
    409: "The corpus can't be used as it is now.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    500: "A fault of Exemplar itself.",
    503: "The interface is ending.",
}
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
:root { color-scheme: light dark }
h2 { font-size: 1.1rem; margin-top: 2.5rem } code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 6px } summary { cursor: pointer }"""


def openapi() -> dict[str, Any]:
    """Return the description of the interface as OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Exemplar", "version": "1", "description": _ABOUT},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": ERROR},
        },
    }


def page() -> str:
    """Return the description of the interface as a page without scripts."""
    parts = [f"<p>{html.escape(_ABOUT)}</p>", '<p><a href="openapi.json">openapi.json</a></p>']
    for operation in OPERATIONS:
        parts += [
            f'<h2 id="{operation.name}"><code>{operation.method} {html.escape(operation.path)}</code></h2>',
            f"<p>{html.escape(operation.summary)}</p>",
            *(_schema(name, schema) for name, schema in _schemas(operation).items()),
        ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Exemplar over HTTP</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head><body><main><h1>Exemplar over HTTP</h1>{''.join(parts)}</main></body></html>"
    )


def _schemas(operation: Operation) -> dict[str, Schema]:
    schemas = {"Parameters": dict(operation.parameters)} if operation.parameters else {}
    schemas |= {} if operation.body is None else {"Body": operation.body}
    return schemas | {"Answer": operation.answer}


def _schema(name: str, schema: Schema) -> str:
    text = html.escape(json.dumps(schema, indent=2))
    return f"<details><summary>{name}</summary><pre>{text}</pre></details>"


def _described(operation: Operation) -> dict[str, Any]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in in_path
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.parameters.items()]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(operation.status): _answered("As asked.", operation.answer)}
        | {str(status): _answered(why, {"$ref": "#/components/schemas/Error"}) for status, why in _REFUSALS.items()},
    }
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return described


def _answered(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
