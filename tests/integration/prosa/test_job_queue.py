"""The queue on a real emulator: order within a conversation, none between conversations."""

from __future__ import annotations

import pytest

from local.provision import Provisioned
from prosa.aws import client
from prosa.errors import Unavailable
from prosa.ids import ConversationId, job_id_for, new_conversation_id, new_user_id
from prosa.job_queue import JobQueue
from prosa.jobs import JobMessage

USER = new_user_id()


@pytest.fixture
def queue(resources: Provisioned) -> JobQueue:
    return JobQueue(client("sqs"), resources.queue_url)


def _message(conversation: ConversationId, key: str) -> JobMessage:
    return JobMessage(job_id=job_id_for(USER, key), user_id=USER, conversation_id=conversation)


def _receive(queue: JobQueue, limit: int = 10) -> list[JobMessage]:
    deliveries = queue.receive(limit, wait_s=1, visibility_s=30)
    return [JobMessage.decode(d.body) for d in deliveries]


def test_a_conversation_is_delivered_in_order(queue: JobQueue) -> None:
    conversation = new_conversation_id()
    sent = [_message(conversation, f"key-{n}") for n in range(5)]
    for message in sent:
        queue.send(message)
    assert _receive(queue) == sent


def test_sending_twice_delivers_once(queue: JobQueue) -> None:
    message = _message(new_conversation_id(), "key-0001")
    queue.send(message)
    queue.send(message)
    assert _receive(queue) == [message]


def test_a_held_conversation_waits_and_another_does_not(queue: JobQueue) -> None:
    held, free = new_conversation_id(), new_conversation_id()
    queue.send(_message(held, "key-1"))
    assert len(_receive(queue)) == 1
    queue.send(_message(held, "key-2"))
    queue.send(_message(free, "key-3"))
    assert _receive(queue) == [_message(free, "key-3")]


def test_a_message_given_back_comes_again_and_is_counted(queue: JobQueue) -> None:
    queue.send(_message(new_conversation_id(), "key-0001"))
    [first] = queue.receive(1, wait_s=1, visibility_s=30)
    assert queue.change_visibility([first.receipt], 0) == []
    [again] = queue.receive(1, wait_s=1, visibility_s=30)
    assert (first.received, again.received) == (1, 2)
    assert queue.delete([again.receipt]) == []
    assert queue.receive(1, wait_s=0, visibility_s=30) == []


def test_the_trace_goes_along(queue: JobQueue) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    queue.send(_message(new_conversation_id(), "key-0001"), traceparent=trace)
    [delivery] = queue.receive(1, wait_s=1, visibility_s=30)
    assert delivery.traceparent == trace


@pytest.mark.usefixtures("aws")
def test_a_queue_that_is_not_there_is_unavailable() -> None:
    missing = JobQueue(client("sqs"), "http://127.0.0.1:9/000000000000/none.fifo")
    with pytest.raises(Unavailable):
        missing.receive(1, wait_s=0, visibility_s=30)
