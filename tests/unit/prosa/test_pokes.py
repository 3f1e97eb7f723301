"""Pokes: one line is one event, and nonsense is refused. test_event_log.py hears real ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.event_log.cursor import Cursor
from prosa.event_log.pokes import Poke, decode_pokes
from prosa.events import ReplyDelta, encode
from prosa.ids import JobId, UserId

USER, OTHER = UserId("usr_00000000000000000000000001"), UserId("usr_00000000000000000000000002")


def test_each_line_is_an_event_whose_text_is_left_as_it_is() -> None:
    payload = '{"t":"é 😀 \\n"}'
    message = f'{USER} 0123456789ab:7 {payload}\n{OTHER} ba9876543210:1 {{"n": 1}}'
    assert decode_pokes(message.encode()) == [
        Poke(USER, Cursor("0123456789ab", 7), payload.encode()),
        Poke(OTHER, Cursor("ba9876543210", 1), b'{"n": 1}'),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"7",
        b"[1]",
        b"a b {}",
        f"{USER} 0123456789ab:1".encode(),
        f"{USER} 0123456789ab:1 ".encode(),
        f"{USER} 0123456789ab {{}}".encode(),
        f"{USER} 0123456789ab:1 {{}}\n".encode(),
        b"\xff 0123456789ab:1 {}",
    ],
)
def test_nonsense_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_pokes(text)


@given(st.text())
def test_an_event_of_any_text_is_one_line(text: str) -> None:
    assert "\n" not in encode(ReplyDelta(job_id=JobId("job"), attempt=1, index=0, text=text))
