"""A job: one reply that was promised. And the queue message that names it.

Ids only travel through the queue: what a job says is read from the table, under its owner's key.
Lambdas encode a `JobMessage`, the worker decodes it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, ValidationError

from prosa.clock import Timestamp
from prosa.conversation import Failure, Frozen
from prosa.errors import UnreadableJob
from prosa.ids import (
    CONVERSATION_ID_PATTERN,
    JOB_ID_PATTERN,
    USER_ID_PATTERN,
    ConversationId,
    JobId,
    MessageId,
    UserId,
)

SCHEMA_VERSION = 1


class JobStatus(StrEnum):
    """Where a job stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Excuse(StrEnum):
    """Why an attempt ended that is not held against its job. See docs/adr/0014."""

    DRAINING = "draining"
    """The worker was told to end, by a deploy."""

    LEASE_LOST = "lease_lost"
    """The worker could not keep the message to itself, by an outage of SQS or a freeze."""

    OUTAGE = "outage"
    """The table or the log did not answer."""


class Attempt(Frozen):
    """One worker's try at a job."""

    worker: str
    started_at: Timestamp
    excused: Excuse | None = None
    failed: Literal[True] | None = None
    """It ended in a failure its worker lived to write down."""


class Redrive(Frozen):
    """An operator's second chance for a job: `after_attempt` is the last attempt before it."""

    at: Timestamp
    after_attempt: int


class Job(Frozen):
    """A reply that was promised with a 202.

    `attempt` counts the claims and is the fencing token: only the holder of the highest may write.
    `message_id` is the user message it answers, `reply_id` the one reply it can have.
    `model` is what the user asked for; None lets the worker's chain decide.
    """

    job_id: JobId
    kind: Literal["reply"] = "reply"
    user_id: UserId
    conversation_id: ConversationId
    message_id: MessageId
    reply_id: MessageId
    model: str | None = None
    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    attempts: tuple[Attempt, ...] = ()
    redrives: tuple[Redrive, ...] = ()
    created_at: Timestamp
    finished_at: Timestamp | None = None
    failure: Failure | None = None

    @property
    def tries(self) -> int:
        """Attempts since it was accepted or last redriven that count against it, the running one
        among them; `attempt` itself only ever grows."""
        before = self.redrives[-1].after_attempt if self.redrives else 0
        excused = sum(attempt.excused is not None for attempt in self.attempts[before:])
        return self.attempt - before - excused

    @property
    def crashes(self) -> int:
        """Attempts of a job that waits of which nothing more was heard: their worker died."""
        before = self.redrives[-1].after_attempt if self.redrives else 0
        return sum(not (each.excused or each.failed) for each in self.attempts[before:])


class JobMessage(Frozen):
    """The body of a queue message."""

    schema_version: Literal[1] = SCHEMA_VERSION
    job_id: JobId = Field(pattern=JOB_ID_PATTERN)
    user_id: UserId = Field(pattern=USER_ID_PATTERN)
    conversation_id: ConversationId = Field(pattern=CONVERSATION_ID_PATTERN)

    def encode(self) -> str:
        """Return the JSON body; ASCII only, as SQS refuses some code points."""
        return self.model_dump_json()

    @classmethod
    def decode(cls, body: str) -> JobMessage:
        """Read a body. Raises UnreadableJob with the field and the reason, never the content."""
        try:
            return cls.model_validate_json(body, strict=True)
        except ValidationError as exc:
            problem = exc.errors(include_input=False, include_url=False)[0]
            # A name that is not ours is content, too: secret perhaps, or nothing that SQS takes.
            named = [part for part in problem["loc"] if part in cls.model_fields]
            raise UnreadableJob(f"{named[0] if named else 'body'}: {problem['msg']}") from exc
