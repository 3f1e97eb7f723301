"""`openai:<name>`: a model behind OpenAI's Responses API, by the official SDK.

The SDK raises for some failures of a stream and passes others on as events; a stream that just
ends is no error to it at all. Here all of them raise.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from openai import AsyncOpenAI
from openai.types.responses import Response, ResponseInputParam, ResponseStreamEvent

from prosa.conversation import FinishReason, Usage
from worker.llm.errors import ModelError, ModelRefused, StreamCut
from worker.llm.external import MAX_RETRIES, FetchKey, ProviderLimits, estimate_tokens
from worker.llm.model import Chunk, ModelRequest, StreamEnd, TextDelta, Turn
from worker.llm.openai_errors import RAISED, from_code, from_exception


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
            async with await client.responses.create(
                model=self._name,
                input=_input(request.turns),
                instructions=request.instructions,
                max_output_tokens=request.max_output_tokens,
                store=False,
                stream=True,
            ) as events:
                async for event in events:
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

    def _chunk(self, event: ResponseStreamEvent) -> Chunk | None:
        """What an event says: text, the end, nothing; an error it reports is raised."""
        match event.type:
            case "response.output_text.delta":
                return TextDelta(event.delta)
            case "response.refusal.delta":
                # The model's own words for why it will not: to the reader, an answer.
                return TextDelta(event.delta)
            case "response.completed":
                return _end(event.response, FinishReason.STOP)
            case "response.incomplete":
                return self._incomplete(event.response)
            case "response.failed":
                raise self._error(event.response.error.code if event.response.error else None)
            case "error":
                raise self._error(event.code)
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
