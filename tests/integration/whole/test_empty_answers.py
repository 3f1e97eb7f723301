"""Answers without a body reach the client through the deployed API."""

from __future__ import annotations

import uuid

import httpx
import pytest

from local.stack import Stack


@pytest.fixture
def http(stack: Stack) -> httpx.Client:
    client = httpx.Client(base_url=f"{stack.settings.edge_url}/api", timeout=20)
    client.headers["Idempotency-Key"] = str(uuid.uuid4())
    return client


def test_a_conversation_is_deleted(http: httpx.Client) -> None:
    with http:
        guest = http.post("/auth/guest").raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {guest['access_token']}"
        sent = http.post("/chat", json={"content": "Hello"}).raise_for_status().json()
        path = f"/conversations/{sent['conversation_id']}"
        gone = http.delete(path)
        assert (gone.status_code, gone.content) == (204, b"")
        assert http.get(path).status_code == 404


def test_a_session_is_ended(http: httpx.Client) -> None:
    with http:
        guest = http.post("/auth/guest").raise_for_status().json()
        body = {"refresh_token": guest["refresh_token"]}
        ended = http.post("/auth/logout", json=body)
        assert (ended.status_code, ended.content) == (204, b"")
        assert http.post("/auth/refresh", json=body).json()["code"] == "session_revoked"
