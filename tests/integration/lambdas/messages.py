"""Messages for tests to begin with: sent through the API, answered as a worker would."""

from __future__ import annotations

from typing import Any

from redis import Redis

from lambdas import bootstrap
from lambdas.caller import Caller
from prosa.event_log.keys import log_key
from prosa.events import ServerFrame, decode
from prosa.ids import JobId, UserId
from prosa.store.jobs import Claimed
from tests.builders import a_reply
from tests.integration.lambdas.gateway import Answer, call


def send(caller: Caller, *, key: str = "key-0001", **body: Any) -> Answer:
    body = {"content": "My name is Iracema", **body}
    return call("POST", "/chat", body=body, caller=caller, headers={"idempotency-key": key})


def ask_again(caller: Caller, message_id: str, *, key: str = "key-0002", **body: Any) -> Answer:
    path = f"/messages/{message_id}/replies"
    return call("POST", path, body=body, caller=caller, headers={"idempotency-key": key})


def finish(job_id: str) -> None:
    """Do a worker's part: the reply is stored, the job done."""
    claimed = bootstrap.jobs().claim(JobId(job_id), "worker-1")
    assert isinstance(claimed, Claimed)
    bootstrap.jobs().finish(claimed.job, a_reply(claimed.job))


def told(redis_url: str, user_id: UserId) -> list[ServerFrame]:
    """The events in a user's log, in order."""
    with Redis.from_url(redis_url, decode_responses=True) as redis:  # pyright: ignore[reportUnknownMemberType]
        entries: Any = redis.xrange(log_key(user_id))
    return [decode(fields["e"])[0] for _, fields in entries]
