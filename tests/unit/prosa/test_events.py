"""Events survive the wire, and the cursor is written into them unread."""

import json

import pytest
from pydantic import ValidationError

from prosa.events import (
    Connected,
    MessageAccepted,
    ReplyDelta,
    ReplyStarted,
    decode,
    encode,
    with_cursor,
)
from prosa.ids import ConnectionId, JobId, new_conversation_id, new_message_id
from tests.builders import NOON, a_message

_JOB = JobId("job_01K7A000000000000000000000")


def test_an_event_comes_back_as_it_went() -> None:
    message = a_message(content='quotes " and \\ and \u2028 and 😀')
    event = MessageAccepted(conversation_id=message.conversation_id, job_id=_JOB, message=message)
    assert decode(encode(event)) == (event, None)


def test_the_cursor_goes_in_without_decoding() -> None:
    delta = ReplyDelta(job_id=_JOB, attempt=1, index=0, text='{"cursor":"x"}')
    text = with_cursor(encode(delta).encode(), "abcdef012345:7")
    assert json.loads(text)["cursor"] == "abcdef012345:7"
    assert decode(text) == (delta, "abcdef012345:7")


def test_the_cursor_of_connected_is_its_own_field() -> None:
    frame = Connected(connection_id=ConnectionId("con_x"), cursor="abcdef012345:7", heartbeat_s=20)
    assert decode(encode(frame)) == (frame, None)


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValidationError):
        decode('{"type":"reply.invented"}')


def test_an_unknown_field_is_refused() -> None:
    started = ReplyStarted(
        job_id=_JOB,
        conversation_id=new_conversation_id(),
        message_id=new_message_id(NOON),
        parent_id=new_message_id(NOON),
        attempt=1,
    )
    with pytest.raises(ValidationError):
        decode(encode(started)[:-1] + ',"more":1}')
