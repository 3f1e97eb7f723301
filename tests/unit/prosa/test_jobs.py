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
        ({"more": "x"}, "body"),  # whose name is content, too
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


@pytest.mark.parametrize("content", [{"job_id": "sk-secret"}, {"sk-secret": 1}])
def test_the_error_does_not_repeat_the_content(content: dict[str, object]) -> None:
    with pytest.raises(UnreadableJob) as caught:
        JobMessage.decode(json.dumps(json.loads(_MESSAGE.encode()) | content))
    assert "sk-secret" not in caught.value.detail


def test_the_error_is_a_reason_that_sqs_takes() -> None:
    """Else the message could not be moved to the dead-letter queue: SQS refuses U+0000."""
    with pytest.raises(UnreadableJob) as caught:
        JobMessage.decode(json.dumps(json.loads(_MESSAGE.encode()) | {"\x00": 1}))
    assert caught.value.detail.isprintable()
