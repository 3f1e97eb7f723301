"""AWS calls as they look on the wire: which one a request is, and how its service says no.

Each service says it in its own protocol and words, and botocore retries by those words; a plain 503
for all would test a service that does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(\w+)/")
_APP = re.compile(r"\bapp/(\S+)")

API = "api"
"""Who calls without saying so. Others are named by `AWS_SDK_UA_APP_ID` in their environment."""


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call: `service` as in SigV4's scope, `operation` in the API's words."""

    service: str
    operation: str
    side: str

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


def call_of(method: str, path: str, headers: Mapping[str, str]) -> AwsCall:
    """Tell which call a request is, by what the SDK signs and names."""
    scope = _SCOPE.search(headers.get("Authorization", ""))
    service = scope.group(1) if scope else "unknown"
    app = _APP.search(headers.get("User-Agent", ""))
    target = headers.get("X-Amz-Target", "").rpartition(".")[2]
    kind = "Object" if path.strip("/").count("/") else "Bucket"
    return AwsCall(service, target or f"{method.title()}{kind}", app.group(1) if app else API)


def internal_error(call: AwsCall) -> web.Response:
    """The service failed by its own fault."""
    match call.service:
        case "s3":
            return _xml(500, "InternalError", "We encountered an internal error.")
        case "sqs":
            return _json(500, "com.amazonaws.sqs#InternalFailure", query="InternalFailure;Receiver")
        case "dynamodb":
            return _json(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")
        case _:
            return _json(500, "InternalServerError")


def throttled(call: AwsCall, body: bytes) -> web.Response:
    """The service asks to slow down; of these, only S3 says it with a 503."""
    match call.service:
        case "s3":
            return _xml(503, "SlowDown", "Please reduce your request rate.")
        case "sqs":
            return _json(400, "com.amazonaws.sqs#RequestThrottled", query="RequestThrottled;Sender")
        case "dynamodb" if call.operation == "TransactWriteItems":
            return _cancelled(len(json.loads(body)["TransactItems"]))
        case "dynamodb":
            return _json(
                400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
            )
        case _:
            return _json(400, "ThrottlingException")


def _cancelled(writes: int) -> web.Response:
    """A transaction that one busy item keeps from happening: botocore does not retry this one."""
    reasons = [{"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity."}]
    reasons += [{"Code": "None"}] * (writes - 1)
    return _json(
        400,
        "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        more={"CancellationReasons": reasons},
    )


def _json(
    status: int, kind: str, *, query: str | None = None, more: Mapping[str, object] | None = None
) -> web.Response:
    body = {"__type": kind, "message": "Injected by the fault rig.", **(more or {})}
    # SQS spoke another protocol once; its clients still know the errors by the names they had.
    headers = {"x-amzn-query-error": query} if query else {}
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/x-amz-json-1.0", **headers},
    )


def _xml(status: int, code: str, message: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")
