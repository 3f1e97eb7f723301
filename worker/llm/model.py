"""The interface of every language model; wrappers (retry, breaker, fallback) are models too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from prosa.conversation import FinishReason, Role, Usage


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the prompt."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a model is asked: the turns, oldest first, the last one the user's.

    `instructions` is the system prompt; None for a model that was trained without one.
    """

    turns: tuple[Turn, ...]
    max_output_tokens: int
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply; the pieces joined are the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The terminal chunk. A stream that ends without one was cut and counts as failed."""

    finish_reason: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class Answering:
    """Which model answers. A fallback says it before the first text; other models do not."""

    model_id: str


Chunk = TextDelta | StreamEnd | Answering

TURN_OVERHEAD_TOKENS = 8
"""What a chat template or provider adds around one turn, and the break between merged ones."""


class Model(Protocol):
    """A language model that streams.

    Guarantees: `stream` yields any number of `TextDelta` (before them, an `Answering` perhaps) and
    then exactly one `StreamEnd`, or raises a `worker.llm.errors.ModelError`; nothing else escapes
    but cancellation. Closing the generator (`aclose`) stops the generation, and with it the bill,
    before it returns.
    """

    @property
    def model_id(self) -> str:
        """`provider:name`, as in `PROSA_MODELS`."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and reply may take together."""
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of `text`; estimated from above where there is no tokenizer here."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """Ask the model. See the class for what is promised."""
        ...

    async def aclose(self) -> None:
        """Release connections, threads and memory. Idempotent."""
        ...
