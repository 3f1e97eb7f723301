"""The one file that names what the worker is made of: settings in, parts out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from prosa import aws
from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits
from prosa.event_log.log import EventLog
from prosa.job_queue import JobQueue
from prosa.multiplexed_redis import MultiplexedRedis
from prosa.parameters import Parameters
from prosa.redis_client import connection_pool
from prosa.redis_iam import iam_sign_in
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table
from worker.consumer import Consumer, ConsumerLimits
from worker.handle_job import HandleJob, ReplyLimits
from worker.jobs_in_hand import JobsInHand
from worker.leases import Leases
from worker.llm.catalogue import Providers, load_models
from worker.llm.chain import Chain, Guards
from worker.llm.external import ProviderLimits
from worker.llm.retry import RetryBudget, RetryLimits
from worker.llm.timeouts import Silences
from worker.publisher import Publisher
from worker.queue_threads import ACK_THREADS, QueueThreads
from worker.settings import WorkerSettings
from worker.store_threads import THREADS, StoreThreads

PROBE_LEASE = 1.5
"""Of the wait for a first token, which is as long as a probe can take: a lease that ended first
would let a second probe out."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The parts that run."""

    consumer: Consumer
    publisher: Publisher


@asynccontextmanager
async def worker(settings: WorkerSettings) -> AsyncGenerator[Worker]:
    """Make the parts, models loaded; close them in reverse order when the block ends.

    Raises SettingsError and ModelMisconfigured.
    """
    async with AsyncExitStack() as closing:
        store = _store(settings)
        closing.callback(store.close)
        queue = _queue(settings)
        closing.callback(queue.close)
        redis = MultiplexedRedis(
            connection_pool(
                settings.redis_url,
                sign_in=iam_sign_in(settings.redis_iam_user, settings.redis_cache_name),
            )
        )
        closing.push_async_callback(redis.aclose)
        guards = _guards(settings, redis)
        models = await load_models(settings.models, _providers(settings))
        chain = Chain([guards.around(model) for model in models])
        closing.push_async_callback(chain.aclose)

        event_log = EventLog(redis, cluster=settings.redis_cluster)
        publisher = Publisher(event_log)
        hand = JobsInHand(store, event_log)
        handle = HandleJob(store, hand, publisher, chain, _reply_limits(settings))
        leases = Leases(
            queue.extend,
            visibility_s=settings.worker_visibility_s,
            heartbeat_s=settings.worker_heartbeat_s,
        )
        limits = ConsumerLimits(
            concurrency=settings.worker_concurrency,
            visibility_s=settings.worker_visibility_s,
            poll_wait_s=settings.worker_poll_wait_s,
        )
        consumer = Consumer(queue, handle, leases, limits, on_stop=hand.stopped)
        yield Worker(consumer, publisher)


def _reply_limits(settings: WorkerSettings) -> ReplyLimits:
    return ReplyLimits(
        max_output_tokens=settings.max_output_tokens,
        deadline_s=settings.worker_deadline_s,
        backoff_s=settings.worker_backoff_s,
    )


def _store(settings: WorkerSettings) -> StoreThreads:
    table = Table(aws.client("dynamodb", pool=THREADS), settings.table)
    long_texts = LongTexts(aws.client("s3", pool=THREADS), settings.bucket)
    return StoreThreads(
        JobStore(table, long_texts),
        ConversationStore(table, long_texts),
        worker_name=settings.worker_name,
    )


def _queue(settings: WorkerSettings) -> QueueThreads:
    acks = aws.client("sqs", pool=ACK_THREADS)
    return QueueThreads(
        polls=JobQueue(aws.client("sqs", pool=1), settings.queue_url),
        acks=JobQueue(acks, settings.queue_url),
        dead_letters=JobQueue(acks, settings.dead_letter_queue_url),
    )


def _guards(settings: WorkerSettings, redis: Redis) -> Guards:
    limits = BreakerLimits(
        max_failures=settings.breaker_max_failures,
        window_s=settings.breaker_window_s,
        reset_s=settings.breaker_reset_s,
        probe_lease_s=PROBE_LEASE * settings.model_first_token_timeout_s,
    )
    return Guards(
        breakers=SharedBreakers(redis, limits),
        redis_timeout_s=settings.breaker_redis_timeout_s,
        silences=Silences(
            first_token_s=settings.model_first_token_timeout_s,
            idle_s=settings.model_idle_timeout_s,
        ),
        retry=RetryLimits(
            attempts=settings.retry_attempts,
            backoff_s=settings.retry_backoff_s,
            longest_wish_s=settings.retry_longest_wish_s,
        ),
        budget=RetryBudget(ratio=settings.retry_budget_ratio, reserve=settings.retry_reserve),
    )


def _providers(settings: WorkerSettings) -> Providers:
    return Providers(
        parameters=Parameters(aws.client("ssm"), settings.parameters),
        openai_base_url=settings.openai_base_url,
        anthropic_base_url=settings.anthropic_base_url,
        limits=ProviderLimits(
            context_tokens=settings.external_context_tokens,
            connect_timeout_s=settings.model_connect_timeout_s,
            read_timeout_s=settings.model_read_timeout_s,
        ),
        local_max_requests=settings.worker_concurrency,
    )
