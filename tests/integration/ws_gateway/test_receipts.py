"""Clients say how far they have seen the log, and who asks about a job is told."""

from __future__ import annotations

from typing import Any

import pytest

from prosa.event_log.keys import head_key
from prosa.event_log.protocol import Append, Step
from prosa.ids import JobId, UserId
from tests.integration.ws_gateway.clients import (
    Client,
    Writer,
    a_job,
    a_user,
    connected,
    numbered,
    until,
)
from ws_gateway.bootstrap import RunningGateway


def end(writer: Writer, user: UserId, job_id: JobId) -> str:
    """Append the end of a reply; gives its cursor."""
    (result,) = writer.log.append_all([Append(user, numbered(0), Step.FINAL, job_id, 1)])
    return str(result.cursor)


async def acknowledge(client: Client, cursor: str) -> None:
    """Acknowledge; what is sent after it is answered after it was taken."""
    await client.send({"action": "ack", "cursor": cursor})
    assert await client.says_nothing_before_pong()


async def test_a_reply_is_seen_once_its_end_is_acknowledged(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    job_id = a_job(user)
    async with connected(running.port, writer.ticket(user)) as client:
        cursor = end(writer, user, job_id)
        await client.read_events(1)
        assert writer.log.was_seen(user, job_id) is False
        await acknowledge(client, cursor)
        await until(lambda: writer.log.was_seen(user, job_id) is True)
        assert running.counts.receipts == 1


async def test_a_receipt_never_goes_back(running: RunningGateway, writer: Writer) -> None:
    user = a_user()
    async with (
        connected(running.port, writer.ticket(user)) as ahead,
        connected(running.port, writer.ticket(user)) as behind,
    ):
        cursors = [str(c) for c in writer.append(user, range(5))]
        await ahead.read_events(5)
        await behind.read_events(5)
        await acknowledge(ahead, cursors[4])
        await until(lambda: running.counts.receipts == 1)
        await acknowledge(behind, cursors[1])
        await acknowledge(ahead, cursors[4])
        other = a_user()
        async with connected(running.port, writer.ticket(other)) as witness:
            (cursor,) = writer.append(other, [0])
            await witness.read_events(1)
            await acknowledge(witness, str(cursor))
            await until(lambda: running.counts.receipts == 2)
        assert writer.redis.hget(head_key(user), "seen") == "5"


@pytest.mark.parametrize("cursor", ["{epoch}:999", "00000000abcd:1"])
async def test_what_was_never_sent_cannot_be_seen(
    running: RunningGateway, writer: Writer, cursor: str
) -> None:
    user = a_user()
    job_id = a_job(user)
    async with connected(running.port, writer.ticket(user)) as client:
        place = end(writer, user, job_id)
        await client.read_events(1)
        await acknowledge(client, cursor.format(epoch=place.partition(":")[0]))
        await acknowledge(client, place.partition(":")[0] + ":0")
        assert writer.log.was_seen(user, job_id) is False


@pytest.mark.parametrize("cursor", ["", "12", 7, None, "x" * 100])
async def test_a_malformed_receipt_is_told(
    running: RunningGateway, writer: Writer, cursor: Any
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.send({"action": "ack", "cursor": cursor})
        assert (await client.read_type("error"))["code"] == "malformed_frame"


async def test_in_another_life_of_the_log_nothing_can_be_told(writer: Writer) -> None:
    user = a_user()
    job_id = a_job(user)
    assert writer.log.was_seen(user, job_id) is None
    end(writer, user, job_id)
    assert writer.log.was_seen(user, job_id) is False
    writer.redis.delete(head_key(user))
    writer.append(user, [1])
    assert writer.log.was_seen(user, job_id) is None
