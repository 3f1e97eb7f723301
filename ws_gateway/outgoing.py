"""One message to clients, as each kind of connection writes it.

Made once for all connections of a user: what it costs to frame it is paid once, and its text is
never decoded.
"""

from __future__ import annotations

from functools import lru_cache

from websockets.frames import Frame, Opcode

from prosa.event_log.cursor import Cursor
from prosa.events import ServerFrame, encode, with_cursor

MOST_FRAME_BYTES = 32 * 1024
"""A longer message goes out in several frames, as one of API Gateway does; readers see one."""


class Outgoing:
    """A message that is in no log."""

    __slots__ = ("_frame", "_record", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._frame: bytes | None = None
        self._record: bytes | None = None

    @classmethod
    def of(cls, frame: ServerFrame) -> Outgoing:
        return Outgoing(encode(frame).encode())

    @property
    def frame(self) -> bytes:
        """As a text message of a WebSocket (RFC 6455, 5.4)."""
        if self._frame is None:
            self._frame = _framed(self.text)
        return self._frame

    @property
    def record(self) -> bytes:
        """As one event of an event stream (HTML, 9.2.6). Its text holds no line break."""
        if self._record is None:
            self._record = b"%sdata: %s\n\n" % (self._id(), self.text)
        return self._record

    def _id(self) -> bytes:
        return b""


class LogEvent(Outgoing):
    """An event of the log; its place is written into its text."""

    __slots__ = ("cursor",)

    def __init__(self, payload: bytes, cursor: Cursor) -> None:
        super().__init__(with_cursor(payload, str(cursor)))
        self.cursor = cursor

    def _id(self) -> bytes:
        return f"id: {self.cursor}\n".encode()


def _framed(text: bytes) -> bytes:
    if len(text) <= MOST_FRAME_BYTES:
        return _head(len(text)) + text
    starts = range(0, len(text), MOST_FRAME_BYTES)
    frames = [
        Frame(
            Opcode.CONT if start else Opcode.TEXT,
            text[start : start + MOST_FRAME_BYTES],
            fin=start == starts[-1],
        )
        for start in starts
    ]
    return b"".join(frame.serialize(mask=False) for frame in frames)


@lru_cache(maxsize=1024)
def _head(length: int) -> bytes:
    """What the library writes before a text of `length` bytes; most texts are of few lengths."""
    frame = Frame(Opcode.TEXT, bytes(length)).serialize(mask=False)
    return frame[: len(frame) - length]
