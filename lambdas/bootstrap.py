"""Composition root: what the handlers are made of, each made once and when first asked for.

Imports stand inside the functions, so that a cold start pays for the libraries of its own handler
only. A handler imports the use case it calls at its top: Lambda's init phase has a whole core, the
first request a share of one.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, cast

from lambdas.settings import EdgeSettings, WatchSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from redis import Redis

    from lambdas.access_tokens import AccessTokens
    from lambdas.announcements import Announcements
    from lambdas.cancel_job import CancelJob
    from lambdas.end_dead_jobs import EndDeadJobs
    from lambdas.history import History
    from lambdas.rate_limit import RateLimit
    from lambdas.receipts import Receipts
    from lambdas.search import Search
    from lambdas.sign_in import SignIn
    from lambdas.submit_message import SubmitMessage
    from prosa.event_log.blocking import BlockingEventLog
    from prosa.parameters import Parameters
    from prosa.redis_iam import IamSignIn
    from prosa.store.conversations import ConversationStore
    from prosa.store.jobs import JobStore
    from prosa.store.long_texts import LongTexts
    from prosa.store.table import Table
    from prosa.store.users import UserStore

AWS_TIMEOUT_S = 1.5
"""Three tries, and the 3 s between them at most, end before the function's own 10 s do: else its
503 would never be sent."""

LOOK_TIMEOUT_S = 4.0
"""Leaves room for the short wait of a look into the dead-letter queue."""


@cache
def settings() -> EdgeSettings:
    """Raises SettingsError naming the variable."""
    return EdgeSettings.from_environ()


@cache
def access_tokens() -> AccessTokens:
    from lambdas.access_tokens import AccessTokens

    return AccessTokens(parameters())


@cache
def sign_in() -> SignIn:
    from lambdas.ended_sessions import EndedSessions
    from lambdas.sign_in import SignIn
    from prosa.parameters import REFRESH_TOKEN_KEY
    from prosa.store.sessions import SessionStore

    key = base64.b64decode(parameters().get(REFRESH_TOKEN_KEY))
    return SignIn(
        users=users(),
        sessions=SessionStore(table(), key, tell=EndedSessions(redis()).tell),
        tokens=access_tokens(),
        rate_limit=rate_limit(),
        settings=settings(),
    )


@cache
def submit_message() -> SubmitMessage:
    from lambdas.admission import Admission
    from lambdas.submit_message import SubmitMessage
    from prosa.aws import client
    from prosa.job_queue import JobQueue

    return SubmitMessage(
        jobs=jobs(),
        conversations=conversations(),
        queue=JobQueue(client("sqs", read_timeout_s=AWS_TIMEOUT_S), settings().queue_url),
        admission=Admission(users(), rate_limit(), redis(), settings()),
        announcements=announcements(),
        models=settings().models,
    )


@cache
def cancel_job() -> CancelJob:
    from lambdas.cancel_job import CancelJob

    return CancelJob(jobs=jobs(), log=event_log())


@cache
def end_dead_jobs() -> EndDeadJobs:
    from lambdas.end_dead_jobs import EndDeadJobs
    from prosa.aws import client
    from prosa.dead_letters import DeadLetters
    from prosa.job_queue import JobQueue

    sqs = client("sqs", read_timeout_s=LOOK_TIMEOUT_S)
    return EndDeadJobs(
        letters=DeadLetters(JobQueue(sqs, WatchSettings.from_environ().dead_letter_queue_url)),
        jobs=jobs(),
        conversations=conversations(),
        log=event_log(),
    )


@cache
def history() -> History:
    from lambdas.history import History

    return History(conversations=conversations(), jobs=jobs(), log=event_log())


@cache
def search() -> Search:
    from lambdas.search import Search
    from prosa.store.sweep import Sweep

    return Search(Sweep(table()), rate_limit(), settings())


@cache
def announcements() -> Announcements:
    from lambdas.announcements import Announcements

    return Announcements(event_log())


@cache
def receipts() -> Receipts:
    from lambdas.receipts import Receipts

    return Receipts(event_log())


@cache
def rate_limit() -> RateLimit:
    from lambdas.rate_limit import RateLimit

    return RateLimit(redis())


@cache
def event_log() -> BlockingEventLog:
    from prosa.event_log.blocking import BlockingEventLog

    return BlockingEventLog(redis())


@cache
def redis() -> Redis:
    from prosa.redis_client import connect_blocking

    return connect_blocking(settings().redis_url, sign_in=_redis_sign_in())


def _redis_sign_in() -> IamSignIn | None:
    user = settings().redis_iam_user
    if not user:  # as on a laptop: then nothing of it is imported
        return None
    from prosa.redis_iam import iam_sign_in

    return iam_sign_in(user, settings().redis_cache_name)


@cache
def jobs() -> JobStore:
    from prosa.store.jobs import JobStore

    return JobStore(table(), _long_texts())


@cache
def conversations() -> ConversationStore:
    from prosa.store.conversations import ConversationStore

    return ConversationStore(table(), _long_texts())


@cache
def users() -> UserStore:
    from prosa.store.users import UserStore

    return UserStore(table())


@cache
def table() -> Table:
    from prosa.aws import client
    from prosa.store.table import Table

    return Table(client("dynamodb", read_timeout_s=AWS_TIMEOUT_S), settings().table)


@cache
def parameters() -> Parameters:
    from prosa.aws import client
    from prosa.parameters import Parameters

    return Parameters(client("ssm", read_timeout_s=AWS_TIMEOUT_S), settings().parameters)


@cache
def _long_texts() -> LongTexts:
    from prosa.store.long_texts import LongTexts

    return LongTexts(cast("S3Client", _LateS3()), settings().bucket)


class _LateS3:
    """An S3 client that is made when first used: it costs 20 ms, few requests meet a long text."""

    def __getattr__(self, operation: str) -> object:
        return getattr(_s3(), operation)


@cache
def _s3() -> S3Client:
    from prosa.aws import client

    return client("s3", read_timeout_s=AWS_TIMEOUT_S)
