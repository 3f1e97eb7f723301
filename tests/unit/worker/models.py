"""Paid models on the loopback provider with their guards, in short times; and how to ask them."""

from __future__ import annotations

from contextlib import aclosing

from redis.asyncio import Redis

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits
from prosa.conversation import Role
from tests.llm_server.server import LlmServer
from worker.llm.breaker import Breaker, Guarded
from worker.llm.chain import Guards
from worker.llm.external import ProviderLimits
from worker.llm.model import Answering, Model, ModelRequest, TextDelta, Turn
from worker.llm.openai_model import OpenAIModel
from worker.llm.retry import RetryBudget, RetryLimits
from worker.llm.timeouts import Silences

LIMITS = BreakerLimits(max_failures=5, window_s=5.0, reset_s=0.5, probe_lease_s=1.0)
REQUEST = ModelRequest((Turn(Role.USER, "Who are you?"),), max_output_tokens=100)


def a_provider(llm: LlmServer, model_id: str = "openai:test") -> Model:
    async def key() -> str:
        return "sk-test"

    limits = ProviderLimits(context_tokens=4_000, connect_timeout_s=1.0, read_timeout_s=5.0)
    return OpenAIModel(model_id, base_url=llm.openai_base_url, fetch_key=key, limits=limits)


def guarded(
    llm: LlmServer,
    redis: Redis,
    *,
    model_id: str = "openai:test",
    limits: BreakerLimits = LIMITS,
    redis_timeout_s: float = 2.0,
) -> Guarded:
    """A model behind a breaker of its own, as another worker would have it."""
    shared = SharedBreakers(redis, limits)
    breaker = Breaker(model_id, shared, redis_timeout_s=redis_timeout_s)
    return Guarded(a_provider(llm, model_id), breaker)


def guards(
    redis: Redis,
    *,
    limits: BreakerLimits = LIMITS,
    attempts: int = 3,
    longest_wish_s: float = 2.0,
    reserve: float = 100.0,
    ratio: float = 0.1,
    first_token_s: float = 5.0,
    idle_s: float = 5.0,
) -> Guards:
    return Guards(
        breakers=SharedBreakers(redis, limits),
        redis_timeout_s=2.0,
        silences=Silences(first_token_s=first_token_s, idle_s=idle_s),
        retry=RetryLimits(attempts=attempts, backoff_s=0.01, longest_wish_s=longest_wish_s),
        budget=RetryBudget(ratio=ratio, reserve=reserve),
    )


async def ask(model: Model, request: ModelRequest = REQUEST) -> str:
    """The whole reply. Raises ModelError."""
    return (await ask_whom(model, request))[1]


async def ask_whom(model: Model, request: ModelRequest = REQUEST) -> tuple[str | None, str]:
    """Who answered, if the model says so, and the whole reply. Raises ModelError."""
    who, text = None, ""
    async with aclosing(model.stream(request)) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, Answering):
                who = chunk.model_id
            elif isinstance(chunk, TextDelta):
                text += chunk.text
    return who, text
