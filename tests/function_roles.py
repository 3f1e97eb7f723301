"""The roles of `infra/functions/roles.yml` as tests see them, and their enforcement.

`as_function` makes this process refuse, as AWS would, every AWS call that the role of a function
does not allow. It knows the calls this project makes and no others: a new one fails loudly.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from prosa import aws

ROOT = Path(__file__).parents[1]
Grant = tuple[str, str]
"""An action, and the resource as serverless.yml writes it."""

_TABLE = "${self:custom.table}"
_current: ContextVar[str | None] = ContextVar("function", default=None)


class _CloudFormationLoader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation (`!Ref Name`) as plain text."""


def _tag_as_text(_loader: object, tag: str, _node: object) -> str:
    return tag


# PyYAML has no types.
cast("Any", _CloudFormationLoader).add_multi_constructor("!", _tag_as_text)


def declared(name: str) -> Any:
    """Read a YAML file of the repository, by its path from the root."""
    return yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader=_CloudFormationLoader)


@cache
def statements_of(function: str) -> list[dict[str, Any]]:
    """The statements of a function's own role, without what every function has."""
    logical_id = declared("serverless.yml")["functions"][function]["role"]
    role = declared("infra/functions/roles.yml")["Resources"][logical_id]["Properties"]
    [policy] = role["Policies"]
    return policy["PolicyDocument"]["Statement"]


@cache
def grants_of(function: str) -> frozenset[Grant]:
    """Each action a function's role allows, on each resource."""
    return frozenset(
        (action, resource)
        for statement in statements_of(function)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    )


def listed(value: str | list[str]) -> list[str]:
    """IAM takes one text for a list of one."""
    return [value] if isinstance(value, str) else value


class AccessDenied(Exception):
    """A function called what its role does not allow."""


@contextmanager
def as_function(name: str) -> Generator[None]:
    """Allow only what the role of `name` allows, while the block runs. Raises AccessDenied."""
    _watch_calls()
    denied: list[Grant] = []
    token = _current.set(name)
    _denied.set(denied)
    try:
        yield
    finally:
        _current.reset(token)
    if denied:
        raise AccessDenied(f"the role of {name} does not allow {denied}")


_denied: ContextVar[list[Grant]] = ContextVar("denied")


@cache
def _watch_calls() -> None:
    cast("Any", aws)._session().register("before-parameter-build.*.*", _check)


def _check(params: dict[str, Any], model: Any, **_: Any) -> None:
    function = _current.get()
    if function is None:
        return
    wanted = set(_grants(f"{model.service_model.service_name}:{model.name}", params))
    missing = wanted - grants_of(function)
    if missing:
        # Kept besides: the function may make an outage of it, which a test may expect.
        _denied.get().extend(sorted(missing))
        raise AccessDenied(f"the role of {function} does not allow {sorted(missing)}")


def _grants(operation: str, params: Mapping[str, Any]) -> Iterator[Grant]:
    """What AWS asks of a caller's role for a call."""
    yield from _GRANTS[operation](params)


def _queue(action: str) -> Callable[[Mapping[str, Any]], Iterator[Grant]]:
    def grants(params: Mapping[str, Any]) -> Iterator[Grant]:
        is_dead = params["QueueUrl"].endswith("-jobs-dead.fifo")
        yield action, "${self:custom.deadLetterQueue}" if is_dead else "${self:custom.queue}"

    return grants


def _fixed(action: str, resource: str) -> Callable[[Mapping[str, Any]], Iterator[Grant]]:
    def grants(_: Mapping[str, Any]) -> Iterator[Grant]:
        yield action, resource

    return grants


def _query(params: Mapping[str, Any]) -> Iterator[Grant]:
    index = params.get("IndexName")
    yield "dynamodb:Query", f"{_TABLE}/index/{index}" if index else _TABLE


def _transaction(params: Mapping[str, Any]) -> Iterator[Grant]:
    names = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    for item in params["TransactItems"]:
        [kind] = item
        yield f"dynamodb:{names.get(kind, 'ConditionCheckItem')}", _TABLE


def _parameter(params: Mapping[str, Any]) -> Iterator[Grant]:
    name = params["Name"].split("/", 3)[3]  # /prosa/<stage>/<name>
    yield "ssm:GetParameter", f"${{self:custom.parameters}}/{name}"


_TEXTS = "${self:custom.texts}"
_GRANTS: dict[str, Callable[[Mapping[str, Any]], Iterator[Grant]]] = {
    "dynamodb:GetItem": _fixed("dynamodb:GetItem", _TABLE),
    "dynamodb:PutItem": _fixed("dynamodb:PutItem", _TABLE),
    "dynamodb:UpdateItem": _fixed("dynamodb:UpdateItem", _TABLE),
    "dynamodb:DeleteItem": _fixed("dynamodb:DeleteItem", _TABLE),
    "dynamodb:BatchWriteItem": _fixed("dynamodb:BatchWriteItem", _TABLE),
    "dynamodb:Query": _query,
    "dynamodb:TransactWriteItems": _transaction,
    "sqs:SendMessage": _queue("sqs:SendMessage"),
    "sqs:ReceiveMessage": _queue("sqs:ReceiveMessage"),
    "sqs:ChangeMessageVisibilityBatch": _queue("sqs:ChangeMessageVisibility"),
    "sqs:DeleteMessageBatch": _queue("sqs:DeleteMessage"),
    "ssm:GetParameter": _parameter,
    "s3:PutObject": _fixed("s3:PutObject", _TEXTS),
    "s3:GetObject": _fixed("s3:GetObject", _TEXTS),
    "s3:DeleteObjects": _fixed("s3:DeleteObject", _TEXTS),
}
