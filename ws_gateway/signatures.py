"""Checks that a request is signed as AWS's SDKs sign it (Signature Version 4).

What to calculate botocore knows, which signs for boto3: the same code is given the request as it
came, and must come to the same signature.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from prosa.clock import utc_now

SERVICE = "execute-api"
MOST_SKEW = timedelta(minutes=5)
"""As AWS has it: how far the clocks may differ, and how long a request that was seen is good."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[\w-]+)"
    r"/(?P<service>[\w-]+)/aws4_request,\s*SignedHeaders=(?P<headers>[a-z0-9;_-]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came: `url` not decoded, names of headers in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class SignatureRefused(Exception):
    """`kind` is the error's type, as API Gateway names it; the text is for whoever sent it."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


class SignatureCheck:
    """`keys` maps an access key's id to its secret; with none, nobody may call."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    def check(self, request: SignedRequest) -> None:
        """Raises SignatureRefused."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            raise SignatureRefused(
                "MissingAuthenticationTokenException", "Missing Authentication Token"
            )
        secret = self._keys.get(found["key"])
        if secret is None:
            raise SignatureRefused(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        timestamp = request.headers.get("x-amz-date", "")
        if found["service"] != SERVICE or not timestamp.startswith(found["date"]):
            raise _invalid(f"Credential should be scoped to a valid date and to {SERVICE}.")
        _require_recent(timestamp)
        _require_covered(request, found["headers"].split(";"))
        expected = _signature(request, found, secret, timestamp)
        if not hmac.compare_digest(expected, found["signature"]):
            raise _invalid(
                "The request signature we calculated does not match the signature you provided."
            )


def _signature(request: SignedRequest, found: re.Match[str], secret: str, timestamp: str) -> str:
    signed = {name: request.headers.get(name, "") for name in found["headers"].split(";")}
    again = AWSRequest(request.method, request.url, headers=signed, data=request.body)
    again.context["timestamp"] = timestamp
    auth = SigV4Auth(Credentials(found["key"], secret), SERVICE, found["region"])
    return auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)


def _require_recent(timestamp: str) -> None:
    try:
        moment = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as exc:
        raise _invalid("X-Amz-Date must be a date of the form 20260131T090500Z.") from exc
    if abs(utc_now() - moment) > MOST_SKEW:
        raise _invalid(f"Signature expired: {timestamp} is more than 5 minutes from now.")


def _require_covered(request: SignedRequest, names: list[str]) -> None:
    """What decides must be signed, and a hash that is sent along must be the body's."""
    if not {"host", "x-amz-date"} <= set(names):
        raise _invalid("'Host' and 'X-Amz-Date' must be signed headers.")
    claimed = request.headers.get("x-amz-content-sha256")
    if claimed is not None and claimed != hashlib.sha256(request.body).hexdigest():
        raise _invalid("The provided 'x-amz-content-sha256' is not that of the body.")


def _invalid(text: str) -> SignatureRefused:
    return SignatureRefused("InvalidSignatureException", text)
