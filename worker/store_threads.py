"""The table for asyncio: boto3 in threads, and patience when DynamoDB does not answer.

`handle_job` and `jobs_in_hand` call it. Every write here may be sent twice without harm: a claim
and a finish carry the same token each time.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from prosa.conversation import Message
from prosa.errors import NotFound, Unavailable
from prosa.ids import JobId
from prosa.jobs import Excuse, Job
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import AlreadyFinished, Claimed, JobStore
from worker.context import QuestionTooLong, build_turns
from worker.llm.errors import ContextTooLong
from worker.llm.model import Model, Turn

T = TypeVar("T")

THREADS = 8
PATIENCE_S = 15.0
"""After this a job is given back: by then another worker, or a later time, is the better try."""


class StoreThreads:
    """Methods raise what the stores raise; Unavailable only after `PATIENCE_S`."""

    def __init__(
        self, jobs: JobStore, conversations: ConversationStore, *, worker_name: str
    ) -> None:
        self._jobs = jobs
        self._conversations = conversations
        self._worker_name = worker_name
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")

    async def claim(self, job_id: JobId) -> Claimed | AlreadyFinished:
        """Take the job for its next attempt. Raises NotFound."""
        token = str(uuid.uuid4())
        return await self._patiently(
            lambda: self._jobs.claim(job_id, self._worker_name, token=token)
        )

    async def give_back(self, job: Job, excuse: Excuse | None) -> None:
        """Let the job wait for its next attempt. Without patience: it is a courtesy."""
        await self._in_thread(lambda: self._jobs.give_back(job, excuse))

    async def find(self, job_id: JobId) -> Job | None:
        """The job as it stands."""
        return await self._patiently(lambda: self._jobs.find(job_id))

    async def finish(self, job: Job, reply: Message) -> None:
        """Store the job's one end. Raises Fenced, NotFound."""
        await self._patiently(lambda: self._jobs.finish(job, reply))

    async def abandon(self, job: Job) -> None:
        """End a job whose conversation is gone. Raises Fenced."""
        await self._patiently(lambda: self._jobs.abandon(job))

    async def reply_of(self, job: Job) -> Message | None:
        """The stored reply of a job that has its end; None when its conversation is gone."""
        try:
            return await self._patiently(
                lambda: self._conversations.message(job.conversation_id, job.reply_id)
            )
        except NotFound:
            return None

    async def turns(self, job: Job, model: Model, *, budget: int) -> tuple[Turn, ...]:
        """What `model` is shown of the conversation.

        Raises NotFound when the conversation is gone, ContextTooLong when the question alone takes
        more than `budget` tokens.
        """

        def read() -> tuple[Turn, ...]:
            branch = self._conversations.branch(job.conversation_id, job.message_id)
            return build_turns(branch, count_tokens=model.count_tokens, budget=budget)

        with _as_model_error(model.model_id):
            turns = await self._patiently(read)
        if not turns:
            raise NotFound("conversation")
        return turns

    def close(self) -> None:
        """End the threads, after the calls they are in."""
        self._threads.shutdown(wait=True)

    async def _patiently(self, call: Callable[[], T]) -> T:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Unavailable),
            wait=wait_random_exponential(multiplier=0.2, max=4),
            stop=stop_after_delay(PATIENCE_S),
            reraise=True,
        )

        return await retrying(self._in_thread, call)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


@contextmanager
def _as_model_error(model_id: str) -> Generator[None]:
    try:
        yield
    except QuestionTooLong as exc:
        detail = f"the question takes {exc.tokens} of {exc.budget} tokens"
        raise ContextTooLong(model_id, detail) from exc
