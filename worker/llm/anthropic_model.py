"""`anthropic:<name>`: a model behind Anthropic's Messages API, by the official SDK.

The raw stream is used, not the SDK's `messages.stream()`: that gives half a reply as a whole one
when the connection ends early.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from anthropic import AsyncAnthropic, omit
from anthropic.types import (
    MessageParam,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStreamEvent,
    StopReason,
)

from prosa.conversation import FinishReason, Role, Usage
from worker.llm.anthropic_errors import RAISED, from_exception
from worker.llm.errors import ModelRefused, StreamCut
from worker.llm.external import MAX_RETRIES, FetchKey, ProviderLimits, estimate_tokens
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta, Turn

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
        end = _End(self._model_id)
        try:
            # `async with`: whoever closes this generator closes the socket, and stops the bill.
            async with await client.messages.create(
                model=self._name,
                messages=[_message(turn) for turn in request.turns],
                system=request.instructions if request.instructions is not None else omit,
                max_tokens=request.max_output_tokens,
                stream=True,
            ) as events:
                async for event in events:
                    if event.type == "content_block_delta" and event.delta.type == "text_delta":
                        yield TextDelta(event.delta.text)
                    elif event.type == "message_stop":
                        yield end.reached()
                        return
                    else:
                        end.note(event)
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


class _End:
    """Gathers what the events before `message_stop` say about the end."""

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id
        self._stop_reason: StopReason | None = None
        self._input_tokens = 0
        self._output_tokens = 0

    def note(self, event: RawMessageStreamEvent) -> None:
        if isinstance(event, RawMessageStartEvent):
            usage = event.message.usage
            cached = (usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
            self._input_tokens = usage.input_tokens + sum(tokens or 0 for tokens in cached)
        elif isinstance(event, RawMessageDeltaEvent):
            self._stop_reason = event.delta.stop_reason
            self._output_tokens = event.usage.output_tokens

    def reached(self) -> StreamEnd:
        if self._stop_reason is None:
            raise StreamCut(self._model_id, "no stop_reason")
        if self._stop_reason == "refusal":
            raise ModelRefused(self._model_id, "refusal")
        reason = FinishReason.LENGTH if self._stop_reason in _CUT else FinishReason.STOP
        return StreamEnd(
            reason, Usage(input_tokens=self._input_tokens, output_tokens=self._output_tokens)
        )
