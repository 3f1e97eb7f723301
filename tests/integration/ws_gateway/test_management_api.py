"""boto3's `apigatewaymanagementapi`, unchanged: the gateway answers as API Gateway does.

The contract is botocore's model `apigatewaymanagementapi/2018-11-29` and AWS's quotas of WebSocket
APIs: 128 KB a message, 32 KB a frame.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Any

import aiohttp
import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
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
    ready_gateway,
    short_settings,
)
from tests.integration.ws_gateway.streams import streaming
from ws_gateway.bootstrap import RunningGateway
from ws_gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

SECRET, REGION = "a secret", "eu-central-1"


def management(
    port: int,
    stage: str = "",
    *,
    key_id: str = "AKIATEST",
    secret: str = SECRET,
    region: str = REGION,
) -> ApiGatewayManagementApiClient:
    return boto3.client(  # pyright: ignore[reportUnknownMemberType]  # other services' stubs
        "apigatewaymanagementapi",
        endpoint_url=f"http://127.0.0.1:{port}{stage}",
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def signing(redis_url: str, **overrides: Any) -> GatewaySettings:
    """Settings of a gateway that asks for signatures."""
    keys = {"AKIATEST": SECRET, "AKIAOTHER": "another secret"}
    return short_settings(redis_url, gateway_management_keys=keys, **overrides)


@pytest.fixture
async def running(redis_url: str) -> AsyncGenerator[RunningGateway]:
    async with ready_gateway(signing(redis_url)) as running:
        yield running


@pytest.fixture
async def other(redis_url: str) -> AsyncGenerator[RunningGateway]:
    """Another node of the same stage."""
    async with ready_gateway(signing(redis_url)) as running:
        yield running


@pytest.fixture(params=["", "/prod", "elsewhere"])
def api(
    running: RunningGateway, other: RunningGateway, request: pytest.FixtureRequest
) -> ApiGatewayManagementApiClient:
    """The node that holds the connections, with and without a stage; and one that does not."""
    if request.param == "elsewhere":
        return management(other.internal_port)
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


async def test_a_long_message_goes_out_in_frames_of_32_kb_at_most(
    running: RunningGateway, writer: Writer
) -> None:
    api = management(running.internal_port)
    async with connected(running.port, writer.ticket(a_user())) as client:
        text = "é" * 50_000
        await call(
            api.post_to_connection,
            ConnectionId=client.connected["connection_id"],
            Data=text.encode(),
        )
        frames = [frame async for frame in client.socket.recv_streaming(decode=False)]
    assert b"".join(frames).decode() == text
    assert [len(frame) for frame in frames] == [32 * 1024] * 3 + [100_000 - 3 * 32 * 1024]


async def test_an_event_stream_is_posted_to_like_a_socket(
    running: RunningGateway, other: RunningGateway, writer: Writer
) -> None:
    async with streaming(running.events_port, writer.ticket(a_user())) as client:
        connection_id = client.connected["connection_id"]
        for node in (running, other):
            api = management(node.internal_port)
            body = b'{"type":"note"}'
            await call(api.post_to_connection, ConnectionId=connection_id, Data=body)
            assert await client.read() == {"type": "note"}
        await call(api.delete_connection, ConnectionId=connection_id)
        assert await client.closed() == 1000


# Signatures. boto3 signs in all tests above; these are what it would not do.


async def refused(api: ApiGatewayManagementApiClient, client: Client) -> str:
    """The type of the refusal. Nothing may come through."""
    with pytest.raises(ClientError) as caught:
        await call(
            api.post_to_connection, ConnectionId=client.connected["connection_id"], Data=b"x"
        )
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert await client.says_nothing_before_pong()
    return response["Error"]["Code"]


async def test_each_of_the_keys_may_call_and_no_other(
    running: RunningGateway, writer: Writer
) -> None:
    port = running.internal_port
    async with connected(running.port, writer.ticket(a_user())) as client:
        other = management(port, key_id="AKIAOTHER", secret="another secret", region="sa-east-1")
        await call(other.get_connection, ConnectionId=client.connected["connection_id"])
        wrong = management(port, secret="another secret")
        assert await refused(wrong, client) == "InvalidSignatureException"
        unknown = management(port, key_id="AKIANOBODY")
        assert await refused(unknown, client) == "UnrecognizedClientException"


async def test_without_keys_nobody_may_call(redis_url: str, writer: Writer) -> None:
    async with (
        ready_gateway(short_settings(redis_url)) as running,
        connected(running.port, writer.ticket(a_user())) as client,
    ):
        api = management(running.internal_port)
        assert await refused(api, client) == "UnrecognizedClientException"


async def test_a_laptop_may_ask_for_none(redis_url: str, writer: Writer) -> None:
    settings = short_settings(redis_url, gateway_management_auth="off")
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(a_user())) as client,
    ):
        path = f"/@connections/{client.connected['connection_id']}"
        assert (await send(running, "POST", path, b"x")).status == 200
        assert await client.socket.recv() == "x"


class LeavesOutTheHost(SigV4Auth):
    """Signs rightly, and less than must be signed: good at any host."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPMessage:
        signed = super().headers_to_sign(request)
        del signed["host"]
        return signed


class Signed:
    """A request as botocore signs it, to be spoilt."""

    def __init__(self, method: str, url: str, body: bytes, *, service: str = "execute-api") -> None:
        request = AWSRequest(method, url, data=body)
        request.headers["Host"] = URL(url).authority
        SigV4Auth(Credentials("AKIATEST", SECRET), service, REGION).add_auth(request)
        self.headers: dict[str, str] = dict(request.headers.items())
        self.body = body


SPOILT: dict[str, Callable[[Signed], object]] = {
    "another body": lambda r: setattr(r, "body", b"something else"),
    "no signature": lambda r: r.headers.pop("Authorization"),
    "a cut signature": lambda r: r.headers.update(Authorization=r.headers["Authorization"][:-1]),
    "another date": lambda r: r.headers.update({"X-Amz-Date": "20200101T000000Z"}),
    "no date": lambda r: r.headers.pop("X-Amz-Date"),
    "a date of nonsense": lambda r: r.headers.update({"X-Amz-Date": r.headers["X-Amz-Date"][:8]}),
    "another host": lambda r: r.headers.update(Host="evil.example"),
    "a bearer token": lambda r: r.headers.update(Authorization="Bearer token"),
    "a hash of another body": lambda r: r.headers.update(
        {"X-Amz-Content-SHA256": hashlib.sha256(b"another").hexdigest()}
    ),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_a_request_that_was_changed_is_refused(
    running: RunningGateway, writer: Writer, how: str
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        path = f"/@connections/{client.connected['connection_id']}"
        signed = Signed("POST", url_of(running, path), b"x")
        assert (await send(running, "POST", path, b"x", signed.headers)).status == 200
        assert await client.socket.recv() == "x"
        SPOILT[how](signed)
        answer = await send(running, "POST", path, signed.body, signed.headers)
        assert answer.status == 403
        assert answer.kind.endswith("Exception")
        assert SECRET not in answer.text
        assert await client.says_nothing_before_pong()


async def test_a_signature_is_good_for_its_own_request_only(
    running: RunningGateway, writer: Writer
) -> None:
    async with (
        connected(running.port, writer.ticket(a_user())) as mine,
        connected(running.port, writer.ticket(a_user())) as theirs,
    ):
        own = f"/@connections/{mine.connected['connection_id']}"
        foreign = f"/@connections/{theirs.connected['connection_id']}"
        signed = Signed("POST", url_of(running, own), b"x")
        assert (await send(running, "POST", foreign, b"x", signed.headers)).status == 403
        assert (await send(running, "DELETE", own, b"x", signed.headers)).status == 403
        assert (await send(running, "POST", own + "?a=1", b"x", signed.headers)).status == 403
        elsewhere = Signed("POST", url_of(running, own), b"x", service="sqs")
        assert (await send(running, "POST", own, b"x", elsewhere.headers)).status == 403
        assert await mine.says_nothing_before_pong()
        assert await theirs.says_nothing_before_pong()


async def test_a_signature_that_does_not_cover_the_host_is_refused(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        path = f"/@connections/{client.connected['connection_id']}"
        request = AWSRequest("GET", url_of(running, path), data=b"")
        LeavesOutTheHost(Credentials("AKIATEST", SECRET), "execute-api", REGION).add_auth(request)
        headers = dict(request.headers.items())
        assert "SignedHeaders=x-amz-date," in headers["Authorization"]
        assert (await send(running, "GET", path, b"", headers)).status == 403


async def test_an_old_signature_is_refused(
    running: RunningGateway, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        path = f"/@connections/{client.connected['connection_id']}"
        for minutes, status in ((6, 403), (-6, 403), (4, 200)):
            then = datetime.now(UTC) - timedelta(minutes=minutes)
            monkeypatch.setattr("botocore.auth.get_current_datetime", lambda then=then: then)
            signed = Signed("GET", url_of(running, path), b"")
            assert (await send(running, "GET", path, b"", signed.headers)).status == status


@pytest.mark.parametrize("at", ["@", "%40"])
async def test_the_path_may_be_escaped_or_not(
    running: RunningGateway, writer: Writer, at: str
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        connection_id = client.connected["connection_id"].replace("_", "%5F")
        path = f"/{at}connections/{connection_id}"
        signed = Signed("GET", url_of(running, path), b"")
        assert (await send(running, "GET", path, b"", signed.headers)).status == 200


class Answer:
    def __init__(self, status: int, kind: str, text: str) -> None:
        self.status, self.kind, self.text = status, kind, text


def url_of(running: RunningGateway, path: str) -> str:
    return f"http://127.0.0.1:{running.internal_port}{path}"


async def send(
    running: RunningGateway,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str] | None = None,
) -> Answer:
    url = URL(url_of(running, path), encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=body, headers=headers) as response,
    ):
        kind = response.headers.get("x-amzn-errortype", "")
        return Answer(response.status, kind, await response.text())
