"""What the scripted model says: no two answers alike, so that mixing two of them is seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from tests.llm_server.script import Script
from tests.llm_server.server import Request

Choose = Callable[[Request], Script]
"""What a request gets; see `LlmServer.choose`."""


def numbered_answers(
    *, pieces: int = 30, pieces_per_s: float | None = 12.0, piece_chars: int = 8
) -> Choose:
    """Answers that name their call and their question, and stream for `pieces / pieces_per_s`."""
    numbers = itertools.count(1)

    def choose(request: Request) -> Script:
        number = next(numbers)
        head = f"call {number} says of «{request.question}»: "
        words = (f"{number}.{word} " for word in itertools.count(1))
        text = head
        while len(text) < pieces * piece_chars:
            text += next(words)
        return Script(text=text, piece_chars=piece_chars, pieces_per_s=pieces_per_s)

    return choose
