"""Pokes: each node hears of its own users, and nonsense is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.event_log.cursor import Cursor
from prosa.event_log.pokes import Poke, decode_pokes, pokes_by_node
from prosa.event_log.protocol import Append, Appended, Verdict
from prosa.events import ReplyDelta, encode
from prosa.ids import JobId, UserId

USER, OTHER = UserId("usr_00000000000000000000000001"), UserId("usr_00000000000000000000000002")


def _appended(seq: int, *nodes: str) -> Appended:
    return Appended(Verdict.APPENDED, Cursor("0123456789ab", seq), nodes, is_cancelled=False)


def test_each_node_hears_of_its_own_users_in_order() -> None:
    messages = pokes_by_node(
        [
            (Append(USER, '{"n":1}'), _appended(1, "a", "b")),
            (Append(OTHER, '{"n":2}'), _appended(1, "b")),
            (Append(USER, '{"n":3}'), _appended(2, "a", "b")),
        ]
    )
    heard = {
        node: [poke.payload for poke in decode_pokes(text.encode())]
        for node, text in messages.items()
    }
    assert heard == {"a": [b'{"n":1}', b'{"n":3}'], "b": [b'{"n":1}', b'{"n":2}', b'{"n":3}']}


def test_a_refused_event_wakes_nobody() -> None:
    refused = Appended(Verdict.FENCED, None, (), is_cancelled=False)
    assert pokes_by_node([(Append(USER, "{}"), refused)]) == {}


def test_a_poke_comes_back_as_it_went() -> None:
    payload = '{"t":"é 😀 \\n"}'
    [message] = pokes_by_node([(Append(USER, payload), _appended(7, "a"))]).values()
    assert decode_pokes(message.encode()) == [
        Poke(USER, Cursor("0123456789ab", 7), payload.encode())
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
