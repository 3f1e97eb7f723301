"""The queue message: strict in, nothing of its content out in an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.errors import UnreadableJob
from prosa.ids import job_id_for, new_conversation_id, new_user_id
from prosa.jobs import JobMessage

_USER = new_user_id()
_MESSAGE = JobMessage(
    job_id=job_id_for(_USER, "key-0001"), user_id=_USER, conversation_id=new_conversation_id()
)


def test_a_message_comes_back_as_it_went() -> None:
    assert JobMessage.decode(_MESSAGE.encode()) == _MESSAGE


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"job_id": "job_1"}, "job_id"),
        ({"job_id": 7}, "job_id"),
        ({"user_id": None}, "user_id"),
        ({"more": "x"}, "more"),
    ],
)
def test_the_error_names_the_field(change: dict[str, object], field: str) -> None:
    body = json.dumps(json.loads(_MESSAGE.encode()) | change)
    with pytest.raises(UnreadableJob, match=f"^{field}: "):
        JobMessage.decode(body)


@given(st.text())
def test_any_text_is_read_or_refused_as_unreadable(body: str) -> None:
    with pytest.raises(UnreadableJob):
        JobMessage.decode(body)


def test_the_error_does_not_repeat_the_content() -> None:
    with pytest.raises(UnreadableJob) as caught:
        JobMessage.decode('{"job_id": "sk-secret"}')
    assert "sk-secret" not in str(caught.value)
