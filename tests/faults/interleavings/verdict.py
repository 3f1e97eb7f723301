"""What a reader must never see, and what must be stored: read off a play that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from redis.asyncio import Redis

from prosa import events
from prosa.conversation import Message
from prosa.event_log.keys import log_key
from prosa.jobs import Job, JobStatus
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table, usage_key

if TYPE_CHECKING:
    from tests.faults.interleavings.incarnation import Outside
    from tests.faults.interleavings.play import Play

Life = tuple[events.ServerFrame, ...]
"""The events of a job in one life of its user's log, in order."""

_FINAL = (events.ReplyCompleted, events.ReplyFailed)


async def read_life(redis: Redis, job: Job) -> Life:
    rows = cast(Any, await redis.xrange(log_key(job.user_id)))
    told = [events.decode(fields["e"])[0] for _, fields in rows]
    return tuple(event for event in told if getattr(event, "job_id", None) == job.job_id)


async def violations(play: Play, outside: Outside) -> list[str]:
    """What is wrong with a play that is over; empty when nothing is."""
    found = await asyncio.to_thread(lambda: list(_stored(play, outside)))
    for life in play.lives:
        reader = _Reader(is_whole=len(play.lives) == 1)
        for event in life:
            reader.read(event)
        found.extend(reader.seen_wrong)
    return found


def _stored(play: Play, outside: Outside) -> Iterator[str]:
    table = Table(outside.dynamodb, outside.table)
    texts = LongTexts(outside.s3, outside.bucket)
    job = JobStore(table, texts).find(play.job.job_id)
    if play.message.is_there:
        yield "the message is still there"
    if job is None or not job.status.is_final:
        yield f"the job has no end: {job and job.status}"
        return
    if len(outside.commits) != 1:
        yield f"{len(outside.commits)} ends were stored: {outside.commits}"
    reply = ConversationStore(table, texts).message(job.conversation_id, job.reply_id)
    usage = table.get(usage_key(job.user_id, reply.created_at.date().isoformat())) or {}
    if usage.get("replies", 0) > 1:
        yield f"{usage['replies']} replies were counted"
    if (job.status is JobStatus.FAILED) != (reply.failure is not None):
        yield f"the job is {job.status}, its reply says {reply.finish_reason}"
    yield from _told(play, reply)


def _told(play: Play, reply: Message) -> Iterator[str]:
    finals = [event for life in play.lives for event in life if isinstance(event, _FINAL)]
    if not finals:
        yield "the end was never told"
    for final in finals:
        if isinstance(final, events.ReplyCompleted):
            if final.message != reply:
                yield f"told {final.message.content!r}, stored {reply.content!r}"
        elif reply.failure is None or final.code != reply.failure.code:
            yield f"told a failure {final.code}, stored {reply.finish_reason}"


class _Reader:
    """Reads one life as a page does, from its beginning, and notes what contradicts itself.

    `is_whole`: Redis forgot nothing, so that the life begins where the reply does.
    """

    def __init__(self, *, is_whole: bool) -> None:
        self.seen_wrong: list[str] = []
        self._is_whole = is_whole
        self._attempt = 0
        self._text = ""
        self._has_ended = False

    def read(self, event: events.ServerFrame) -> None:
        if self._has_ended:
            self.seen_wrong.append(f"{event.type} after the end")
        if isinstance(event, _FINAL):
            self._has_ended = True
        elif isinstance(event, events.ReplyStarted):
            self._started(event)
        elif isinstance(event, events.ReplyDelta):
            self._said(event)

    def _started(self, event: events.ReplyStarted) -> None:
        if event.attempt < self._attempt:
            self.seen_wrong.append(f"attempt {event.attempt} started after {self._attempt}")
        self._attempt, self._text = event.attempt, ""

    def _said(self, event: events.ReplyDelta) -> None:
        repeated = self._text[event.index :]
        if event.attempt < self._attempt:
            self.seen_wrong.append(f"a stale piece of attempt {event.attempt}")
        if self._is_whole and event.attempt > self._attempt:
            self.seen_wrong.append(f"a piece of attempt {event.attempt} before its start")
        if self._is_whole and event.index > len(self._text):
            self.seen_wrong.append(f"a gap before {event.index}")
        if not event.text.startswith(repeated):
            self.seen_wrong.append(f"{event.text!r} contradicts {repeated!r}")
        self._text = self._text[: event.index] + event.text
