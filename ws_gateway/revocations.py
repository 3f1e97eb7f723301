"""Closes the sockets of sessions that were ended: by signing out, or by a new password.

A node hears of it on the control channel, within milliseconds. What it could not hear, because its
subscription was broken, it asks for when the subscription is back, and now and then.
"""

from __future__ import annotations

import asyncio
import logging
import time

from redis.asyncio import Redis

from prosa.ids import UserId
from prosa.socket_access.revocations import SessionsEnded, which_are_revoked
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Connection
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.tasks import BackgroundTasks

log = logging.getLogger(__name__)

LOOK_EVERY_S = 30.0
"""How often every session held is asked about: pub/sub may lose a message without a word."""

CHUNK = 500

REMEMBERED_S = 60.0
"""Longer than a handshake takes, from the look at its session to its place in the hub."""


class Revocations:
    """What this node heard, and what it does about it."""

    def __init__(self, hub: Hub, redis: Redis, *, tasks: BackgroundTasks, counts: Counts) -> None:
        self._hub = hub
        self._redis = redis
        self._tasks = tasks
        self._counts = counts
        self._heard: dict[tuple[UserId, str], float] = {}

    def hear(self, ended: SessionsEnded) -> None:
        """Close the sockets of these sessions."""
        self._forget_old()
        for session_id in ended.session_ids:
            self._heard[ended.user_id, session_id] = time.monotonic()
        for connection in self._hub.of_user(ended.user_id):
            if connection.session_id in ended.session_ids:
                self._close(connection)

    def has_heard(self, connection: Connection) -> bool:
        """Whether the session was ended while its socket was in the handshake.

        Redis was asked when the ticket was taken; what came between is known here only.
        """
        return (connection.user_id, connection.session_id) in self._heard

    async def run(self) -> None:
        """Ask about all sessions, again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except REDIS_AWAY as exc:
                log.warning("look_for_ended_sessions_failed", extra={"error": repr(exc)})

    async def look(self) -> None:
        """Ask about every session this node holds, and close those that were ended.

        Raises what Redis raises.
        """
        held = list(self._hub)
        for start in range(0, len(held), CHUNK):
            chunk = held[start : start + CHUNK]
            marks = await which_are_revoked(self._redis, [(c.user_id, c.session_id) for c in chunk])
            for connection, is_revoked in zip(chunk, marks, strict=True):
                if is_revoked:
                    self._close(connection)

    def _close(self, connection: Connection) -> None:
        if connection.is_open:
            code = CloseCode.SESSION_OVER
            self._counts.closed[code] += 1
            self._tasks.start(connection.close(code, code.meaning), name="close ended session")

    def _forget_old(self) -> None:
        limit = time.monotonic() - REMEMBERED_S
        self._heard = {session: at for session, at in self._heard.items() if at > limit}
