"""The network goes, the gateway dies, Redis dies: the page shows what is stored, once and whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from local.stack import Stack
from tests.e2e.restarts import kill_gateway, kill_redis, start_gateway, start_redis
from tests.e2e.story import STORY, TOLD, plain
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer


@pytest.fixture
def streaming(scripted: Talk, held: Script) -> Talk:
    """A guest who reads the beginning of a story."""
    assert not held.gate.is_open
    scripted.wait_until_streaming(scripted.say("Tell me a story."), characters=TOLD)
    return scripted


def expect_the_story(talk: Talk) -> None:
    """Wait for it: on the page as in the store, and nothing twice."""
    assert talk.wait_until_done(talk.replies.first) == STORY
    assert [plain(text) for text in talk.stored_contents()] == ["Tell me a story.", STORY]
    assert (talk.questions.count(), talk.replies.count()) == (1, 1)


def test_a_message_written_offline_is_kept_and_sent(scripted: Talk) -> None:
    scripted.wait_until_done(scripted.say("Hello"))
    context = scripted.page.context
    context.set_offline(True)
    scripted.expect_connection("offline")
    scripted.say("Can you hear me?")
    expect(scripted.questions.last).to_have_attribute("data-status", "sending")
    expect(scripted.questions.last).to_contain_text("Sending…")
    context.set_offline(False)
    assert scripted.wait_until_done(scripted.replies.nth(1)) == "You said: Can you hear me?"
    scripted.expect_connection("online")
    assert scripted.stored_contents()[2:] == ["Can you hear me?", "You said: Can you hear me?"]


def test_what_was_told_to_nobody_is_read_later(
    streaming: Talk, held: Script, paid_llm: LlmServer
) -> None:
    streaming.page.context.set_offline(True)
    streaming.expect_connection("offline")
    held.gate.open()
    paid_llm.wait_for_requests(1)[0].ended.wait(timeout=20)
    assert streaming.replies.first.get_attribute("data-status") == "streaming"
    streaming.page.context.set_offline(False)
    expect_the_story(streaming)


@pytest.fixture
def no_gateway(streaming: Talk, stack: Stack) -> Iterator[Talk]:
    """A guest whose reply is streaming in when the gateway dies; the test may start it."""
    kill_gateway(stack)
    yield streaming
    if "gateway" not in stack.launcher.children:
        start_gateway(stack)


def test_a_gateway_dies_in_the_middle(
    no_gateway: Talk, stack: Stack, held: Script, paid_llm: LlmServer
) -> None:
    no_gateway.expect_connection("waiting")
    held.gate.open()
    paid_llm.wait_for_requests(1)[0].ended.wait(timeout=20)
    assert no_gateway.replies.first.get_attribute("data-status") == "streaming"
    start_gateway(stack)
    expect_the_story(no_gateway)
    no_gateway.expect_connection("online")


@pytest.fixture
def redis_is_back(stack: Stack) -> Iterator[None]:
    """Whatever the test leaves of it: those that follow need one."""
    yield
    if "redis" not in stack.launcher.children:
        start_redis(stack)


@pytest.mark.usefixtures("redis_is_back")
def test_redis_dies_in_the_middle(streaming: Talk, stack: Stack, held: Script) -> None:
    kill_redis(stack)
    held.gate.open()
    start_redis(stack)
    expect_the_story(streaming)
    streaming.expect_connection("online")
    assert streaming.wait_until_done(streaming.say("And now?")) == "You said: And now?"


@pytest.mark.usefixtures("redis_is_back")
def test_what_redis_forgot_is_read_from_the_store(
    streaming: Talk, stack: Stack, held: Script
) -> None:
    streaming.page.context.set_offline(True)
    streaming.expect_connection("offline")
    held.gate.open()
    streaming.wait_until_stored(2)
    kill_redis(stack)
    start_redis(stack, keeps_data=False)
    assert streaming.replies.first.get_attribute("data-status") == "streaming"
    streaming.page.context.set_offline(False)
    expect_the_story(streaming)
