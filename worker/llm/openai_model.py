"""`openai:<name>`: a model behind OpenAI's Responses API, by the official SDK.

The SDK sends the request and raises its errors; the events of the stream are read here (`sse.py`),
and all that reports a failure raises, an end without its terminal event included.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from openai import AsyncOpenAI, DefaultAioHttpClient
from openai.types.responses import Response, ResponseInputParam

from prosa.conversation import FinishReason, Usage
from worker.llm.errors import ModelError, ModelRefused, StreamCut
from worker.llm.external import MAX_RETRIES, FetchKey, ProviderLimits, estimate_tokens
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta, Turn
from worker.llm.openai_errors import RAISED, from_code, from_exception
from worker.llm.sse import MALFORMED, ServerSentEvent, SseDecoder, text_of

_DONE = b"[DONE]"
"""How streams of the older API end, and those of servers that imitate both."""


class OpenAIModel:
    """A `worker.llm.model.Model`. `base_url` ends with `/v1`."""

    def __init__(
        self, model_id: str, *, base_url: str, fetch_key: FetchKey, limits: ProviderLimits
    ) -> None:
        self._model_id = model_id
        self._name = model_id.partition(":")[2]
        self._fetch_key = fetch_key
        self._limits = limits
        self._client = AsyncOpenAI(
            api_key="read-per-request",
            base_url=base_url,
            timeout=limits.timeout(),
            max_retries=MAX_RETRIES,
            http_client=DefaultAioHttpClient(),
        )

    @property
    def model_id(self) -> str:
        """`openai:<name>`."""
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
        try:
            # `async with`: whoever closes this generator closes the socket, and stops the bill.
            async with (
                client.responses.with_streaming_response.create(
                    model=self._name,
                    input=_input(request.turns),
                    instructions=request.instructions,
                    max_output_tokens=request.max_output_tokens,
                    store=False,
                    stream=True,
                ) as answer,
                aclosing(answer.http_response.aiter_bytes()) as reads,
            ):
                decoder = SseDecoder()
                async for data in reads:
                    for event in decoder.feed(data):
                        chunk = self._chunk(event)
                        if chunk is None:
                            continue
                        yield chunk
                        if isinstance(chunk, StreamEnd):
                            return
        except RAISED as exc:
            raise from_exception(self._model_id, exc) from exc
        raise StreamCut(self._model_id, "no response.completed")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _chunk(self, event: ServerSentEvent) -> Chunk | None:
        """What an event says: text, the end, nothing; an error it reports is raised."""
        if event.data.startswith(_DONE):
            return None
        try:
            return self._said(event.json())
        except MALFORMED as exc:
            raise StreamCut(self._model_id, f"malformed event {event.name}") from exc

    def _said(self, said: Mapping[str, Any]) -> Chunk | None:
        match said.get("type"):
            case "response.output_text.delta" | "response.refusal.delta":
                # A refusal: the model's own words for why it will not; to the reader, an answer.
                return TextDelta(text_of(said["delta"]))
            case "response.completed":
                return _end(_response(said), FinishReason.STOP)
            case "response.incomplete":
                return self._incomplete(_response(said))
            case "response.failed":
                error = _response(said).error
                raise self._error(error.code if error else None)
            case "error":
                raise self._error(_code(said))
            case _ if said.get("error"):
                raise self._error(_code(said))
            case _:
                return None

    def _incomplete(self, response: Response) -> StreamEnd:
        details = response.incomplete_details
        if details is not None and details.reason == "content_filter":
            raise ModelRefused(self._model_id, "content_filter")
        return _end(response, FinishReason.LENGTH)

    def _error(self, code: str | None) -> ModelError:
        detail = f"error event {code}"
        return from_code(self._model_id, code) or ModelError(self._model_id, detail)


def _response(said: Mapping[str, Any]) -> Response:
    """The SDK's object, unvalidated as it makes them."""
    return Response.construct(**said["response"])


def _code(said: Mapping[str, Any]) -> str | None:
    """Of an error event: its fields lie flat, or below `error` as in the body of a status."""
    nested = said.get("error")
    error = cast(Mapping[str, Any], nested) if isinstance(nested, Mapping) else said
    return error.get("code") or (error.get("type") if error is nested else None)


def _input(turns: Sequence[Turn]) -> ResponseInputParam:
    return [{"role": turn.role.value, "content": turn.content} for turn in turns]


def _end(response: Response, reason: FinishReason) -> StreamEnd:
    usage = response.usage
    return StreamEnd(
        reason,
        Usage(
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
        ),
    )
