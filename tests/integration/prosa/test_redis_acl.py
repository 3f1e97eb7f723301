"""The ACL that infra/terraform gives the users of the cache: enough for the product, no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis.credentials import UsernamePasswordCredentialProvider
from redis.exceptions import NoPermissionError

from lambdas.rate_limit import RateLimit
from lambdas.rates import parse_rates
from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits, Outcome
from prosa.clock import utc_now
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import node_channel
from prosa.event_log.log import EventLog
from prosa.event_log.protocol import Append, Range
from prosa.ids import new_connection_id, new_user_id
from prosa.redis_client import connect, connect_blocking
from prosa.socket_access.admission import Entrance, SocketAccess
from prosa.socket_access.keys import CONTROL_CHANNEL
from prosa.socket_access.revocations import revoke_sessions
from prosa.socket_access.tickets import TicketHolder, issue_ticket
from tests.cloud.cache import acl

USER, PASSWORD = "prosa-test-worker", "as-good-as-a-token"


@pytest.fixture
def sign_in(redis_url: str) -> Iterator[UsernamePasswordCredentialProvider]:
    """Make the user as ElastiCache would, and take it away again."""
    with connect_blocking(redis_url) as admin:
        root: Any = admin
        root.execute_command("ACL", "SETUSER", USER, "reset", f">{PASSWORD}", *acl())
        try:
            yield UsernamePasswordCredentialProvider(USER, PASSWORD)
        finally:
            root.execute_command("ACL", "DELUSER", USER)


@pytest.fixture
async def redis(redis_url: str, sign_in: UsernamePasswordCredentialProvider) -> AsyncIterator[Any]:
    client: Any = connect(redis_url, sign_in=sign_in)
    yield client
    await client.aclose()


async def test_it_is_enough_for_the_worker_and_the_gateway(redis: Any) -> None:
    user, connection = new_user_id(), new_connection_id()
    log = EventLog(redis)
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(node_channel("gw-1"))
        await log.renew("gw-1", [(user, connection)], lease_s=30)
        (appended,) = await log.append([Append(user, '{"n":1}')])
        assert appended.cursor is not None
        found = await log.read(user, Cursor(appended.cursor.epoch, 0))
        assert isinstance(found, Range)
        assert [entry.payload for entry in found.entries] == ['{"n":1}']
        heard = [await pubsub.get_message(timeout=5) for _ in range(2)]
    assert [message["type"] for message in heard] == ["subscribe", "message"]


async def test_it_is_enough_for_the_circuits(redis: Any) -> None:
    limits = BreakerLimits(max_failures=5, window_s=10, reset_s=30, probe_lease_s=30)
    breakers = SharedBreakers(redis, limits)
    admission = await breakers.admit("openai:one", "token")
    await breakers.report("openai:one", "token", admission.epoch, Outcome.FAILED)


async def test_it_is_enough_for_the_functions(
    redis: Any, redis_url: str, sign_in: UsernamePasswordCredentialProvider
) -> None:
    holder = TicketHolder(new_user_id(), "session", utc_now() + timedelta(minutes=5))
    with connect_blocking(redis_url, sign_in=sign_in) as blocking:
        BlockingEventLog(blocking).append(holder.user_id, ['{"n":1}'])
        BlockingEventLog(blocking).snapshot_cursor(holder.user_id, [])
        RateLimit(blocking).count(parse_rates("5/minute"), "test", "somebody")
        ticket = issue_ticket(blocking, holder)
        access = SocketAccess(redis, node="gw-1", lease_s=45, session_grace_s=30)
        came = Entrance(ticket, new_connection_id(), None)
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(CONTROL_CHANNEL)
            assert await access.admit(came, events=1) is not None
            revoke_sessions(blocking, holder.user_id, [holder.session_id])
            heard = [await pubsub.get_message(timeout=5) for _ in range(2)]
    assert [message["type"] for message in heard] == ["subscribe", "message"]


@pytest.mark.parametrize(
    "command",
    ["FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "MONITOR", "PUBLISH other x", "SHUTDOWN"],
)
async def test_what_looks_at_or_changes_the_whole_is_refused(redis: Any, command: str) -> None:
    with pytest.raises(NoPermissionError):
        await redis.execute_command(*command.split())
