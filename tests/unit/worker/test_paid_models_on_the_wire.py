"""The paid models against bytes that no well-made server sends, and some that it may."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from prosa.conversation import Role
from tests.llm_server.script import Script
from tests.llm_server.wire import MessagesWire, ResponsesWire, Wire
from worker.llm import sse
from worker.llm.anthropic_model import AnthropicModel
from worker.llm.errors import ModelError, ModelRateLimited, ModelUnavailable, StreamCut
from worker.llm.external import ProviderLimits
from worker.llm.model import Model, ModelRequest, StreamEnd, TextDelta, Turn
from worker.llm.openai_model import OpenAIModel
from worker.llm.timeouts import Silences, Timeouts

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
REQUEST = ModelRequest((Turn(Role.USER, "Who are you?"),), max_output_tokens=100)
LIMITS = ProviderLimits(context_tokens=4_000, connect_timeout_s=1.0, read_timeout_s=2.0)
WIRES: dict[str, Wire] = {"openai": ResponsesWire(), "anthropic": MessagesWire()}

Answer = list[bytes]
"""What the server writes, each with a pause after it, before it closes the connection."""


@asynccontextmanager
async def model_that_reads(provider: str, answer: Answer) -> AsyncGenerator[Model]:
    """A model whose provider answers every request with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        # What is left unread resets the connection when it is closed.
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
        try:
            for data in answer:
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.005)  # so that it is a read of its own
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def key() -> str:
        return "sk-test"

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        model: Model = (
            OpenAIModel("openai:test", base_url=f"{url}/v1", fetch_key=key, limits=LIMITS)
            if provider == "openai"
            else AnthropicModel("anthropic:test", base_url=url, fetch_key=key, limits=LIMITS)
        )
        try:
            yield model
        finally:
            await model.aclose()


async def read(provider: str, answer: Answer) -> str:
    """The text of a whole answer. Raises what the model raises."""
    async with model_that_reads(provider, answer) as model:
        chunks = [chunk async for chunk in model.stream(REQUEST)]
    assert isinstance(chunks[-1], StreamEnd)
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))


async def failure(provider: str, answer: Answer) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await read(provider, answer)
    return caught.value


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def wire(provider: str) -> Wire:
    return WIRES[provider]


def a_whole_answer(wire: Wire, text: str = "Olá, 世界 👋") -> bytes:
    return wire.begin() + wire.piece(text) + wire.end(Script(), 3)


async def test_characters_split_between_reads_are_whole(provider: str, wire: Wire) -> None:
    events = a_whole_answer(wire).replace(
        json.dumps("Olá, 世界 👋").encode(), '"Olá, 世界 👋"'.encode()
    )
    assert "👋".encode() in events
    begin = events.index("Olá".encode())
    tail = [events[i : i + 1] for i in range(begin, begin + 24)]
    answer = [HEAD + b"\r\n" + events[:begin], *tail, events[begin + 24 :]]
    assert await read(provider, answer) == "Olá, 世界 👋"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b"\r\n"),
        (b"\n", b"\r"),
        (b"event: ", b": a comment\nevent: "),
        (b"\n\n", b"\n\n: ping\n\n"),
        (b"\n\n", b"\n\nevent: ping\ndata: {}\n\n"),
        (b'{"type"', b'{\ndata: "type"'),
    ],
    ids=["crlf", "cr", "comments", "pings", "ping events", "several data lines"],
)
async def test_other_spellings_of_the_same_events_are_read(
    provider: str, wire: Wire, old: bytes, new: bytes
) -> None:
    events = a_whole_answer(wire).replace(old, new)
    assert await read(provider, [HEAD + b"\r\n" + events]) == "Olá, 世界 👋"


async def test_all_of_it_in_one_read_is_one_answer(provider: str, wire: Wire) -> None:
    events = wire.begin() + b"".join(wire.piece(f"{n} ") for n in range(99)) + wire.end(Script(), 9)
    text = await read(provider, [HEAD + b"\r\n" + events])
    assert text == "".join(f"{n} " for n in range(99))


async def test_a_compressed_stream_is_read(provider: str, wire: Wire) -> None:
    body = gzip.compress(a_whole_answer(wire))
    head = HEAD + b"content-encoding: gzip\r\n\r\n"
    assert await read(provider, [head, body[:50], body[50:]]) == "Olá, 世界 👋"


async def test_an_event_without_end_is_cut(
    provider: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "LONGEST_EVENT_BYTES", 100_000)
    endless = [HEAD + b"\r\n" + wire.begin() + b"data: ", *[b"x" * 60_000] * 2]
    assert type(await failure(provider, endless)) is StreamCut


MALFORMED = [
    ("openai", {"type": "response.output_text.delta"}),
    ("openai", {"type": "response.output_text.delta", "delta": 7}),
    ("openai", {"type": "response.completed"}),
    ("openai", {"type": "response.completed", "response": "no"}),
    ("anthropic", {"type": "content_block_delta"}),
    ("anthropic", {"type": "content_block_delta", "delta": {"type": "text_delta"}}),
    ("anthropic", {"type": "content_block_delta", "delta": {"type": "text_delta", "text": None}}),
    ("anthropic", {"type": "message_start"}),
    ("anthropic", {"type": "message_delta", "delta": "no"}),
]


@pytest.mark.parametrize(("provider", "said"), MALFORMED, ids=str, indirect=["provider"])
async def test_an_event_that_lacks_what_its_type_promises_is_a_cut_stream(
    provider: str, wire: Wire, said: dict[str, object]
) -> None:
    event = f"event: {said['type']}\ndata: {json.dumps(said)}\n\n".encode()
    answer = [HEAD + b"\r\n" + wire.begin() + event]
    assert type(await failure(provider, answer)) is StreamCut


async def test_an_error_without_a_type_is_raised_by_what_it_says() -> None:
    event = b'data: {"error": {"code": "rate_limit_exceeded", "message": "no"}}\n\n'
    answer = [HEAD + b"\r\n" + ResponsesWire().begin() + event]
    assert type(await failure("openai", answer)) is ModelRateLimited


@pytest.mark.parametrize(
    "answer",
    [
        [b"what is this\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"],
        [HEAD],
        [HEAD + b"transfer-encoding: chunked\r\n\r\n", b"500\r\ndata: "],
        [HEAD + b"content-length: 500\r\n\r\n", b"data: "],
        [HEAD + b"content-encoding: gzip\r\n\r\n", b"this is not compressed"],
    ],
    ids=["no HTTP", "bad header", "half a head", "half a chunk", "short body", "gzip"],
)
async def test_a_connection_that_speaks_nonsense_is_unavailable(
    provider: str, answer: Answer
) -> None:
    error = await failure(provider, answer)
    assert isinstance(error, ModelUnavailable)


async def test_a_broken_chunk_is_unavailable_after_a_silence(provider: str) -> None:
    """aiohttp closes the connection and does not tell its reader (seen in 3.14.5): the limit on
    silences is what ends the wait."""
    answer = [HEAD + b"transfer-encoding: chunked\r\n\r\n", b"5\r\ndata:no number\r\n"]
    async with model_that_reads(provider, answer) as model:
        patient = Timeouts(model, Silences(first_token_s=0.2, idle_s=0.2))
        with pytest.raises(ModelUnavailable, match="silent"):
            _ = [chunk async for chunk in patient.stream(REQUEST)]
