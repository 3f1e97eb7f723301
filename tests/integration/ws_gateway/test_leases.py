"""Entries of the connection map live as long as their gateway does."""

from __future__ import annotations

from prosa.event_log.keys import connections_key
from prosa.ids import UserId
from tests.integration.ws_gateway.clients import (
    Writer,
    a_user,
    connected,
    numbered,
    ready_gateway,
    short_settings,
    until,
)


async def test_a_living_gateway_renews_its_leases(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(
        redis_url, gateway_lease_s=3, gateway_renew_s=0.2, gateway_sweep_s=3600
    )
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        first = ends(writer, user)
        await until(lambda: ends(writer, user) > first + 800)
        writer.append(user, [0])
        assert await client.read_events(1) == [0]


async def test_the_map_names_the_node_and_forgets_it_after_the_drain(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_node="gw-test")
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)),
        connected(running.port, writer.ticket(user)),
    ):
        (result,) = writer.log.append(user, [numbered(0)])
        assert result.nodes == ("gw-test",)
        assert len(writer.redis.hgetall(connections_key(user))) == 2
    assert not writer.redis.exists(connections_key(user))


async def test_an_entry_lost_from_the_map_is_put_back(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_renew_s=0.1, gateway_sweep_s=3600)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        writer.redis.delete(connections_key(user))
        await until(lambda: bool(writer.redis.exists(connections_key(user))))
        writer.append(user, [0])
        assert await client.read_events(1) == [0]


def ends(writer: Writer, user: UserId) -> int:
    """When the user's one lease ends, ms."""
    (value,) = writer.redis.hvals(connections_key(user))
    return int(str(value).partition(":")[0])
