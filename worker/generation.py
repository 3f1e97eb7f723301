"""One stream of one model, from the request to its end, whatever that is.

Called by `handle_job`. The user's cancellation, the fence and the deadline all stop it the same
way: the model's stream is closed, and with it the bill.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass

from prosa.conversation import FinishReason, Usage
from prosa.errors import Fenced
from worker import metrics
from worker.llm.errors import ModelError, StreamCut
from worker.llm.model import Answering, Model, ModelRequest, StreamEnd
from worker.reply_feed import ReplyFeed
from worker.stopping import Stopped, StopReason, StopScope


class DeadlineExceeded(ModelError):
    """The model took longer than a reply may take; a further attempt would, too."""

    code = "deadline_exceeded"


@dataclass(frozen=True, slots=True)
class Generated:
    """A whole reply, or what was written until the user cancelled."""

    text: str
    finish_reason: FinishReason
    usage: Usage | None
    model_id: str
    """Who wrote it."""


async def generate(
    model: Model, request: ModelRequest, feed: ReplyFeed, *, deadline_s: float
) -> Generated:
    """Stream the reply into `feed`.

    Raises ModelError (StreamCut and DeadlineExceeded among them), and Fenced when a later attempt
    took over.
    """
    pieces: list[str] = []
    model_id = model.model_id
    end: StreamEnd | None = None
    scope = StopScope(deadline_s=deadline_s)
    began = time.monotonic()
    try:
        async with scope, aclosing(model.stream(request)) as chunks:
            with feed.stops(scope):
                async for chunk in chunks:
                    if isinstance(chunk, Answering):
                        if chunk.model_id != model_id:
                            model_id = chunk.model_id
                            feed.answering(model_id=model_id)
                        continue
                    if isinstance(chunk, StreamEnd):
                        end = chunk
                        continue
                    if not pieces:
                        metrics.FIRST_TOKEN_S.labels(model_id).observe(time.monotonic() - began)
                    pieces.append(chunk.text)
                    feed.delta(chunk.text)
    except Stopped as stopped:
        _raise_unless_cancelled(stopped.reason, model_id)
        text = "".join(pieces)
        usage = _estimated_usage(model, request, text)
        return Generated(text, FinishReason.CANCELLED, usage, model_id)
    if end is None:
        raise StreamCut(model_id, "the stream ended without its terminal event")
    return Generated("".join(pieces), end.finish_reason, end.usage, model_id)


def _raise_unless_cancelled(reason: StopReason, model_id: str) -> None:
    if reason is StopReason.FENCED:
        raise Fenced("a later attempt took the reply over")
    if reason is StopReason.DEADLINE:
        raise DeadlineExceeded(model_id, "the reply took too long")


def _estimated_usage(model: Model, request: ModelRequest, text: str) -> Usage:
    """What a cancelled reply cost, about: a closed stream does not say, and it was not free."""
    prompt = [request.instructions or "", *(turn.content for turn in request.turns)]
    return Usage(
        input_tokens=sum(model.count_tokens(part) for part in prompt),
        output_tokens=model.count_tokens(text),
    )
