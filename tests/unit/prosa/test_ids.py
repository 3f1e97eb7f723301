"""Ids: derived ones are stable, and their order is the order of the conversation."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from prosa.ids import job_id_for, new_message_id, new_user_id, reply_id_for, time_to_write
from tests.builders import NOON


@given(st.text(min_size=8, max_size=128))
def test_a_resend_finds_its_first_job(key: str) -> None:
    user = new_user_id()
    assert job_id_for(user, key) == job_id_for(user, key)


@given(st.text(min_size=8, max_size=128))
def test_the_same_key_of_another_user_is_another_job(key: str) -> None:
    assert job_id_for(new_user_id(), key) != job_id_for(new_user_id(), key)


def test_whoever_writes_a_reply_writes_the_same_item() -> None:
    job = job_id_for(new_user_id(), "key-0001")
    assert reply_id_for(job, NOON) == reply_id_for(job, NOON)


def test_two_replies_to_one_message_are_two_items() -> None:
    user = new_user_id()
    first, second = job_id_for(user, "key-0001"), job_id_for(user, "key-0002")
    assert reply_id_for(first, NOON) != reply_id_for(second, NOON)


@given(st.timedeltas(min_value=timedelta(milliseconds=2), max_value=timedelta(days=400)))
def test_a_reply_sorts_before_a_question_asked_later(later: timedelta) -> None:
    job = job_id_for(new_user_id(), "key-0001")
    following = job_id_for(new_user_id(), "key-0002")
    assert reply_id_for(job, NOON) < reply_id_for(following, NOON + later)


def test_a_reply_sorts_after_its_question() -> None:
    assert new_message_id(NOON) < reply_id_for(job_id_for(new_user_id(), "key-0001"), NOON)


@given(st.timedeltas(min_value=timedelta(hours=-1), max_value=timedelta(hours=1)))
def test_a_child_sorts_after_its_parent_whatever_the_clocks_say(skew: timedelta) -> None:
    parent = reply_id_for(job_id_for(new_user_id(), "key-0001"), NOON)
    assert new_message_id(time_to_write(NOON + skew, parent)) > parent
