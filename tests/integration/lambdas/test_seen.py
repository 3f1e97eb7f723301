"""Who asks about a job is told whether its end was seen, as far as that can be told."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas import bootstrap
from prosa.event_log.keys import fence_key, head_key
from prosa.ids import JobId
from prosa.redis_client import connect_blocking
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import a_caller, call
from tests.integration.lambdas.messages import send
from tests.integration.lambdas.test_stop import stop


def seen(caller: Any, job_id: JobId) -> object:
    return call("GET", f"/jobs/{job_id}", caller=caller).json["seen"]


@pytest.mark.usefixtures("edge")
def test_a_job_that_goes_on_has_no_end_to_see() -> None:
    caller = a_caller()
    assert seen(caller, send(caller).json["job_id"]) is None


@pytest.mark.usefixtures("edge")
def test_an_end_is_seen_when_a_client_has_acknowledged_it(redis_url: str) -> None:
    caller = a_caller()
    job_id: JobId = send(caller).json["job_id"]
    assert stop(caller, job_id).json["status"] == "cancelled"
    assert seen(caller, job_id) is False
    redis: Any = connect_blocking(redis_url)
    ended = redis.hget(fence_key(caller.user_id, job_id), "ended")
    redis.hset(head_key(caller.user_id), "seen", ended.partition(":")[2])
    redis.close()
    assert seen(caller, job_id) is True


def test_without_the_log_it_cannot_be_told(
    edge: Edge, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = a_caller()
    job_id: JobId = send(caller).json["job_id"]
    stop(caller, job_id)
    monkeypatch.setenv("PROSA_REDIS_URL", "redis://127.0.0.1:1/0")
    edge.set(redis_url="redis://127.0.0.1:1/0")
    assert seen(caller, job_id) is None
    assert bootstrap.settings().redis_url != redis_url
