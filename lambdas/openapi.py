"""The OpenAPI document, made from the routes themselves: `python -m lambdas.openapi` writes it.

The `meta` function serves the file as it is: making it takes a second and more modules than any
request needs. A test fails when the file is not what the routes say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server

from lambdas.handlers import auth, chat, conversations, meta, search, tickets
from lambdas.schemas import Problem

PATH = Path(__file__).with_name("openapi.json")
VERSION = "1.0.0"

# What powertools documents for errors it would answer itself; ours are problems.
_NOT_OURS = {"HTTPValidationError", "ValidationError", "ResponseValidationError"}

Document = dict[str, Any]


def document() -> Document:
    """Make the document (OpenAPI 3.1)."""
    api = APIGatewayRestResolver(enable_validation=True)
    for handler in (auth, chat, conversations, search, tickets, meta):
        api.include_router(handler.router)
    made: Document = json.loads(
        api.get_openapi_json_schema(
            title="Prosa",
            version=VERSION,
            description="A chat assistant. Replies come over the WebSocket; this API is the rest.",
            servers=[Server(url="/api")],
            security_schemes={"access_token": HTTPBearer(bearerFormat="JWT")},
        )
    )
    schemas: Document = made["components"]["schemas"]
    _add_problem(schemas)
    for name in _NOT_OURS:
        schemas.pop(name, None)
    for operation in _operations(made):
        _keep_our_responses(operation)
    return made


def text() -> str:
    """The document as it is stored: sorted, so that a change is all a diff shows."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _add_problem(schemas: Document) -> None:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem


def _operations(made: Document) -> list[Document]:
    paths: dict[str, dict[str, Document]] = made["paths"]
    return [operation for methods in paths.values() for operation in methods.values()]


def _keep_our_responses(operation: Document) -> None:
    responses = cast(dict[str, Document], operation["responses"])
    for status in list(responses):
        content: dict[str, Document] = responses[status].get("content") or {}
        if any(_names(media.get("schema", {})) in _NOT_OURS for media in content.values()):
            del responses[status]
        elif not content:
            responses[status].pop("content", None)


def _names(schema: Document) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
