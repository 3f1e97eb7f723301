"""A worker that certain questions kill: what a bug in native code, or one reply too much, does.

Runs `worker` as it is, but for its models: asked a question with `DEADLY` in it, the process ends
on the spot. No handler runs, nothing is given back.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from unittest.mock import patch

from worker.__main__ import main as worker
from worker.llm.model import Chunk, ModelRequest
from worker.llm.openai_model import OpenAIModel

DEADLY = "divide-by-zero"
EXIT_CODE = 139


def main() -> int:
    """Gives the worker's exit status, should it live."""
    stream = OpenAIModel.stream

    async def deadly(model: OpenAIModel, request: ModelRequest) -> AsyncGenerator[Chunk]:
        # The last turn, in case the question is merged with an earlier one that got no answer.
        if DEADLY in request.turns[-1].content.rpartition("\n\n")[2]:
            os._exit(EXIT_CODE)
        async for chunk in stream(model, request):
            yield chunk

    with patch.object(OpenAIModel, "stream", deadly):
        return worker()
