"""`anthropic:<name>`: a model behind Anthropic's Messages API, by the official SDK.

The SDK sends the request and raises its errors; the events of the stream are read here (`sse.py`).
Its `messages.stream()` would give half a reply as a whole one when the connection ends early.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import httpx2
from anthropic import APIStatusError, AsyncAnthropic, DefaultAioHttpClient, omit
from anthropic.types import MessageParam, RawMessageDeltaEvent, RawMessageStartEvent, StopReason

from prosa.conversation import FinishReason, Role, Usage
from worker.llm.anthropic_errors import RAISED, from_exception
from worker.llm.errors import ModelRefused, StreamCut
from worker.llm.external import MAX_RETRIES, FetchKey, ProviderLimits, estimate_tokens
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta, Turn
from worker.llm.sse import MALFORMED, ServerSentEvent, SseDecoder, text_of

_CUT: frozenset[StopReason] = frozenset({"max_tokens", "model_context_window_exceeded"})


class AnthropicModel:
    """A `worker.llm.model.Model`. `base_url` has no `/v1`."""

    def __init__(
        self, model_id: str, *, base_url: str, fetch_key: FetchKey, limits: ProviderLimits
    ) -> None:
        self._model_id = model_id
        self._name = model_id.partition(":")[2]
        self._fetch_key = fetch_key
        self._limits = limits
        self._client = AsyncAnthropic(
            api_key="read-per-request",
            base_url=base_url,
            timeout=limits.timeout(),
            max_retries=MAX_RETRIES,
            http_client=DefaultAioHttpClient(),
        )

    @property
    def model_id(self) -> str:
        """`anthropic:<name>`."""
        return self._model_id

    @property
    def context_tokens(self) -> int:
        """What prompt and reply may take together, by our own budget."""
        return self._limits.context_tokens

    def count_tokens(self, text: str) -> int:
        """Estimate, see `worker.llm.external`."""
        return estimate_tokens(text)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """Stream the reply, see `worker.llm.model.Model`."""
        client = self._client.with_options(api_key=await self._fetch_key())
        reading = _Reading(self._model_id)
        try:
            # `async with`: whoever closes this generator closes the socket, and stops the bill.
            async with (
                client.messages.with_streaming_response.create(
                    model=self._name,
                    messages=[_message(turn) for turn in request.turns],
                    system=request.instructions if request.instructions is not None else omit,
                    max_tokens=request.max_output_tokens,
                    stream=True,
                ) as answer,
                aclosing(answer.http_response.aiter_bytes()) as reads,
            ):
                decoder = SseDecoder()
                async for data in reads:
                    for event in decoder.feed(data):
                        chunk = reading.chunk(event, answer.http_response)
                        if chunk is None:
                            continue
                        yield chunk
                        if isinstance(chunk, StreamEnd):
                            return
        except RAISED as exc:
            raise from_exception(self._model_id, exc) from exc
        raise StreamCut(self._model_id, "no message_stop")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


def _message(turn: Turn) -> MessageParam:
    if turn.role is Role.USER:
        return {"role": "user", "content": turn.content}
    return {"role": "assistant", "content": turn.content}


class _Reading:
    """One stream as far as it was read: what the events before `message_stop` said of the end."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._stop_reason: StopReason | None = None
        self._input_tokens = 0
        self._output_tokens = 0

    def chunk(self, event: ServerSentEvent, response: httpx2.Response) -> Chunk | None:
        """What an event says: text, the end, or nothing yet; an error it reports is raised."""
        if event.name == "ping":
            return None
        said = event.json()
        if event.name == "error":
            raise APIStatusError("error event", response=response, body=said)
        try:
            return self._said(said)
        except MALFORMED as exc:
            raise StreamCut(self._model_id, f"malformed event {event.name}") from exc

    def _said(self, said: Mapping[str, Any]) -> Chunk | None:
        match said.get("type"):
            case "content_block_delta" if said["delta"]["type"] == "text_delta":
                return TextDelta(text_of(said["delta"]["text"]))
            case "message_stop":
                return self._end()
            case "message_start":
                usage = RawMessageStartEvent.construct(**said).message.usage
                cached = (usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
                self._input_tokens = usage.input_tokens + sum(tokens or 0 for tokens in cached)
            case "message_delta":
                delta = RawMessageDeltaEvent.construct(**said)
                self._stop_reason = delta.delta.stop_reason
                self._output_tokens = delta.usage.output_tokens
            case _:
                pass
        return None

    def _end(self) -> StreamEnd:
        if self._stop_reason is None:
            raise StreamCut(self._model_id, "no stop_reason")
        if self._stop_reason == "refusal":
            raise ModelRefused(self._model_id, "refusal")
        reason = FinishReason.LENGTH if self._stop_reason in _CUT else FinishReason.STOP
        return StreamEnd(
            reason, Usage(input_tokens=self._input_tokens, output_tokens=self._output_tokens)
        )
