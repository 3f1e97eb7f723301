"""One message to clients, as each kind of connection writes it.

Made once for all connections of a user: what it costs to frame it is paid once, and its text is
never decoded.
"""

from __future__ import annotations

from websockets.frames import Frame, Opcode

from prosa.event_log.cursor import Cursor
from prosa.events import ServerFrame, encode, with_cursor

MOST_FRAME_BYTES = 32 * 1024
"""A longer message goes out in several frames, as one of API Gateway does; readers see one."""


class Outgoing:
    """`cursor` is its place in the log, or None for what is not in it."""

    __slots__ = ("_frame", "_record", "cursor", "text")

    def __init__(self, text: bytes, cursor: Cursor | None = None) -> None:
        self.text = text
        self.cursor = cursor
        self._frame: bytes | None = None
        self._record: bytes | None = None

    @classmethod
    def of_log(cls, payload: bytes, cursor: Cursor) -> Outgoing:
        """An event of the log: its number is written into it."""
        return cls(with_cursor(payload, str(cursor)), cursor)

    @classmethod
    def of(cls, frame: ServerFrame) -> Outgoing:
        return cls(encode(frame).encode())

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
            place = f"id: {self.cursor}\n".encode() if self.cursor else b""
            self._record = b"%sdata: %s\n\n" % (place, self.text)
        return self._record


def _framed(text: bytes) -> bytes:
    if len(text) <= MOST_FRAME_BYTES:
        return Frame(Opcode.TEXT, text).serialize(mask=False)
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
