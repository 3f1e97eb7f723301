"""Server-sent events out of the bytes of a provider's answer. Called by the paid models.

The SDKs make a validated object of every event: five times the CPU of the rest of a token's way,
for one string. They keep the request, its errors and the few events that are more than text; what
is read for every token is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from pydantic_core import from_json

LONGEST_EVENT_BYTES = 4 * 1024 * 1024
"""The longest real one repeats a whole reply and its prompt, a tenth of this. Without a bound, a
server that never sends a blank line takes this process's memory."""

MALFORMED = (AttributeError, KeyError, TypeError)
"""What reading an event raises that lacks a field, or has another type in its place."""

_END = b"\n\n"


class ServerSentEvent(NamedTuple):
    """`name` is "" for an event without one; `data` as it was sent, its lines joined."""

    name: str
    data: bytes

    def json(self) -> dict[str, Any]:
        """The data as an object. Raises ValueError for what is none."""
        value = from_json(self.data)
        if not isinstance(value, dict):
            raise ValueError("an event's data is no JSON object")
        return cast(dict[str, Any], value)


class SseDecoder:
    """Bytes in as they come, events out when they are whole. One per stream.

    Lines end with LF, CRLF or CR. What the end of the stream cuts off is no event.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._after_cr = False

    def feed(self, data: bytes) -> Iterator[ServerSentEvent]:
        """Give the events that `data` completes. Raises ValueError for one without end."""
        data = self._with_lf(data)
        if not self._rest and data.endswith(_END):
            return _events(data.split(_END))  # nearly always: one read, one event
        # What was searched before is not searched again, or a long event in small pieces would
        # cost its length squared.
        searched = max(0, len(self._rest) - 1)
        self._rest += data
        last = self._rest.rfind(_END, searched)
        if last < 0:
            if len(self._rest) > LONGEST_EVENT_BYTES:
                raise ValueError("an event does not end")
            return iter(())
        whole = bytes(self._rest[:last])
        del self._rest[: last + len(_END)]
        return _events(whole.split(_END))

    def _with_lf(self, data: bytes) -> bytes:
        """The same lines, ended by LF; a CRLF may be split between two reads."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data


def text_of(value: object) -> str:
    """The text of a delta. Raises TypeError for what is no text."""
    if not isinstance(value, str):
        raise TypeError("a delta is no text")
    return value


def _events(blocks: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    for block in blocks:
        name, data = "", None
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data = value if data is None else data + b"\n" + value
            elif field == b"event":
                name = value.decode()
        if data:
            yield ServerSentEvent(name, data)
