"""A message goes in: what a 202 promises, and what it takes to get one."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas import bootstrap
from lambdas.caller import Caller
from prosa.events import ConversationUpdated, MessageAccepted, decode
from prosa.ids import new_conversation_id, new_message_id
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, call


def send(caller: Caller, *, key: str = "key-0001", **body: Any) -> Answer:
    body = {"content": "My name is Iracema", **body}
    return call("POST", "/chat", body=body, caller=caller, headers={"idempotency-key": key})


def test_an_accepted_message_is_stored_and_queued(edge: Edge) -> None:
    caller = a_caller()
    answer = send(caller)
    assert answer.status == 202
    accepted = answer.json
    assert set(accepted) == {"job_id", "message_id", "reply_id", "conversation_id"}
    (queued,) = edge.queued()
    assert queued.job_id == accepted["job_id"]
    assert queued.user_id == caller.user_id
    assert edge.stored("MSG#") == [f"MSG#{accepted['message_id']}"]
    page = call("GET", f"/conversations/{accepted['conversation_id']}/messages", caller=caller).json
    assert [m["content"] for m in page["items"]] == ["My name is Iracema"]
    assert [j["job_id"] for j in page["running"]] == [accepted["job_id"]]
