"""What a worker stands in, as a test sees it: the real table, queue and log, and the user's side.

`World.ask` does what the API does for a 202; the rest looks at what came of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from redis import Redis

from lambdas.cancel_job import CancelJob
from local.provision import Provisioned
from prosa import aws, events
from prosa.conversation import Message
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.keys import log_key
from prosa.ids import ConversationId, MessageId, UserId, new_user_id
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobMessage
from prosa.redis_client import connect_blocking
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table
from tests.builders import an_acceptance

T = TypeVar("T")
POLL_S = 0.02
PATIENCE_S = 30.0


async def eventually(look: Callable[[], T], *, timeout_s: float = PATIENCE_S) -> T:
    """Look until what is seen is true, and give it. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = await asyncio.to_thread(look)
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise TimeoutError(f"not seen within {timeout_s:.0f} s")
        await asyncio.sleep(POLL_S)


@dataclass
class World:
    """One stage of AWS resources and one Redis; `user_id` asks unless another is named."""

    resources: Provisioned
    redis_url: str
    user_id: UserId = field(default_factory=new_user_id)
    _asked: int = 0

    def __post_init__(self) -> None:
        table = Table(aws.client("dynamodb"), self.resources.table)
        texts = LongTexts(aws.client("s3"), self.resources.bucket)
        self.jobs = JobStore(table, texts)
        self.conversations = ConversationStore(table, texts)
        self.sqs = aws.client("sqs")
        self.queue = JobQueue(self.sqs, self.resources.queue_url)
        self.redis: Redis = connect_blocking(self.redis_url)
        self.log = BlockingEventLog(self.redis)

    def close(self) -> None:
        self.redis.close()

    def accept(
        self,
        content: str = "Who are you?",
        *,
        conversation_id: ConversationId | None = None,
        parent_id: MessageId | None = None,
        model: str | None = None,
    ) -> Job:
        """Store a question and its job; nothing is sent yet."""
        self._asked += 1
        acceptance = an_acceptance(
            user_id=self.user_id,
            conversation_id=conversation_id,
            parent_id=parent_id,
            key=f"key-{self._asked}",
            content=content,
        )
        job = acceptance.job.model_copy(update={"model": model})
        return self.jobs.accept(replace(acceptance, job=job))

    def send(self, job: Job) -> None:
        self.queue.send(_message(job))

    def message_of(self, job: Job) -> str:
        """The body of a job's queue message."""
        return _message(job).encode()

    def ask(self, content: str = "Who are you?", **where: Any) -> Job:
        """Store a question and send its job, as the API does."""
        job = self.accept(content, **where)
        self.send(job)
        return job

    def ask_next(self, content: str, *, after: Job) -> Job:
        """A further question in the conversation of an earlier job."""
        return self.ask(content, conversation_id=after.conversation_id, parent_id=after.reply_id)

    def stop(self, job: Job) -> Job:
        """Stop a job as the API does."""
        return CancelJob(jobs=self.jobs, log=self.log).stop(self.job(job))

    def job(self, job: Job) -> Job:
        """The job as it stands now."""
        found = self.jobs.find(job.job_id)
        assert found is not None
        return found

    def is_final(self, job: Job) -> bool:
        return self.job(job).status.is_final

    def reply(self, job: Job) -> Message:
        return self.conversations.message(job.conversation_id, job.reply_id)

    def events(self, job: Job | None = None) -> list[Any]:
        """What the user's sockets were told, of one job or of all, oldest first."""
        rows = cast(Any, self.redis.xrange(log_key(self.user_id)))  # pyright: ignore[reportUnknownMemberType]
        told = [events.decode(fields["e"])[0] for _, fields in rows]
        return [e for e in told if job is None or getattr(e, "job_id", None) == job.job_id]

    def said(self, job: Job, *, attempt: int | None = None) -> str:
        """The deltas of a job joined, as a reader joins them."""
        text = ""
        for event in self.events(job):
            if isinstance(event, events.ReplyDelta) and attempt in (None, event.attempt):
                text = text[: event.index] + event.text
        return text

    def kinds(self, job: Job) -> list[str]:
        """The types of a job's events, runs of deltas as one."""
        kinds: list[str] = []
        for event in self.events(job):
            if not kinds or event.type != kinds[-1]:
                kinds.append(event.type)
        return kinds

    def has_ended(self, job: Job) -> bool:
        """Whether the user was told the end."""
        return self.kinds(job)[-1:] in (["reply.completed"], ["reply.failed"])

    def waiting(self) -> int:
        return self._count("ApproximateNumberOfMessages")

    def in_flight(self) -> int:
        return self._count("ApproximateNumberOfMessagesNotVisible")

    def is_queue_empty(self) -> bool:
        return self.waiting() == 0 and self.in_flight() == 0

    def dead_letters(self) -> list[dict[str, Any]]:
        answer: Any = self.sqs.receive_message(
            QueueUrl=self.resources.dead_letter_queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _count(self, name: Any) -> int:
        answer = self.sqs.get_queue_attributes(
            QueueUrl=self.resources.queue_url, AttributeNames=[name]
        )
        return int(answer.get("Attributes", {})[name])


def _message(job: Job) -> JobMessage:
    return JobMessage(job_id=job.job_id, user_id=job.user_id, conversation_id=job.conversation_id)
