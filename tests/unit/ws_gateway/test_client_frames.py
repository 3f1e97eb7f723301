"""What a client's text is read as."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ws_gateway.client_frames import Authenticate, Cancel, Ping, UnreadableFrame, read_frame

JOB = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"action": "ping"}, Ping),
        ({"action": "authenticate", "ticket": "t"}, Authenticate),
        ({"action": "cancel", "job_id": JOB}, Cancel),
        ({"action": "ping", "of_a_later_version": 1}, Ping),
    ],
)
def test_each_action_is_read(frame: dict[str, object], kind: type) -> None:
    assert type(read_frame(json.dumps(frame))) is kind


def test_an_unknown_action_is_told_from_nonsense() -> None:
    with pytest.raises(UnreadableFrame) as caught:
        read_frame('{"action":"dance"}')
    assert caught.value.code == "unknown_action"


def test_what_the_client_wrote_is_not_repeated() -> None:
    with pytest.raises(UnreadableFrame) as caught:
        read_frame('{"action":"cancel","job_id":"<script>"}')
    assert "script" not in caught.value.detail


@given(st.one_of(st.text(), st.binary()))
def test_anything_else_is_refused_in_one_way(text: str | bytes) -> None:
    with pytest.raises(UnreadableFrame):
        read_frame(text)
