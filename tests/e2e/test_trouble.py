"""What is refused or fails says so in words, loses nothing, and can be tried again."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import expect
from redis import Redis

from local.stack import Stack
from tests.e2e.talk import Talk
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer

USED_UP = 10_000
"""Messages a minute, as `tests.stack.whole` sets it."""
WAIT_S = 35
"""What the server asks for; up to 30 s the page waits unasked."""
FINAL = Script(fault=Fault.STATUS, status=400, error={"message": "no"})
"""What the worker does not try again by itself."""


def test_a_failed_reply_is_tried_again(scripted: Talk, paid_llm: LlmServer) -> None:
    paid_llm.answer("Why?", FINAL, Script(text="Because it is so."))
    reply = scripted.say("Why?")
    trouble = reply.get_by_role("alert")
    expect(trouble).to_contain_text("The model could not answer this message.")
    expect(reply).to_have_attribute("data-status", "failed")
    trouble.get_by_role("button", name="Try again").click()
    assert scripted.wait_until_done(scripted.replies) == "Because it is so."
    # An attempt that came to nothing is no version worth going back to.
    for _ in range(2):
        expect(scripted.replies).to_have_count(1)
        expect(scripted.page.get_by_test_id("branch-switch")).to_have_count(0)
        scripted.page.reload()
        scripted.wait_until_done(scripted.replies)
    assert scripted.stored_contents() == ["Why?", "", "Because it is so."]


def test_a_reply_that_broke_off_is_started_over_by_itself(
    scripted: Talk, paid_llm: LlmServer
) -> None:
    cut = Script(text="Half of it, and then", fault=Fault.MID_CUT, fault_after=3)
    paid_llm.answer("And then?", cut, Script(text="All of it, to the end."))
    assert scripted.wait_until_done(scripted.say("And then?")) == "All of it, to the end."
    assert scripted.stored_contents() == ["And then?", "All of it, to the end."]


def test_a_message_that_was_too_much_waits_and_is_sent_again(talk: Talk, stack: Stack) -> None:
    talk.page.clock.install()
    talk.page.reload()
    expect(talk.composer).to_be_visible()
    key = use_up_messages(talk, stack)
    talk.say("One more?")
    refused = talk.questions.get_by_role("alert")
    expect(refused).to_contain_text("That was a lot at once.")
    retry = refused.get_by_test_id("retry")
    expect(retry).to_be_disabled()
    expect(retry).to_contain_text("Try again in")
    forget(stack, key)
    for _ in range(WAIT_S + 1):
        talk.page.clock.run_for(1_000)
    retry.click()
    talk.wait_until_done(talk.replies.first)
    assert talk.stored_contents()[0] == "One more?"
    assert len(talk.stored_messages()) == 2


def test_a_refused_message_goes_back_to_the_composer(scripted: Talk, stack: Stack) -> None:
    scripted.wait_until_done(scripted.say("Hello"))
    key = use_up_messages(scripted, stack)
    scripted.say("Too muhc?")
    refused = scripted.questions.last.get_by_role("alert")
    refused.get_by_role("button", name="Edit").click()
    expect(scripted.composer).to_have_value("Too muhc?")
    expect(scripted.questions).to_have_count(1)
    forget(stack, key)
    scripted.wait_until_done(scripted.say("Too much?"))
    assert scripted.stored_contents()[2] == "Too much?"


def use_up_messages(talk: Talk, stack: Stack) -> str:
    """Let this reader have sent all that a minute allows, in the server's own count."""
    session: dict[str, Any] = talk.page.evaluate("JSON.parse(localStorage['prosa.session'])")
    key = f"rate:{{reply:{session['user']['user_id']}}}:{USED_UP}/minute"
    with Redis.from_url(stack.redis_url) as redis:  # pyright: ignore[reportUnknownMemberType]
        redis.rpush(key, *[int((time.time() + WAIT_S - 60) * 1000)] * USED_UP)
    return key


def forget(stack: Stack, key: str) -> None:
    """As if the minute were over."""
    with Redis.from_url(stack.redis_url) as redis:  # pyright: ignore[reportUnknownMemberType]
        assert redis.delete(key) == 1
