"""A history in which all is well, for tests to break: two users, two turns, two attempts.

`Tale` writes the lines that the rig's clients would write, and what would be stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from prosa.conversation import FinishReason, Message, Role
from prosa.ids import (
    ConversationId,
    JobId,
    MessageId,
    UserId,
    job_id_for,
    new_conversation_id,
    new_message_id,
    new_user_id,
    reply_id_for,
)
from prosa.jobs import Job, JobStatus
from tests.builders import NOON
from tests.faults.checker import check
from tests.faults.history import Line
from tests.faults.invariants.evidence import Expected
from tests.faults.stored import Stored

EPOCH = "aaaabbbb"


@dataclass
class Turn:
    """One question of a user and its reply."""

    who: str
    key: str
    content: str
    job: Job
    reply: Message
    lines: list[Line] = field(default_factory=list[Line])


@dataclass
class User:
    """A user, the number of the newest event of their log, and their conversation."""

    name: str
    canary: str
    user_id: UserId = field(default_factory=new_user_id)
    seq: int = 0
    conversation_id: ConversationId = field(default_factory=new_conversation_id)


class Tale:
    """Ana asks twice, Rui once; Ana's first reply was begun by a worker that died."""

    def __init__(self) -> None:
        self.ana = User("ana", "canary-aaaaaaaaaaaaaaaa")
        self.rui = User("rui", "canary-bbbbbbbbbbbbbbbb")
        self.lines: list[Line] = []
        for user in (self.ana, self.rui):
            self._write(user, "came", user_id=user.user_id, canary=user.canary)
            self._write(user, "connected", cursor=f"{EPOCH}:0", after=None)
        self.first = self._turn(self.ana, minute=0, attempts=2)
        self.second = self._turn(self.ana, minute=1, attempts=1)
        self.third = self._turn(self.rui, minute=2, attempts=1)
        self.stored = self._stored()

    def verdict(self, **expected: Any) -> list[str]:
        """The invariants that the checker says are broken."""
        found = check(self.lines, self.stored, Expected(**expected))
        return sorted({violation.invariant for violation in found})

    def events(self, kind: str, *, turn: Turn | None = None) -> list[Line]:
        """The lines of one kind of event, in order."""
        return [
            line
            for line in self.lines
            if line["what"] == "event"
            and line["frame"]["type"] == kind
            and turn in (None, self._turn_of(line["frame"]["job_id"]))
        ]

    def drop(self, *lines: Line) -> None:
        """Take lines out, and close the gap that they leave in the numbers of their log."""
        self.lines = [line for line in self.lines if not any(line is each for each in lines)]
        self.renumber()

    def renumber(self) -> None:
        """Number the events as their order says: for stories that the log told so."""
        newest = dict.fromkeys((self.ana.name, self.rui.name), 0)
        for line in self.lines:
            if line["what"] == "event":
                newest[line["who"]] += 1
                line["frame"]["cursor"] = f"{EPOCH}:{newest[line['who']]}"

    def change_job(self, turn: Turn, **fields: Any) -> None:
        """Store a job with other fields."""
        self.stored = replace(
            self.stored, jobs=_changed(self.stored.jobs, lambda job: job.job_id, turn.job, fields)
        )

    def change_reply(self, turn: Turn, **fields: Any) -> None:
        """Store a reply with other fields."""
        messages = _changed(self.stored.messages, lambda m: m.message_id, turn.reply, fields)
        self.stored = replace(self.stored, messages=messages)

    def _turn(self, user: User, *, minute: int, attempts: int) -> Turn:
        key, content = f"{user.name}-{minute:08d}", f"question {minute} {user.canary}"
        at = NOON + timedelta(minutes=minute)
        job_id = job_id_for(user.user_id, key)
        message_id, reply_id = new_message_id(at), reply_id_for(job_id, at)
        reply = Message(
            message_id=reply_id,
            conversation_id=user.conversation_id,
            parent_id=message_id,
            role=Role.ASSISTANT,
            content=f"call {attempts} of {minute}: {user.canary} indeed",
            created_at=at + timedelta(seconds=5),
            job_id=job_id,
            finish_reason=FinishReason.STOP,
        )
        job = Job(
            job_id=job_id,
            user_id=user.user_id,
            conversation_id=user.conversation_id,
            message_id=message_id,
            reply_id=reply_id,
            status=JobStatus.DONE,
            attempt=attempts,
            created_at=at,
            finished_at=reply.created_at,
        )
        turn = Turn(user.name, key, content, job, reply)
        self._ask(user, turn, message_id)
        for attempt in range(1, attempts):
            self._stream(user, job_id, attempt, f"call {attempt} of {minute}: cut")
        self._stream(user, job_id, attempts, reply.content)
        self._event(user, "reply.completed", job_id, message=_json(reply), finish_reason="stop")
        return turn

    def _ask(self, user: User, turn: Turn, message_id: MessageId) -> None:
        key = {"key": turn.key}
        self._write(user, "posted", **key, user_id=user.user_id, content=turn.content)
        self._write(user, "unanswered", **key, error="timed out")
        ids = {
            "job_id": turn.job.job_id,
            "message_id": message_id,
            "reply_id": turn.job.reply_id,
            "conversation_id": user.conversation_id,
        }
        self._write(user, "accepted", **key, **ids)

    def _stream(self, user: User, job_id: JobId, attempt: int, text: str) -> None:
        self._event(user, "reply.started", job_id, attempt=attempt)
        for index in range(0, len(text), 10):
            piece = {"attempt": attempt, "index": index, "text": text[index : index + 10]}
            self._event(user, "reply.delta", job_id, **piece)

    def _event(self, user: User, kind: str, job_id: JobId, **fields: Any) -> None:
        user.seq += 1
        frame = {"cursor": f"{EPOCH}:{user.seq}", "type": kind, "job_id": job_id, **fields}
        self._write(user, "event", frame=frame)

    def _write(self, user: User, what: str, **fields: Any) -> None:
        self.lines.append({"t": float(len(self.lines)), "who": user.name, "what": what, **fields})

    def _turn_of(self, job_id: str) -> Turn:
        turns = (self.first, self.second, self.third)
        return next(turn for turn in turns if turn.job.job_id == job_id)

    def _stored(self) -> Stored:
        turns = (self.first, self.second, self.third)
        questions = [
            Message(
                message_id=turn.job.message_id,
                conversation_id=turn.job.conversation_id,
                role=Role.USER,
                content=turn.content,
                created_at=turn.job.created_at,
            )
            for turn in turns
        ]
        return Stored(
            jobs=[turn.job for turn in turns],
            messages=[*questions, *(turn.reply for turn in turns)],
            conversations=[self.ana.conversation_id, self.rui.conversation_id],
            redis_ttls={"{e01}:log:x": 600},
            calls={turn.content: turn.job.attempt for turn in turns},
            calls_per_attempt=1,
        )


def _json(message: Message) -> dict[str, Any]:
    return message.model_dump(mode="json")


def _changed(
    items: Sequence[Any], key: Callable[[Any], str], which: Any, fields: dict[str, Any]
) -> list[Any]:
    return [item.model_copy(update=fields) if key(item) == key(which) else item for item in items]
