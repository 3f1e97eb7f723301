"""Asks the other nodes for a connection that is not here, as the management API is one for all.

A question goes to every node on the control channel; whoever holds the connection does what is
asked and answers to the asking node's inbox, the others answer that they do not.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from prosa.event_log.keys import node_inbox
from prosa.socket_access.keys import CONTROL_CHANNEL
from ws_gateway.managed_calls import GONE, ManagedAnswer, ManagedCall, ManagedCalls
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.tasks import BackgroundTasks

log = logging.getLogger(__name__)

PATIENCE_S = 1.0
"""For answers of other nodes, which take milliseconds."""


class NodeCall(BaseModel):
    """A question to every node, on the control channel."""

    model_config = ConfigDict(frozen=True)

    type: Literal["node_call"] = "node_call"
    call_id: str
    asks: str
    """The node that asks."""

    call: ManagedCall


class NodeAnswer(BaseModel):
    """One node's answer; `answer` None: it does not hold the connection."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    answer: ManagedAnswer | None


class _Waiting:
    """A question that is out. `left` counts the nodes that have not answered."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[ManagedAnswer] = asyncio.get_running_loop().create_future()
        self.left: int | None = None
        self.denied = 0

    def end_if_nobody_has_it(self) -> None:
        if self.left is not None and self.denied >= self.left and not self.answer.done():
            self.answer.set_result(GONE)


class NodeCalls:
    """Asks and answers.

    `counts_nodes`: whether a PUBLISH tells how many heard it. A single Redis does, a cluster does
    not: there a question that nobody answers is over when its time is.
    """

    def __init__(
        self,
        redis: Redis,
        calls: ManagedCalls,
        *,
        node: str,
        tasks: BackgroundTasks,
        counts_nodes: bool,
    ) -> None:
        self._redis = redis
        self._calls = calls
        self._node = node
        self._tasks = tasks
        self._counts_nodes = counts_nodes
        self._waiting: dict[str, _Waiting] = {}

    async def ask(self, call: ManagedCall) -> ManagedAnswer:
        """Have it done by the node that holds the connection. Raises what Redis raises."""
        question = NodeCall(call_id=secrets.token_hex(8), asks=self._node, call=call)
        waiting = self._waiting[question.call_id] = _Waiting()
        try:
            redis = cast(Any, self._redis)
            heard = await redis.publish(CONTROL_CHANNEL, question.model_dump_json())
            if self._counts_nodes:
                waiting.left = int(heard) - 1  # we hear ourselves
                waiting.end_if_nobody_has_it()
            async with asyncio.timeout(PATIENCE_S):
                return await waiting.answer
        except TimeoutError:
            return GONE
        finally:
            del self._waiting[question.call_id]

    def hear(self, question: NodeCall) -> None:
        """Do what another node asks, if the connection is here, and answer it."""
        if question.asks == self._node:
            return
        answer = NodeAnswer(call_id=question.call_id, answer=self._calls.perform(question.call))
        self._tasks.start(self._send(question.asks, answer), name="answer node call")

    def take(self, data: bytes) -> None:
        """Take an answer out of the inbox. Raises ValueError for what is none."""
        answer = NodeAnswer.model_validate_json(data)
        waiting = self._waiting.get(answer.call_id)
        if waiting is None or waiting.answer.done():
            return
        if answer.answer is not None:
            waiting.answer.set_result(answer.answer)
            return
        waiting.denied += 1
        waiting.end_if_nobody_has_it()

    async def _send(self, node: str, answer: NodeAnswer) -> None:
        try:
            await cast(Any, self._redis).publish(node_inbox(node), answer.model_dump_json())
        except REDIS_AWAY as exc:
            log.warning("node_call_not_answered", extra={"error": repr(exc)})
