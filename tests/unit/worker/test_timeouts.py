"""`worker.llm.timeouts`: silences end a stream, a slow reader does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

import pytest

from prosa.conversation import Role
from worker.llm.errors import ModelUnavailable
from worker.llm.model import Chunk, ModelRequest, TextDelta, Turn
from worker.llm.timeouts import Silences, Timeouts

REQUEST = ModelRequest((Turn(Role.USER, "Who are you?"),), max_output_tokens=100)
FIRST_S, IDLE_S = 0.2, 0.1
LONG_S = 30.0


class Pausing:
    """A model that waits before each of its chunks."""

    model_id = "test:pausing"
    context_tokens = 1_000

    def __init__(self, pauses_s: Sequence[float]) -> None:
        self._pauses_s = pauses_s
        self.is_closed = False

    def count_tokens(self, text: str) -> int:
        return len(text)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        del request
        try:
            for pause_s in self._pauses_s:
                await asyncio.sleep(pause_s)
                yield TextDelta("x")
        finally:
            self.is_closed = True

    async def aclose(self) -> None: ...


def patient(model: Pausing) -> AsyncGenerator[Chunk]:
    return Timeouts(model, Silences(first_token_s=FIRST_S, idle_s=IDLE_S)).stream(REQUEST)


@pytest.mark.parametrize(
    ("pauses_s", "when"),
    [
        ([LONG_S], "before its first token"),
        ([0, LONG_S], "in its reply"),
        ([0, 0, 0, LONG_S], "in its reply"),
        ([0, IDLE_S * 0.6, IDLE_S * 0.6, LONG_S], "in its reply"),
    ],
)
async def test_a_silence_that_is_too_long_ends_the_stream(pauses_s: list[float], when: str) -> None:
    model = Pausing(pauses_s)
    stream = patient(model)
    async with asyncio.timeout(LONG_S / 2):
        for _ in pauses_s[:-1]:
            await anext(stream)
        with pytest.raises(ModelUnavailable, match=when):
            await anext(stream)
    assert model.is_closed


async def test_the_first_token_has_its_own_limit() -> None:
    assert len([chunk async for chunk in patient(Pausing([IDLE_S * 1.5, 0]))]) == 2


async def test_a_reply_may_be_longer_than_a_silence() -> None:
    pauses_s = [IDLE_S * 0.5] * 6
    assert len([chunk async for chunk in patient(Pausing(pauses_s))]) == len(pauses_s)


async def test_a_slow_reader_is_no_silence() -> None:
    read = 0
    async for _ in patient(Pausing([0, 0, IDLE_S * 0.5, 0])):
        read += 1
        await asyncio.sleep(FIRST_S * 1.5)
    assert read == 4


async def test_after_a_slow_reader_a_silence_still_counts() -> None:
    stream = patient(Pausing([0, LONG_S]))
    await anext(stream)
    await asyncio.sleep(FIRST_S * 1.5)
    async with asyncio.timeout(LONG_S / 2):
        with pytest.raises(ModelUnavailable, match="in its reply"):
            await anext(stream)


async def test_what_comes_in_the_turn_in_which_time_is_up_has_come() -> None:
    """A loop that was held up finds both at once; the reader must not be cancelled later."""
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Held(Pausing):
        async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
            del request
            yield TextDelta("first")
            await gate
            yield TextDelta("second")

    stream = patient(Held([]))
    await anext(stream)

    def hold_the_loop() -> None:
        gate.set_result(None)
        time.sleep(IDLE_S * 2)

    asyncio.get_running_loop().call_soon(hold_the_loop)
    assert await anext(stream) == TextDelta("second")
    await asyncio.sleep(IDLE_S)  # where a late cancellation would strike
    assert [chunk async for chunk in stream] == []


async def test_cancellation_from_outside_passes_through() -> None:
    model = Pausing([LONG_S])
    stream = patient(model)

    async def read() -> Chunk:
        return await anext(stream)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert model.is_closed
