"""Steady load: users who each hold conversations, one question after the other."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from tests.faults.clients import Accepted, Client, Refused
from tests.faults.ground import Ground

TURNS = 6
"""Questions to a conversation; then the user begins another."""

PAUSE_S = 0.2
"""Before the next question; after a refusal, before the next try."""

PATIENCE_S = 90.0


class Load:
    """What the users met so far. The checker reads the history; this steers a scenario."""

    def __init__(self, *, model: Callable[[Client], str | None]) -> None:
        self.outcomes: Counter[str] = Counter()
        """`ended`, `refused`, `unknown`, `left_waiting`."""
        self.waits: list[float] = []
        """Seconds from each question to its told end."""
        self._model = model
        self._is_over = asyncio.Event()

    @property
    def ended(self) -> int:
        return self.outcomes["ended"]

    def stop(self) -> None:
        """Ask nothing new; what runs goes on to its end."""
        self._is_over.set()

    async def talk(self, client: Client, *, at_once: int = 1) -> None:
        """One user, until `stop`, who asks so many questions before reading the replies."""
        conversation, turns = None, 0
        while not self._is_over.is_set():
            if turns >= TURNS:
                conversation, turns = None, 0
            asked: list[tuple[Accepted, float]] = []
            for _ in range(at_once):
                began = time.monotonic()
                accepted = await self._ask(client, conversation)
                if accepted is None:
                    break
                asked.append((accepted, began))
                conversation, turns = accepted.conversation_id, turns + 1
            for accepted, began in asked:
                await self._hear(client, accepted, began)
            await self._pause()

    async def _ask(self, client: Client, conversation: str | None) -> Accepted | None:
        answer = await client.say("What is it?", conversation, model=self._model(client))
        if isinstance(answer, Accepted):
            return answer
        self.outcomes["refused" if isinstance(answer, Refused) else "unknown"] += 1
        return None

    async def _hear(self, client: Client, accepted: Accepted, began: float) -> None:
        try:
            await client.until_ended(accepted.job_id, within_s=PATIENCE_S)
        except TimeoutError:
            self.outcomes["left_waiting"] += 1
        else:
            self.outcomes["ended"] += 1
            self.waits.append(time.monotonic() - began)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._is_over.wait(), PAUSE_S)
        except TimeoutError:
            return


@asynccontextmanager
async def load(
    ground: Ground,
    *,
    users: int,
    impatient: int = 0,
    model: Callable[[Client], str | None] = lambda _: None,
) -> AsyncGenerator[Load]:
    """Let `users` talk while the block runs; with it, they end the turn they are in.

    So many of them are `impatient` and ask twice at once: the second reply waits for the first.
    `model` is what a user asks for; None leaves it to the chain.
    """
    met = Load(model=model)
    clients = [ground.client(f"user-{len(ground.clients) + 1}") for _ in range(users)]
    for client in clients:
        await client.connect()
    async with asyncio.TaskGroup() as tasks:
        for number, client in enumerate(clients):
            at_once = 2 if number < impatient else 1
            tasks.create_task(met.talk(client, at_once=at_once), name=client.name)
        try:
            yield met
        finally:
            met.stop()


async def reached(count: Callable[[], int], goal: int, *, within_s: float) -> None:
    """Wait until `count()` is at least `goal`. Raises TimeoutError."""
    try:
        async with asyncio.timeout(within_s):
            while count() < goal:  # noqa: ASYNC110 - counted in other threads and processes
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"{count()} of {goal} after {within_s:.0f} s") from None
