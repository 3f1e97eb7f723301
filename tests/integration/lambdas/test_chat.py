"""A message goes in: what a 202 promises, and what it takes to get one."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from lambdas import bootstrap
from lambdas.caller import Caller
from lambdas.schemas import SendMessage
from lambdas.submit_message import Order
from local.ports import free_ports
from prosa.clock import utc_now
from prosa.conversation import Usage
from prosa.events import ConversationUpdated, MessageAccepted
from prosa.ids import JobId, new_message_id
from prosa.store.jobs import Claimed
from tests.builders import a_reply
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import a_caller, call
from tests.integration.lambdas.messages import ask_again, finish, send, told

FUNCTION_TIMEOUT_S = 10
"""`timeout` of serverless.yml."""


def test_an_accepted_message_is_stored_queued_and_told(edge: Edge, redis_url: str) -> None:
    caller = a_caller()
    answer = send(caller)
    assert answer.status == 202
    accepted = answer.json
    assert set(accepted) == {"job_id", "message_id", "reply_id", "conversation_id"}
    (queued,) = edge.queued()
    assert queued.model_dump() == {
        "schema_version": 1,
        "job_id": accepted["job_id"],
        "user_id": caller.user_id,
        "conversation_id": accepted["conversation_id"],
    }
    assert edge.stored("MSG#") == [f"MSG#{accepted['message_id']}"]
    updated, message = told(redis_url, caller.user_id)
    assert isinstance(updated, ConversationUpdated)
    assert updated.conversation.title == "My name is Iracema"
    assert isinstance(message, MessageAccepted)
    assert message.message.message_id == accepted["message_id"]
    assert message.job_id == accepted["job_id"]


@pytest.mark.parametrize("character", ["a", "é", "语", "😀"])
def test_the_longest_message_fits_in_every_language(edge: Edge, character: str) -> None:
    body = json.dumps({"content": character * 8_000}, ensure_ascii=False)
    headers = {"idempotency-key": "key-0001"}
    answer = call("POST", "/chat", body=body, caller=a_caller(), headers=headers)
    assert answer.status == 202
    message = bootstrap.conversations().message(
        answer.json["conversation_id"], answer.json["message_id"]
    )
    assert message.content == character * 8_000
    assert len(edge.queued()) == 1


def test_a_resend_gets_the_same_answer_and_changes_nothing(edge: Edge) -> None:
    caller = a_caller()
    first = send(caller)
    items = edge.items()
    second = send(caller)
    assert (second.status, second.json) == (first.status, first.json)
    assert edge.items() == items
    assert len(edge.queued()) == 1
    assert edge.queued() == []


def test_a_resend_of_a_finished_job_still_gets_its_answer(edge: Edge) -> None:
    caller = a_caller()
    first = send(caller)
    edge.queued()
    finish(first.json["job_id"])
    assert send(caller).json == first.json
    assert call("GET", f"/jobs/{first.json['job_id']}", caller=caller).json["status"] == "done"


@pytest.mark.parametrize(
    "other",
    [{"content": "Else"}, {"model": "local:prosa-tiny"}, {"parent_id": None}],
    ids=["content", "model", "no parent"],
)
def test_the_same_key_with_another_body_is_refused(edge: Edge, other: dict[str, Any]) -> None:
    caller = a_caller()
    send(caller)
    items = edge.items()
    answer = send(caller, **other)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert edge.items() == items


def test_the_same_key_on_another_route_is_refused(edge: Edge) -> None:
    caller = a_caller()
    message_id = send(caller).json["message_id"]
    answer = ask_again(caller, message_id, key="key-0001")
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert len(edge.stored("JOB")) == 1


def test_two_users_may_have_the_same_key(edge: Edge) -> None:
    one, two = send(a_caller()), send(a_caller())
    assert one.json["job_id"] != two.json["job_id"]
    assert len(edge.stored("JOB")) == 2


def test_of_twenty_at_once_with_one_key_all_get_the_same_job(edge: Edge, redis_url: str) -> None:
    user_id = a_caller().user_id
    order = Order(user_id=user_id, key="key-0001", traceparent="")
    submit = bootstrap.submit_message()
    with ThreadPoolExecutor(20) as pool:
        messages = [SendMessage(content="Once")] * 20
        jobs = list(pool.map(partial(submit.send, order), messages))
    assert len({(job.job_id, job.message_id, job.reply_id) for job in jobs}) == 1
    assert len(edge.stored("JOB")) == 1
    assert len(edge.stored("MSG#")) == 1
    assert len(edge.stored("CNV#")) == 1
    assert len(edge.queued()) == 1
    # A loser's question is stored nowhere: the pages must not hear of it.
    heard = {e.message.message_id for e in told(redis_url, user_id) if e.type == "message.accepted"}
    assert heard == {jobs[0].message_id}


def test_when_the_queue_is_away_the_same_key_brings_it_there_later(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = a_caller()
    (port,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{port}")
    answer = send(caller)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS")
    edge.set()
    again = send(caller)
    assert again.status == 202
    (queued,) = edge.queued()
    assert queued.job_id == again.json["job_id"]
    assert edge.stored("MSG#") == [f"MSG#{again.json['message_id']}"]


def test_when_the_queue_is_silent_the_client_is_told_before_the_function_is_killed(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{port}")
        began = time.monotonic()
        answer = send(a_caller())
        took_s = time.monotonic() - began
    assert (answer.status, answer.code) == (503, "unavailable")
    assert took_s < FUNCTION_TIMEOUT_S
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS")
    assert edge.is_queue_empty()


def test_a_resend_tells_the_pages_what_the_first_could_not(
    edge: Edge, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = a_caller()
    (port,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{port}")
    send(caller)
    assert told(redis_url, caller.user_id) == []
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS")
    edge.set()
    send(caller)
    assert [event.type for event in told(redis_url, caller.user_id)] == [
        "conversation.updated",
        "message.accepted",
    ]


@pytest.mark.usefixtures("no_redis")
def test_without_redis_no_reply_is_promised(edge: Edge) -> None:
    answer = send(a_caller())
    assert (answer.status, answer.code) == (503, "unavailable")
    assert edge.items() == 0
    assert edge.is_queue_empty()


def test_a_resend_needs_no_redis(edge: Edge) -> None:
    caller = a_caller()
    first = send(caller)
    (port,) = free_ports(1)
    edge.set(redis_url=f"redis://127.0.0.1:{port}/0")
    assert send(caller).json == first.json


def test_a_reply_that_was_promised_needs_no_log(edge: Edge, monkeypatch: Any) -> None:
    """Redis goes away after it counted: the 202 stands."""
    submit = bootstrap.submit_message()
    (port,) = free_ports(1)
    monkeypatch.setenv("PROSA_REDIS_URL", f"redis://127.0.0.1:{port}/0")
    for made in (bootstrap.settings, bootstrap.redis, bootstrap.event_log, bootstrap.announcements):
        made.cache_clear()
    submit._announcements = bootstrap.announcements()  # pyright: ignore[reportPrivateUsage]
    answer = send(a_caller())
    assert answer.status == 202
    assert len(edge.queued()) == 1


def test_messages_over_the_rate_wait_and_resends_are_not_counted(edge: Edge) -> None:
    edge.set(rate_messages="2/minute")
    caller = a_caller()
    for key in ("key-0001", "key-0002", "key-0001", "key-0002"):
        assert send(caller, key=key).status == 202
    answer = send(caller, key="key-0003")
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert len(edge.stored("JOB")) == 2
    assert send(a_caller(), key="key-0003").status == 202, "another user is counted alone"


def test_who_used_up_the_tokens_of_the_day_waits_for_midnight(edge: Edge) -> None:
    edge.set(daily_tokens="12")
    caller = a_caller()
    job_id = send(caller).json["job_id"]
    claimed = bootstrap.jobs().claim(JobId(job_id), "worker-1")
    assert isinstance(claimed, Claimed)
    reply = a_reply(claimed.job).model_copy(
        update={"created_at": utc_now(), "usage": Usage(input_tokens=5, output_tokens=7)}
    )
    bootstrap.jobs().finish(claimed.job, reply)
    answer = send(caller, key="key-0002")
    assert (answer.status, answer.code) == (429, "budget_exhausted")
    assert 0 < int(answer.headers["retry-after"]) <= 24 * 3600 + 1
    assert send(caller).status == 202, "a resend is not counted"


def test_another_reply_answers_the_same_message(edge: Edge, redis_url: str) -> None:
    caller = a_caller()
    first = send(caller).json
    second = ask_again(caller, first["message_id"], model="openai:gpt-5-mini").json
    assert second["message_id"] == first["message_id"]
    assert second["conversation_id"] == first["conversation_id"]
    assert second["reply_id"] != first["reply_id"]
    job = call("GET", f"/jobs/{second['job_id']}", caller=caller).json
    assert job["model"] == "openai:gpt-5-mini"
    assert len(edge.stored("MSG#")) == 1
    assert [e.type for e in told(redis_url, caller.user_id)].count("message.accepted") == 2
    assert ask_again(caller, first["message_id"], model="openai:gpt-5-mini").json == second


def test_there_is_no_other_reply_to_a_reply(edge: Edge) -> None:
    caller = a_caller()
    accepted = send(caller).json
    finish(accepted["job_id"])
    items = edge.items()
    answer = ask_again(caller, accepted["reply_id"])
    assert (answer.status, answer.code) == (404, "not_found")
    assert edge.items() == items


def parent_of(caller: Caller, accepted: dict[str, str]) -> str | None:
    path = f"/conversations/{accepted['conversation_id']}/messages"
    items = call("GET", path, caller=caller).json["items"]
    return next(m["parent_id"] for m in items if m["message_id"] == accepted["message_id"])


@pytest.mark.usefixtures("edge")
def test_a_message_follows_the_newest_even_when_that_is_only_promised() -> None:
    caller = a_caller()
    first = send(caller).json
    second = send(caller, key="key-0002", conversation_id=first["conversation_id"]).json
    assert parent_of(caller, first) is None
    assert parent_of(caller, second) == first["reply_id"]


@pytest.mark.usefixtures("edge")
def test_an_edit_is_a_sibling() -> None:
    caller = a_caller()
    first = send(caller).json
    finish(first["job_id"])
    conversation_id = first["conversation_id"]
    second = send(caller, key="key-0002", conversation_id=conversation_id).json
    edited = send(
        caller, key="key-0003", conversation_id=conversation_id, parent_id=first["reply_id"]
    ).json
    assert parent_of(caller, edited) == parent_of(caller, second) == first["reply_id"]


@pytest.mark.usefixtures("edge")
def test_an_edit_of_the_first_message_has_no_parent_either() -> None:
    caller = a_caller()
    first = send(caller).json
    edited = send(
        caller, key="key-0002", conversation_id=first["conversation_id"], parent_id=None
    ).json
    assert parent_of(caller, edited) is None


@pytest.mark.usefixtures("edge")
def test_a_message_follows_a_promised_reply_also_beside_the_newest() -> None:
    caller = a_caller()
    first = send(caller).json
    conversation_id = first["conversation_id"]
    send(caller, key="key-0002", conversation_id=conversation_id, parent_id=None)
    back = send(
        caller, key="key-0003", conversation_id=conversation_id, parent_id=first["reply_id"]
    ).json
    assert parent_of(caller, back) == first["reply_id"]


def test_a_parent_of_another_conversation_is_refused(edge: Edge) -> None:
    caller = a_caller()
    here, there = send(caller).json, send(caller, key="key-0002").json
    items = edge.items()
    for parent_id in (there["message_id"], new_message_id(utc_now())):
        answer = send(
            caller,
            key="key-0003",
            conversation_id=here["conversation_id"],
            parent_id=parent_id,
        )
        assert (answer.status, answer.code) == (422, "unknown_parent")
    assert edge.items() == items
