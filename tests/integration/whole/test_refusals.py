"""Bad input through the deployed API: each refusal its own code, nothing stored, nothing queued."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.stack import Stack
from prosa.clock import utc_now
from prosa.ids import new_conversation_id

HELLO = {"content": "Hello"}


@dataclass(frozen=True)
class Deployed:
    """The API as deployed, and what it has stored and queued."""

    url: str
    dynamodb: Any
    table: str
    sqs: Any
    queue_url: str
    ssm: Any
    parameters: str

    def guest(self) -> dict[str, str]:
        """Headers of a new guest; a key of its own for each request."""
        answer = httpx.post(f"{self.url}/auth/guest").raise_for_status()
        token = answer.json()["access_token"]
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}

    def chat(self, headers: dict[str, str], **request: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/chat", headers=headers, timeout=20, **request)

    def kept(self) -> tuple[int, str]:
        """How many items there are, and how many messages wait."""
        items = self.dynamodb.scan(TableName=self.table, Select="COUNT")["Count"]
        waiting = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return items, waiting["Attributes"]["ApproximateNumberOfMessages"]

    def signed(self, **changes: Any) -> str:
        """A token signed with the stage's own key."""
        answer = self.ssm.get_parameter(
            Name=f"{self.parameters}/jwt/private-key", WithDecryption=True
        )
        public = self.ssm.get_parameter(Name=f"{self.parameters}/jwt/public-keys")
        kid = next(iter(json.loads(public["Parameter"]["Value"])))
        now = utc_now()
        claims = {
            "iss": "prosa",
            "aud": "prosa-api",
            "sub": "usr_01M7WK0000000000000000000A",
            "sid": "s",
            "jti": "t",
            "iat": now,
            "exp": now + timedelta(minutes=5),
        }
        return jwt.encode(
            claims | changes,
            answer["Parameter"]["Value"],
            algorithm="EdDSA",
            headers={"kid": kid, "typ": "at+jwt"},
        )


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> Deployed:
    aws = stack.aws_environment
    session = boto3.Session(
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=aws["AWS_ENDPOINT_URL"])  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportCallIssue, reportArgumentType]

    return Deployed(
        f"{stack.settings.edge_url}/api",
        client("dynamodb"),
        stack.provisioned.table,
        client("sqs"),
        stack.provisioned.queue_url,
        client("ssm"),
        stack.provisioned.parameters,
    )


def _is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    return bool(problem["title"] and problem["detail"])


BAD_BODIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "empty": ({"json": {"content": ""}}, 422, "content_empty"),
    "only spaces": ({"json": {"content": " \n\t "}}, 422, "content_empty"),
    "8,001 characters": ({"json": {"content": "x" * 8001}}, 422, "content_too_long"),
    "no content": ({"json": {}}, 422, "content_missing"),
    "wrong type": ({"json": {"content": 7}}, 422, "content_wrong_type"),
    "unknown field": ({"json": {**HELLO, "role": "system"}}, 422, "unknown_field"),
    "unknown model": ({"json": {**HELLO, "model": "openai:none"}}, 422, "unknown_model"),
    "no JSON": ({"content": b"{no", "type": "application/json"}, 400, "invalid_json"),
    "no object": ({"json": [1]}, 400, "body_not_an_object"),
    "over 64 KB": ({"json": {"content": "x", "more": "y" * 65_536}}, 413, "body_too_large"),
    "another type": ({"content": b"x", "type": "text/plain"}, 415, "unsupported_media_type"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_and_leaves_nothing(deployed: Deployed, name: str) -> None:
    request, status, code = BAD_BODIES[name]
    headers, before = deployed.guest(), deployed.kept()
    sent = dict(request)
    if "type" in sent:
        headers["Content-Type"] = sent.pop("type")
    assert _is_problem(deployed.chat(headers, **sent), status, code)
    assert deployed.kept() == before


def test_an_unknown_and_a_foreign_conversation_are_the_same_nothing(deployed: Deployed) -> None:
    owner, stranger = deployed.guest(), deployed.guest()
    mine = deployed.chat(owner, json=HELLO).raise_for_status().json()["conversation_id"]
    _wait_until_answered(deployed, owner, mine)
    before = deployed.kept()
    for conversation_id in (mine, new_conversation_id()):
        body = {**HELLO, "conversation_id": conversation_id}
        assert _is_problem(deployed.chat(stranger, json=body), 404, "not_found")
    assert deployed.kept() == before


def _wait_until_answered(deployed: Deployed, headers: dict[str, str], conversation: str) -> None:
    with httpx.Client(base_url=deployed.url, headers=headers, timeout=20) as http:
        while http.get(f"/conversations/{conversation}/messages").json()["running"]:
            pass


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("expired", "token_expired"),
        ("forged", "token_invalid"),
        ("nonsense", "token_invalid"),
        (None, "unauthenticated"),
    ],
)
def test_a_bad_token_is_refused_and_leaves_nothing(
    deployed: Deployed, token: str | None, code: str
) -> None:
    tokens = {
        "expired": deployed.signed(exp=utc_now() - timedelta(minutes=1)),
        "forged": deployed.signed()[:-6] + "AAAAAA",
        "nonsense": "a.b.c",
    }
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    if token is not None:
        headers["Authorization"] = f"Bearer {tokens[token]}"
    before = deployed.kept()
    assert _is_problem(deployed.chat(headers, json=HELLO), 401, code)
    assert deployed.kept() == before


def test_a_used_ticket_opens_no_second_socket(deployed: Deployed) -> None:
    ticket = httpx.post(f"{deployed.url}/ws-tickets", headers=deployed.guest()).json()
    address = f"{ticket['url']}?ticket={ticket['ticket']}"
    with connect(address) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "connected"
        with pytest.raises(InvalidStatus) as refused, connect(address):
            pass
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.body or b"")["code"] == "ticket_invalid"


def test_a_missing_key_is_named(deployed: Deployed) -> None:
    headers = deployed.guest()
    del headers["Idempotency-Key"]
    assert _is_problem(deployed.chat(headers, json=HELLO), 400, "idempotency_key_missing")


def test_an_unknown_path_is_a_problem_too(deployed: Deployed) -> None:
    assert _is_problem(httpx.get(f"{deployed.url}/nowhere"), 404, "not_found")
