"""Conversations as their user sees them."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from lambdas import bootstrap
from local.ports import free_ports
from prosa.conversation import Message
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import fence_key
from prosa.event_log.protocol import Append, Step
from prosa.events import ConversationDeleted, ConversationUpdated
from prosa.ids import ConversationId, JobId
from prosa.redis_client import connect_blocking
from prosa.store.pages import Page
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, call
from tests.integration.lambdas.messages import ask_again, finish, send, told


@pytest.mark.usefixtures("edge")
def test_conversations_are_listed_in_pages_the_last_written_to_first() -> None:
    caller = a_caller()
    made = [
        send(caller, key=f"key-000{n}", content=f"Number {n}").json["conversation_id"]
        for n in range(5)
    ]
    send(caller, key="key-0009", conversation_id=made[1])
    found: list[str] = []
    cursor = ""
    while True:
        page = call("GET", f"/conversations?limit=2{cursor}", caller=caller).json
        assert len(page["items"]) <= 2
        found += [c["conversation_id"] for c in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [made[1], made[4], made[3], made[2], made[0]]


@pytest.mark.usefixtures("edge")
def test_a_cursor_of_someone_else_is_refused() -> None:
    owner, stranger = a_caller(), a_caller()
    for n in range(3):
        send(owner, key=f"key-000{n}")
    cursor = call("GET", "/conversations?limit=1", caller=owner).json["next_cursor"]
    answer = call("GET", f"/conversations?cursor={cursor}", caller=stranger)
    assert (answer.status, answer.code) == (422, "cursor_wrong_format")


@pytest.mark.usefixtures("edge")
def test_messages_come_in_pages_the_newest_page_first_each_oldest_first() -> None:
    caller = a_caller()
    first = send(caller, content="one").json
    finish(first["job_id"])
    path = f"/conversations/{first['conversation_id']}/messages"
    send(caller, key="key-0002", content="two", conversation_id=first["conversation_id"])
    newest = call("GET", f"{path}?limit=2", caller=caller).json
    assert [m["content"] for m in newest["items"]] == ["Nice to meet you, Iracema!", "two"]
    older = call("GET", f"{path}?limit=2&cursor={newest['next_cursor']}", caller=caller).json
    assert [m["content"] for m in older["items"]] == ["one"]
    assert older["next_cursor"] is None


@pytest.mark.usefixtures("edge")
def test_only_replies_that_are_not_there_yet_are_running() -> None:
    caller = a_caller()
    first = send(caller).json
    finish(first["job_id"])
    second = send(caller, key="key-0002", conversation_id=first["conversation_id"]).json
    path = f"/conversations/{first['conversation_id']}/messages"
    page = call("GET", path, caller=caller).json
    assert [job["job_id"] for job in page["running"]] == [second["job_id"]]
    assert page["running"][0]["reply_id"] == second["reply_id"]
    assert first["reply_id"] in [m["message_id"] for m in page["items"]]


@pytest.mark.usefixtures("edge")
def test_the_log_cursor_lies_before_the_first_word_of_a_running_reply(redis_url: str) -> None:
    caller = a_caller()
    sent = send(caller).json
    job_id = JobId(sent["job_id"])
    redis = connect_blocking(redis_url)
    log = BlockingEventLog(redis)
    (started,) = log.append_all([Append(caller.user_id, '{"type":"x"}', Step.START, job_id, 1)])
    log.append_all([Append(caller.user_id, '{"type":"x"}', Step.DELTA, job_id, 1)] * 5)
    redis.close()
    path = f"/conversations/{sent['conversation_id']}/messages"
    cursor = Cursor.parse(call("GET", path, caller=caller).json["log_cursor"])
    assert started.cursor is not None
    assert cursor == Cursor(started.cursor.epoch, started.cursor.seq - 1)


@pytest.mark.usefixtures("edge")
def test_what_happens_while_a_page_is_read_comes_after_its_cursor(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = a_caller()
    sent = send(caller).json
    path = f"/conversations/{sent['conversation_id']}"
    store = bootstrap.conversations()
    read = store.messages

    def read_and_be_overtaken(conversation_id: ConversationId, **page: Any) -> Page[Message]:
        found = read(conversation_id, **page)
        rename(path, "Renamed meanwhile", caller=caller)
        return found

    monkeypatch.setattr(store, "messages", read_and_be_overtaken)
    before = len(told(redis_url, caller.user_id))
    # Not through the handler: one that runs inside another is not what Lambda does.
    page = bootstrap.history().page(caller.user_id, sent["conversation_id"], limit=30, cursor=None)
    assert len(told(redis_url, caller.user_id)) == before + 1
    assert page.log_cursor is not None
    assert Cursor.parse(page.log_cursor).seq == before


def test_what_is_stored_is_read_while_redis_is_away(edge: Edge) -> None:
    caller = a_caller()
    conversation_id = send(caller).json["conversation_id"]
    (port,) = free_ports(1)
    edge.set(redis_url=f"redis://127.0.0.1:{port}/0")
    assert call("GET", "/conversations", caller=caller).status == 200
    assert call("GET", f"/conversations/{conversation_id}", caller=caller).status == 200
    page = call("GET", f"/conversations/{conversation_id}/messages", caller=caller)
    assert page.status == 200
    assert page.json["log_cursor"] is None
    assert len(page.json["items"]) == 1


def rename(path: str, title: str, **request: object) -> Answer:
    return call("PATCH", path, body={"title": title}, **request)


@pytest.mark.usefixtures("edge")
def test_a_new_title_is_stored_and_told(redis_url: str) -> None:
    caller = a_caller()
    path = f"/conversations/{send(caller).json['conversation_id']}"
    answer = rename(path, "  About\n names ", caller=caller)
    assert (answer.status, answer.json["title"]) == (200, "About names")
    assert call("GET", path, caller=caller).json == answer.json
    last = told(redis_url, caller.user_id)[-1]
    assert isinstance(last, ConversationUpdated)
    assert last.conversation.title == "About names"


@pytest.mark.usefixtures("edge")
def test_a_title_somebody_gave_stays_when_the_talk_goes_on(redis_url: str) -> None:
    caller = a_caller()
    sent = send(caller, content="Oi! Queria saber como plantar tomate").json
    path = f"/conversations/{sent['conversation_id']}"
    assert call("GET", path, caller=caller).json["title"] == "Queria saber como plantar tomate"
    rename(path, "Horta", caller=caller)
    finish(sent["job_id"])
    send(caller, key="key-0002", content="E manjericão?", conversation_id=sent["conversation_id"])
    ask_again(caller, sent["message_id"], key="key-0003")
    assert call("GET", path, caller=caller).json["title"] == "Horta"
    titles = [
        e.conversation.title
        for e in told(redis_url, caller.user_id)
        if isinstance(e, ConversationUpdated)
    ]
    assert set(titles[1:]) == {"Horta"}


def test_a_title_is_changed_and_a_conversation_deleted_while_redis_is_away(edge: Edge) -> None:
    caller = a_caller()
    path = f"/conversations/{send(caller).json['conversation_id']}"
    (port,) = free_ports(1)
    edge.set(redis_url=f"redis://127.0.0.1:{port}/0")
    assert rename(path, "About names", caller=caller).status == 200
    assert call("DELETE", path, caller=caller).status == 204
    assert call("GET", path, caller=caller).code == "not_found"


def test_a_deleted_conversation_is_gone_its_replies_are_stopped(edge: Edge, redis_url: str) -> None:
    caller = a_caller()
    sent = send(caller).json
    path = f"/conversations/{sent['conversation_id']}"
    answer = call("DELETE", path, caller=caller)
    assert (answer.status, answer.text) == (204, "")
    assert edge.stored("CNV#") == edge.stored("MSG#") == []
    assert call("GET", path, caller=caller).code == "not_found"
    assert call("GET", f"{path}/messages", caller=caller).code == "not_found"
    assert call("DELETE", path, caller=caller).code == "not_found"
    with Redis.from_url(redis_url, decode_responses=True) as redis:  # pyright: ignore[reportUnknownMemberType]
        fence = fence_key(caller.user_id, JobId(sent["job_id"]))
        assert redis.hget(fence, "cancelled") == "1"
    assert told(redis_url, caller.user_id)[-1] == ConversationDeleted(
        conversation_id=sent["conversation_id"]
    )
