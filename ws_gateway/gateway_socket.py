"""The library's server connection, with what we ask of it before and beside its messages.

`websocket_connection.py` is the admitted connection that stands on it.
"""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar, cast

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Admission
from ws_gateway.rate_limit import TokenBucket

CONTROL_FRAMES_PER_S = 10.0
CONTROL_FRAMES_BURST = 50.0
"""Pings, pongs and parts of messages: each costs as much as a message, and none is counted as one.
Browsers send a pong every twenty seconds."""


class Doorway:
    """Counts sockets that have not shown a ticket yet, which cost us and not them."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._inside = 0

    def enter(self) -> bool:
        """Let one more begin its handshake; False when there are as many as there may be."""
        if self._inside >= self._most:
            return False
        self._inside += 1
        return True

    def leave(self) -> None:
        self._inside -= 1


class GatewaySocket(ServerConnection):
    """A server connection that carries its admission from the handshake to the handler.

    `behind` makes the class for one server: the library makes the instances.
    """

    doorway: ClassVar[Doorway]
    admission: Admission | None = None
    _unsent_answer: bytes | None = None
    """What opens the socket, until it is written; b"" from then on."""
    _is_in_doorway = False
    _control_frames: TokenBucket | None = None

    @classmethod
    def behind(cls, doorway: Doorway) -> type[GatewaySocket]:
        """The class of the sockets that come in through `doorway`."""
        return type(cls.__name__, (cls,), {"doorway": doorway})

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._is_in_doorway = self.doorway.enter()
        if self._is_in_doorway:
            super().connection_made(transport)
        else:
            cast(asyncio.Transport, transport).abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.pass_doorway()
        if hasattr(self, "transport"):  # not one that was turned away at once
            super().connection_lost(exc)

    def pass_doorway(self) -> None:
        """Its handshake is over; a second time changes nothing."""
        if self._is_in_doorway:
            self._is_in_doorway = False
            self.doorway.leave()

    def send_data(self) -> None:
        """Write what the library has to say.

        The answer that opens the socket waits for what is written next: `connected` follows in the
        same turn of the loop, or a close does. One system call instead of two, and the client is
        woken once.
        """
        if self._unsent_answer is None and self._is_let_in():
            self._unsent_answer = b"".join(self.protocol.data_to_send())
            return
        if self._unsent_answer:
            self.write(b"")
        super().send_data()

    def _is_let_in(self) -> bool:
        """A server that closes meanwhile refuses who was admitted."""
        return self.admission is not None and self.protocol.state is State.OPEN

    def write(self, frames: bytes) -> None:
        """Write whole frames, past the library; those of its own it writes whole, too."""
        if self._unsent_answer:
            frames, self._unsent_answer = self._unsent_answer + frames, b""
        self.transport.write(frames)

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and not _is_message(event) and not self._may_take_control():
            code = CloseCode.TOO_MANY
            self.protocol.fail(code, code.meaning)
            self.send_data()
            return
        super().process_event(event)

    def _may_take_control(self) -> bool:
        now = time.monotonic()
        if self._control_frames is None:  # most sockets never need it
            self._control_frames = TokenBucket(now, CONTROL_FRAMES_PER_S, CONTROL_FRAMES_BURST)
        return self._control_frames.take(now)


def _is_message(frame: Frame) -> bool:
    """Whether it is one whole; a close frame is as good as one."""
    whole = frame.opcode in (Opcode.TEXT, Opcode.BINARY) and frame.fin
    return whole or frame.opcode is Opcode.CLOSE
