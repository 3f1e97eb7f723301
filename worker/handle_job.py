"""The spine of the worker: one job, from the queue message to its one stored and told end.

The order of the steps is the protocol; each step may be the last before a crash, and the next
delivery finds out how far it came:

    claim     counts the attempt; a job that has its end is told again and is done
    start     the log refuses every earlier attempt from here on
    stream    deltas; cancel and fence come back with the answers
    commit    reply, job and usage in one transaction, for the newest attempt only
    tell      the log takes a final event once
    outcome   only now may the message be deleted
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from prosa.conversation import FinishReason, Message
from prosa.errors import Fenced, NotFound, Unavailable, UnreadableJob
from prosa.event_log.protocol import Verdict
from prosa.ids import JobId
from prosa.job_queue import Delivery
from prosa.jobs import Excuse, Job, JobMessage
from prosa.replies import end_event, failed_reply
from prosa.store.jobs import AlreadyFinished
from worker import metrics, replies
from worker.failures import WORKER_CRASHED, failure_of
from worker.generation import Generated, generate
from worker.jobs_in_hand import JobsInHand
from worker.llm.chain import Chain
from worker.llm.errors import ModelError, ModelRateLimited
from worker.llm.instructions import instructions_for
from worker.llm.model import Model, ModelRequest
from worker.outcome import DeadLetter, Done, Dropped, Outcome, Retry
from worker.publisher import Publisher
from worker.reply_feed import ReplyFeed
from worker.store_threads import StoreThreads

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 4
"""Attempts that may count against a job, anew after each redrive; one more finds only that it must
end, as a message that kills its worker never reaches the code that counts failures."""

OUTAGE_RETRY_S = 30
"""Table or log did not answer for long. Such attempts do not count, but receives do: so they are
not spent fast."""

LONGEST_RETRY_S = 60

TELL_PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""Between the tries to tell a stored end."""


@dataclass(frozen=True, kw_only=True)
class ReplyLimits:
    """See the settings of the same names."""

    max_output_tokens: int
    deadline_s: float
    backoff_s: int


class TryAgain(Exception):
    """The attempt failed in a way that a later one may not."""

    def __init__(self, delay_s: int) -> None:
        super().__init__(delay_s)
        self.delay_s = delay_s


class HandleJob:
    """Call it with a delivery; it gives what the queue should do with the message."""

    def __init__(
        self,
        store: StoreThreads,
        hand: JobsInHand,
        publisher: Publisher,
        chain: Chain,
        limits: ReplyLimits,
    ) -> None:
        self._store = store
        self._hand = hand
        self._publisher = publisher
        self._chain = chain
        self._limits = limits

    async def __call__(self, delivery: Delivery) -> Outcome:
        """Answer the job. Raises nothing it knows of: every known failure has its outcome."""
        try:
            message = JobMessage.decode(delivery.body)
        except UnreadableJob as exc:
            return DeadLetter(exc.detail)
        try:
            async with self._hand.turn(delivery, message.job_id):
                outcome = await self._answer(delivery, message.job_id)
        except TryAgain as again:
            return await self._give_back(delivery, None, delay_s=again.delay_s)
        except Unavailable as exc:
            log.warning("outage", extra={"job_id": message.job_id, "detail": exc.detail})
            return await self._give_back(delivery, Excuse.OUTAGE, delay_s=OUTAGE_RETRY_S)
        except Exception:
            await self._hand.give_back(delivery, None)
            raise
        self._hand.ended(delivery)
        return outcome

    async def _give_back(
        self, delivery: Delivery, excuse: Excuse | None, *, delay_s: int
    ) -> Outcome:
        is_cancelled = await self._hand.give_back(delivery, excuse)
        return Retry(0 if is_cancelled else delay_s)

    async def _answer(self, delivery: Delivery, job_id: JobId) -> Outcome:
        try:
            claim = await self._hand.claim(delivery, job_id)
        except NotFound as exc:
            return DeadLetter(exc.detail)
        if isinstance(claim, AlreadyFinished):
            return await self._tell_again(claim.job)
        job = claim.job
        log.info("job_claimed", extra=_fields(job))
        with self._publisher.open(job) as feed:
            try:
                reply = await self._reply(job, feed)
                await self._store.finish(job, reply)
            except Fenced:
                return await self._step_aside(delivery, job)
            except NotFound:
                return await self._abandon(delivery, job)
            self._hand.ended(delivery)
            _count(reply)
            log.info("job_finished", extra={**_fields(job), "finish_reason": reply.finish_reason})
            await self._tell(feed, reply)
        return Done()

    async def _reply(self, job: Job, feed: ReplyFeed) -> Message:
        """Make the one end of the job. Raises Fenced, NotFound, TryAgain."""
        if job.tries > MAX_ATTEMPTS:
            return failed_reply(job, WORKER_CRASHED, model_id=None)
        model = self._chain.resolve(job.model)
        try:
            if await self._is_cancelled_at_start(feed, model):
                generated = Generated("", FinishReason.CANCELLED, None, model.model_id)
            else:
                request = await self._request(job, model)
                generated = await generate(model, request, feed, deadline_s=self._limits.deadline_s)
        except ModelError as error:
            return self._failed(job, model, error)
        return replies.answer(job, generated)

    async def _is_cancelled_at_start(self, feed: ReplyFeed, model: Model) -> bool:
        """Say that the attempt begins. Raises Fenced when the log knows a later one."""
        try:
            started = await feed.start(model_id=model.model_id)
        except Unavailable:
            return False  # readers see the reply when it is stored; the fence is the table's alone
        if started.verdict is not Verdict.APPENDED:
            raise Fenced("the log knows a later attempt")
        return started.is_cancelled

    async def _request(self, job: Job, model: Model) -> ModelRequest:
        """Raises NotFound when the conversation is gone, ContextTooLong."""
        # A small local model must not give its whole context to the reply.
        output = min(self._limits.max_output_tokens, model.context_tokens // 2)
        instructions = instructions_for(model.model_id)
        budget = model.context_tokens - output - model.count_tokens(instructions or "")
        turns = await self._store.turns(job, model, budget=budget)
        return ModelRequest(turns, max_output_tokens=output, instructions=instructions)

    def _failed(self, job: Job, model: Model, error: ModelError) -> Message:
        """Raise TryAgain, or give the stored failure that ends the job."""
        metrics.MODEL_ERRORS.labels(error.model_id, error.code).inc()
        log.warning(
            "model_failed", extra={**_fields(job), "code": error.code, "detail": str(error)}
        )
        if error.retryable and job.tries < MAX_ATTEMPTS:
            raise TryAgain(self._backoff_s(job, error)) from error
        return failed_reply(job, failure_of(error), model_id=model.model_id)

    def _backoff_s(self, job: Job, error: ModelError) -> int:
        own = self._limits.backoff_s * 2 ** (job.tries - 1)
        asked = error.retry_after_s if isinstance(error, ModelRateLimited) else None
        return min(max(own, round(asked or 0)), LONGEST_RETRY_S)

    async def _tell(self, feed: ReplyFeed, reply: Message) -> None:
        """Append the stored end. Raises Unavailable when the log does not take it: the message
        then stays, and its next delivery tells it again."""
        event = end_event(feed.job, reply)
        for pause in TELL_PAUSES_S:
            try:
                await feed.end(event)
            except Unavailable:
                await asyncio.sleep(pause)
            else:
                return
        await feed.end(event)

    async def _tell_again(self, job: Job) -> Outcome:
        """A finished job came again: its end may have been stored and not told."""
        reply = await self._store.reply_of(job)
        if reply is not None:
            with self._publisher.open(job) as feed:
                await self._tell(feed, reply)
        return Done()

    async def _step_aside(self, delivery: Delivery, job: Job) -> Outcome:
        """A later attempt owns the job, or it has its end. This one was late, not at fault."""
        metrics.FENCED.inc()
        log.warning("fenced", extra=_fields(job))
        now = await self._store.find(job.job_id)
        if now is not None and now.status.is_final:
            return await self._tell_again(now)
        await self._hand.give_back(delivery, Excuse.LEASE_LOST)
        return Dropped("fenced")

    async def _abandon(self, delivery: Delivery, job: Job) -> Outcome:
        """The conversation was deleted: nobody waits for this reply."""
        log.info("job_abandoned", extra=_fields(job))
        try:
            await self._store.abandon(job)
        except Fenced:
            return await self._step_aside(delivery, job)
        return Done()


def _count(reply: Message) -> None:
    metrics.REPLIES.labels(str(reply.finish_reason)).inc()
    if reply.usage is not None and reply.model is not None:
        metrics.TOKENS.labels(reply.model, "input").inc(reply.usage.input_tokens)
        metrics.TOKENS.labels(reply.model, "output").inc(reply.usage.output_tokens)


def _fields(job: Job) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "conversation_id": job.conversation_id,
        "attempt": job.attempt,
    }
