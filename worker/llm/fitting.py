"""A request that was made for one model, made to fit another. Pure; called by `fallback`."""

from __future__ import annotations

from dataclasses import replace

from prosa.conversation import Role
from worker.llm.errors import ContextTooLong
from worker.llm.instructions import instructions_for
from worker.llm.model import TURN_OVERHEAD_TOKENS, Model, ModelRequest


def fitted(request: ModelRequest, model: Model) -> ModelRequest:
    """Drop the oldest turns until `model` can take the rest, and give it its own instructions.

    Raises ContextTooLong when the question alone does not fit.
    """
    output = min(request.max_output_tokens, model.context_tokens // 2)
    instructions = instructions_for(model.model_id)
    left = model.context_tokens - output - model.count_tokens(instructions or "")
    turns = list(request.turns)
    needed = [model.count_tokens(turn.content) + TURN_OVERHEAD_TOKENS for turn in turns]
    while turns and (sum(needed) > left or turns[0].role is Role.ASSISTANT):
        del turns[0], needed[0]
    if not turns:
        raise ContextTooLong(model.model_id, f"the question does not fit {left} tokens")
    return replace(request, turns=tuple(turns), max_output_tokens=output, instructions=instructions)
