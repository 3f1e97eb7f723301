"""A message is framed as the library would have framed it."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from ws_gateway.outgoing import MOST_FRAME_BYTES, Outgoing


@pytest.mark.parametrize("length", [0, 1, 125, 126, 160, 4096, MOST_FRAME_BYTES])
def test_a_short_message_is_one_frame_of_the_library(length: int) -> None:
    text = b"x" * length

    assert Outgoing(text).frame == Frame(Opcode.TEXT, text).serialize(mask=False)


@pytest.mark.parametrize("length", [0, 125, 126, MOST_FRAME_BYTES, MOST_FRAME_BYTES + 1, 100_000])
def test_a_reader_puts_a_message_together_again(length: int) -> None:
    text = b"x" * length
    reader = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)

    reader.receive_data(Outgoing(text).frame)

    frames = [event for event in reader.events_received() if isinstance(event, Frame)]
    assert b"".join(frame.data for frame in frames) == text
    assert frames[0].opcode is Opcode.TEXT
    assert [frame.fin for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert all(len(frame.data) <= MOST_FRAME_BYTES for frame in frames)
