#!/usr/bin/env bash
# schemathesis 4.32.5 refuses a response that fits its schema, if the schema of an OpenAPI 3.1 document has prefixItems
# (JSON Schema 2020-12): validate_response raises InvalidSchema, "is not of types "boolean", "object"", as if the list
# of prefixItems were a schema. jsonschema takes the same schema and the same answer.
#
# Output seen:
#   schemathesis 4.32.5
#   jsonschema: valid
#   schemathesis: InvalidSchema
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet schemathesis==4.32.5 jsonschema==4.26.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

import jsonschema
import requests
import schemathesis

pair = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]}
content = {"application/json": {"schema": pair}}
answers = {"200": {"description": "a pair", "content": content}}
document = {
    "openapi": "3.1.0",
    "info": {"title": "pairs", "version": "1"},
    "paths": {"/pair": {"get": {"responses": answers}}},
}
response = requests.Response()
response.status_code, response._content = 200, json.dumps([1, "a"]).encode()
response.url = "http://localhost/pair"
response.headers["Content-Type"] = "application/json"
response.request = requests.Request("GET", response.url).prepare()

print("schemathesis", version("schemathesis"))
jsonschema.Draft202012Validator.check_schema(pair)
jsonschema.validate([1, "a"], pair)
print("jsonschema: valid")
try:
    schemathesis.openapi.from_dict(document)["/pair"]["GET"].validate_response(response)
    found = "valid"
except Exception as error:
    found = type(error).__name__
print("schemathesis:", found)
sys.exit(found != "InvalidSchema")
PYTHON
