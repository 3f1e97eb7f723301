"""Pokes: each node hears of its own users, and nonsense is refused."""

import pytest

from prosa.event_log.cursor import Cursor
from prosa.event_log.pokes import Poke, decode_pokes, pokes_by_node
from prosa.event_log.protocol import Append, Appended, Verdict
from prosa.ids import new_user_id

USER, OTHER = new_user_id(), new_user_id()


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
    heard = {node: [p.payload for p in decode_pokes(text)] for node, text in messages.items()}
    assert heard == {"a": ['{"n":1}', '{"n":3}'], "b": ['{"n":1}', '{"n":2}', '{"n":3}']}


def test_a_refused_event_wakes_nobody() -> None:
    refused = Appended(Verdict.FENCED, None, (), is_cancelled=False)
    assert pokes_by_node([(Append(USER, "{}"), refused)]) == {}


def test_a_poke_comes_back_as_it_went() -> None:
    [message] = pokes_by_node([(Append(USER, '{"t":"é😀"}'), _appended(7, "a"))]).values()
    assert decode_pokes(message) == [Poke(USER, Cursor("0123456789ab", 7), '{"t":"é😀"}')]


@pytest.mark.parametrize("text", ["", "7", "[1]", "[[1,2,3]]", '[["u","e","1","p"]]', "null"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        decode_pokes(text)
