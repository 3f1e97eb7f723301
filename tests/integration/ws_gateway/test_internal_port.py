"""The internal port: boto3's management client works unchanged, probes and metrics answer."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect
from yarl import URL

from tests.integration.ws_gateway.clients import (
    KIB,
    Client,
    Writer,
    a_user,
    address,
    connected,
    short_settings,
    until,
)
from ws_gateway.bootstrap import RunningGateway, gateway

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


def management(port: int, stage: str = "") -> ApiGatewayManagementApiClient:
    return boto3.client(  # pyright: ignore[reportUnknownMemberType]  # other services' stubs
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{port}{stage}",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture(params=["", "/prod"])
def api(running: RunningGateway, request: pytest.FixtureRequest) -> ApiGatewayManagementApiClient:
    return management(running.internal_port, request.param)


async def call(function: Callable[..., Any], **arguments: Any) -> Any:
    return await asyncio.to_thread(function, **arguments)


async def test_post_sends_the_body_to_that_connection_alone(
    running: RunningGateway, writer: Writer, api: ApiGatewayManagementApiClient
) -> None:
    user = a_user()
    async with (
        connected(running.port, writer.ticket(user)) as client,
        connected(running.port, writer.ticket(user)) as other,
    ):
        connection_id = client.connected["connection_id"]
        body = '{"type":"note","text":"olá"}'.encode()
        await call(api.post_to_connection, ConnectionId=connection_id, Data=body)
        assert await client.read() == {"type": "note", "text": "olá"}
        assert await other.says_nothing_before_pong()


async def test_get_describes_the_connection(
    running: RunningGateway, writer: Writer, api: ApiGatewayManagementApiClient
) -> None:
    url = address(running.port, writer.ticket(a_user()))
    async with connect(url, user_agent_header="test/1") as socket:
        connection_id = (await Client(socket).read())["connection_id"]
        found = await call(api.get_connection, ConnectionId=connection_id)
    assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "test/1"}
    for key in ("ConnectedAt", "LastActiveAt"):
        assert abs(found[key] - datetime.now(UTC)) < timedelta(seconds=5)


async def test_delete_closes_the_connection(
    running: RunningGateway, writer: Writer, api: ApiGatewayManagementApiClient
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        connection_id = client.connected["connection_id"]
        answer = await call(api.delete_connection, ConnectionId=connection_id)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert await client.closed() == 1000
        with pytest.raises(api.exceptions.GoneException):
            await call(api.delete_connection, ConnectionId=connection_id)


@pytest.mark.parametrize("connection_id", ["con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "JC1dgf9yoAMCK-g="])
async def test_an_unknown_connection_is_gone(
    api: ApiGatewayManagementApiClient, connection_id: str
) -> None:
    for function, more in (
        (api.post_to_connection, {"Data": b"x"}),
        (api.get_connection, {}),
        (api.delete_connection, {}),
    ):
        with pytest.raises(api.exceptions.GoneException) as caught:
            await call(function, ConnectionId=connection_id, **more)
        assert '"HTTPStatusCode": 410' in json.dumps(caught.value.response, default=str)


async def test_128_kib_are_sent_and_a_byte_more_is_refused(
    running: RunningGateway, writer: Writer, api: ApiGatewayManagementApiClient
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        connection_id = client.connected["connection_id"]
        text = '"' + "x" * (128 * 1024 - 2) + '"'
        await call(api.post_to_connection, ConnectionId=connection_id, Data=text.encode())
        assert len(str(await client.socket.recv())) == 128 * 1024
        for size in (128 * 1024 + 1, 1024 * 1024):
            with pytest.raises(api.exceptions.PayloadTooLargeException):
                await call(api.post_to_connection, ConnectionId=connection_id, Data=b"x" * size)


async def test_a_client_that_does_not_read_limits_who_posts_to_it(
    running: RunningGateway, writer: Writer
) -> None:
    api = management(running.internal_port)
    async with connected(running.port, writer.ticket(a_user()), is_tiny=True) as client:
        connection_id = client.connected["connection_id"]
        post = functools.partial(
            api.post_to_connection, ConnectionId=connection_id, Data=KIB.encode() * 100
        )
        with pytest.raises(api.exceptions.LimitExceededException):
            await call(lambda: [post() for _ in range(100)])


async def test_bytes_that_are_no_text_are_refused(running: RunningGateway, writer: Writer) -> None:
    api = management(running.internal_port)
    async with connected(running.port, writer.ticket(a_user())) as client:
        with pytest.raises(ClientError, match="BadRequestException"):
            await call(
                api.post_to_connection,
                ConnectionId=client.connected["connection_id"],
                Data=b"\xff",
            )
        assert await client.says_nothing_before_pong()


@pytest.mark.parametrize("at", ["@", "%40"])
async def test_the_path_may_be_escaped_or_not(
    running: RunningGateway, writer: Writer, at: str
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        connection_id = client.connected["connection_id"].replace("_", "%5F")
        status, _ = await get(running, f"/{at}connections/{connection_id}")
        assert status == 200


async def test_a_node_that_never_heard_redis_is_alive_but_not_ready() -> None:
    async with gateway(short_settings("redis://127.0.0.1:1/0")) as running:
        assert (await get(running, "/healthz"))[0] == 200
        assert (await get(running, "/readyz"))[0] == 503


async def test_metrics_count_what_happens(running: RunningGateway, writer: Writer) -> None:
    user = a_user()
    assert (await get(running, "/readyz"))[0] == 200
    async with connected(running.port, writer.ticket(user), "00000000abcd:1") as client:
        await client.read_type("resync")
        writer.append(user, range(3))
        await client.read_events(3)
        _, text = await get(running, "/metrics")
    samples = set(text.splitlines())
    assert "prosa_gateway_connections 1.0" in samples
    assert "prosa_gateway_accepted_total 1.0" in samples
    assert "prosa_gateway_delivered_events_total 3.0" in samples
    assert 'prosa_gateway_resyncs_total{reason="epoch_changed"} 1.0' in samples
    await until(lambda: len(running.hub) == 0)


async def get(running: RunningGateway, path: str) -> tuple[int, str]:
    url = URL(f"http://127.0.0.1:{running.internal_port}{path}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()
