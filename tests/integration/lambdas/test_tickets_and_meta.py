"""Tickets for sockets, and what the service tells about itself."""

from __future__ import annotations

import json

import pytest

from prosa.clock import to_epoch_ms
from prosa.redis_client import connect
from prosa.socket_access.admission import SocketAccess
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import a_caller, call


@pytest.mark.usefixtures("edge")
async def test_a_ticket_lets_its_holder_in_once(redis_url: str) -> None:
    caller = a_caller()
    answer = call("POST", "/ws-tickets", caller=caller)
    assert answer.status == 201
    assert answer.json["url"] == "wss://prosa.example.com/ws"
    assert answer.json["expires_in"] == 30
    async with connect(redis_url) as redis:
        access = SocketAccess(redis, node="gw-1", lease_s=45, session_grace_s=30)
        holder = await access.redeem(answer.json["ticket"], redeemer="gateway-1")
        again = await access.redeem(answer.json["ticket"], redeemer="gateway-2")
    assert holder is not None
    assert (holder.user_id, holder.session_id) == (caller.user_id, caller.session_id)
    assert to_epoch_ms(holder.session_ends_at) == to_epoch_ms(caller.session_ends_at)
    assert again is None


@pytest.mark.usefixtures("no_redis")
def test_without_redis_there_is_no_ticket() -> None:
    answer = call("POST", "/ws-tickets", caller=a_caller())
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.usefixtures("edge")
def test_the_first_model_is_the_default() -> None:
    assert call("GET", "/models").json == {
        "items": [
            {"model_id": "local:prosa-tiny", "label": "prosa-tiny", "is_default": True},
            {"model_id": "openai:gpt-5-mini", "label": "gpt-5-mini", "is_default": False},
        ]
    }


@pytest.mark.usefixtures("no_redis")
def test_the_service_is_healthy_whatever_it_stands_on() -> None:
    answer = call("GET", "/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


@pytest.mark.usefixtures("edge")
def test_the_document_is_served() -> None:
    answer = call("GET", "/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["openapi"].startswith("3.1")


def test_pages_of_other_origins_read_answers_only_when_they_are_listed(edge: Edge) -> None:
    edge.set(allowed_origins="https://chat.example.com,https://prosa.example.com")
    listed = call("GET", "/models", headers={"origin": "https://prosa.example.com"})
    assert listed.headers["access-control-allow-origin"] == "https://prosa.example.com"
    assert listed.headers["vary"] == "Origin"
    refused = call("GET", "/conversations", headers={"Origin": "https://prosa.example.com"})
    assert refused.status == 401
    assert refused.headers["access-control-allow-origin"] == "https://prosa.example.com"
    for origin in ("https://prosa.example.com.evil.example", "https://evil.example", "null", "*"):
        other = call("GET", "/models", headers={"origin": origin})
        assert "access-control-allow-origin" not in other.headers


def test_a_preflight_is_answered_for_listed_origins_only(edge: Edge) -> None:
    edge.set(allowed_origins="https://chat.example.com")
    answer = call("OPTIONS", "/chat", headers={"origin": "https://chat.example.com"})
    assert answer.status == 204
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
    assert "*" not in str(answer.headers)
    other = call("OPTIONS", "/chat", headers={"origin": "https://evil.example"})
    assert "access-control-allow-methods" not in other.headers


@pytest.mark.usefixtures("edge")
def test_answers_are_kept_by_nobody() -> None:
    for answer in (call("GET", "/health"), call("POST", "/auth/guest"), call("GET", "/jobs/1")):
        assert answer.headers["cache-control"] == "no-store"


def test_a_wrong_environment_is_our_fault_and_says_nothing(
    edge: Edge,
) -> None:
    edge.set(daily_tokens="many")
    answer = call("GET", "/models")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "DAILY" not in answer.text
    assert json.loads(answer.text).keys() == {"type", "title", "status", "code", "detail"}
