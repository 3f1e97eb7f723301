"""Runs one local network for many requests at once; `local.py` streams from it.

A thin asyncio face on transformers' continuous batching: one generation thread, one step for all
requests together, a paged KV cache that shares the pages of a conversation's earlier turns.

What its manager leaves to the caller, and is settled here: the size of the cache (unset, it takes
80 % of the memory), a request dropped in silence, a thread that died, handlers that outlive a
cancelled request, and a thread that would keep a dying process alive.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

from worker.llm.local_transformers import GenerationSettings, Manager, Network, Output

_PAGE_TOKENS = 32  # smaller pages share longer prefixes: a new turn prefills 12 times faster
_STEP_TOKENS = 1_024  # prompt tokens of one step: bounds how long a long prompt holds up the others
_CANCEL_POLL_S = 0.002  # about a step of the small model; the manager signals nothing
_STOP_TIMEOUT_S = 10.0


class EngineStopped(Exception):
    """The generation thread is gone or refused the request."""


class Engine:
    """The generation thread of one network.

    All calls come from one event loop: the manager posts a whole step's tokens to a single loop.
    """

    def __init__(self, network: Network, *, context_tokens: int, max_requests: int) -> None:
        self._network = network
        self._context_tokens = context_tokens
        self._max_requests = max_requests
        self._manager: Manager | None = None

    @property
    def is_running(self) -> bool:
        """Report whether the generation thread lives."""
        return self._manager is not None and self._manager.is_running()

    @property
    def steps(self) -> int:
        """Forward passes taken so far by the running thread."""
        return int(getattr(self._manager, "current_batch", 0))

    @property
    def active(self) -> int:
        """Requests being generated or waiting for their turn."""
        processor = None if self._manager is None else self._manager.batch_processor
        if processor is None:
            return 0
        return len(processor.scheduler.active_requests) + len(processor.scheduler.waiting_requests)

    def start(self) -> None:
        """Start the generation thread, in place of a dead one too. Blocking."""
        from transformers import ContinuousBatchingConfig

        pages = -(-self._context_tokens // _PAGE_TOKENS) * self._max_requests
        config = ContinuousBatchingConfig(
            page_size=_PAGE_TOKENS,
            num_blocks=pages,
            max_batch_tokens=_STEP_TOKENS,
            max_requests_per_batch=self._max_requests,
        )
        manager = self._network.init_continuous_batching(
            generation_config=_greedy(self._network.generation_config),
            continuous_batching_config=config,
        )
        # The manager's thread is no daemon, so a process that fails before `stop` would hang at its
        # exit for ever. A thread inherits the flag of the thread that makes it.
        starter = threading.Thread(target=manager.start, daemon=True)
        starter.start()
        starter.join()
        self._manager = manager

    async def generate(
        self, prompt: list[int], *, max_new_tokens: int
    ) -> AsyncGenerator[list[int]]:
        """Yield the new tokens of each step, the end token among them, until the reply is whole.

        Closing it returns once the request is out of the batch: no later step carries it.

        Raises:
            EngineStopped: the thread died or is stopping; `start` makes a new one.
        """
        manager, request_id = self._manager, uuid.uuid4().hex
        if manager is None or not manager.is_running():
            raise EngineStopped("the generation thread is not running")
        outputs: asyncio.Queue[Output] = asyncio.Queue()
        # Before add_request: a token without a handler goes to a queue that nobody reads.
        manager.register_result_handler(request_id, outputs.put_nowait)
        accepted = manager.add_request(
            prompt, request_id=request_id, max_new_tokens=max_new_tokens, streaming=True
        )
        if accepted is None:
            manager.output_router.result_handlers.pop(request_id, None)
            raise EngineStopped("the generation thread takes no more requests")
        is_finished = False
        try:
            seen = 0
            while not is_finished:
                output = await outputs.get()
                is_finished = output.is_finished()
                if output.error is not None:
                    raise EngineStopped(output.error)
                yield output.generated_tokens[seen:]
                seen = len(output.generated_tokens)
        finally:
            if not is_finished:
                await _cancel(manager, request_id)

    async def warm_up(self, prompt: list[int]) -> None:
        """Take the first, slow step now: it allocates the cache."""
        async with aclosing(self.generate(prompt, max_new_tokens=2)) as steps:
            async for _ in steps:
                pass

    def stop(self) -> None:
        """End the generation thread; requests under way fail. Blocking, idempotent."""
        manager, self._manager = self._manager, None
        if manager is not None:
            manager.stop(block=True, timeout=_STOP_TIMEOUT_S, hard_stop=True)


async def _cancel(manager: Manager, request_id: str) -> None:
    """Take the request out of the batch and wait until it is.

    The generation thread reads cancellations before each step. A request that it no longer knows,
    or knows as cancelled, is in no later step, and then its handler may go.
    """
    manager.cancel_request(request_id)
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while manager.is_running() and time.monotonic() < deadline:
        processor = manager.batch_processor
        if processor is None or processor.scheduler.request_is_cancelled(request_id):
            break
        await asyncio.sleep(_CANCEL_POLL_S)
    manager.output_router.result_handlers.pop(request_id, None)


def _greedy(shipped: GenerationSettings) -> object:
    """Keep the model's end tokens and drop its sampling: the same prompt gives the same reply."""
    from transformers import GenerationConfig

    return GenerationConfig(
        do_sample=False, eos_token_id=shipped.eos_token_id, pad_token_id=shipped.pad_token_id
    )
