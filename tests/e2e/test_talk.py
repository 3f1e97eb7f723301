"""A person types, the reply streams in, survives a reload, and is there tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from local.settings import LocalSettings
from local.stack import Stack
from tests.e2e.conftest import NewContext
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer
from tests.stack.whole import quiet_stack

STORY = "".join(f"Sentence number {n} of the story. " for n in range(1, 21)).strip()
SCRIPTED = "openai:scripted"


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def held(paid_llm: LlmServer) -> Iterator[Script]:
    """The scripted model tells the first ten pieces of a story and waits for `gate.open()`."""
    script = Script(text=STORY, piece_chars=7, hold_after=10)
    paid_llm.script(script)
    yield script
    script.gate.open()
    paid_llm.forget()


def test_a_name_that_was_told_is_remembered(talk: Talk) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    assert "Iracema" in talk.wait_until_done(talk.say("What is my name?"))


def test_a_reply_streams_in_and_is_the_stored_one(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    reply = talk.say("Tell me a story.")
    beginning = talk.wait_until_streaming(reply, characters=70)
    held.gate.open()
    whole = talk.wait_until_done(reply)
    assert whole.startswith(beginning)
    assert whole == STORY == _plain(talk.stored_messages()[-1]["content"])


def test_a_reload_in_the_middle_loses_and_doubles_nothing(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    before = talk.wait_until_streaming(talk.say("Tell me a story."), characters=70)
    talk.page.reload()
    after = talk.wait_until_streaming(talk.replies.last, characters=70)
    held.gate.open()
    whole = talk.wait_until_done(talk.replies.last)
    assert before == after
    assert whole == STORY
    assert (talk.questions.count(), talk.replies.count()) == (1, 1)
    assert [m["role"] for m in talk.stored_messages()] == ["user", "assistant"]


def test_two_tabs_show_everything(talk: Talk) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    other = Talk(talk.page.context.new_page(), talk.url)
    other.page.goto(talk.page.url)
    expect(other.questions).to_have_count(1)
    here = talk.say("What is my name?")
    expect(other.questions).to_have_count(2)
    text = talk.wait_until_done(here)
    assert other.wait_until_done(other.replies.last) == text
    there = other.say("Thank you!")
    text = other.wait_until_done(there)
    assert talk.wait_until_done(talk.replies.nth(2)) == text


def test_both_tabs_see_the_middle_of_a_reply(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    here = talk.say("Tell me a story.")
    text = talk.wait_until_streaming(here, characters=70)
    other = Talk(talk.page.context.new_page(), talk.url)
    other.page.goto(talk.page.url)
    assert other.wait_until_streaming(other.replies.last, characters=70) == text
    held.gate.open()
    assert talk.wait_until_done(here) == other.wait_until_done(other.replies.last) == STORY


def test_a_stopped_reply_keeps_what_was_written(talk: Talk, held: Script) -> None:
    talk.choose(SCRIPTED)
    reply = talk.say("Tell me a story.")
    text = talk.wait_until_streaming(reply, characters=70)
    talk.page.get_by_test_id("stop").click()
    expect(reply).to_have_attribute("data-status", "cancelled")
    stored = talk.stored_messages()[-1]
    assert stored["finish_reason"] == "cancelled"
    assert not held.gate.is_open
    assert _plain(stored["content"]) == talk.text_of(reply) == text


def test_a_conversation_is_renamed_and_deleted(talk: Talk) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    row = talk.conversations.first
    row.hover()
    row.get_by_role("button", name="More").click()
    talk.page.get_by_role("menuitem", name="Rename").click()
    talk.page.get_by_label("New title").fill("Who I am")
    talk.page.keyboard.press("Enter")
    expect(row).to_contain_text("Who I am")
    row.hover()
    row.get_by_role("button", name="More").click()
    talk.page.get_by_role("menuitem", name="Delete").click()
    talk.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(talk.conversations).to_have_count(0)
    expect(talk.page.get_by_role("dialog")).to_have_count(0)
    expect(talk.page.get_by_role("alert")).to_have_count(0)


def test_nobody_sees_what_another_said(talk: Talk, new_context: NewContext) -> None:
    talk.wait_until_done(talk.say("My name is Iracema"))
    stranger = Talk(new_context().new_page(), talk.url)
    stranger.arrive_as_guest()
    stranger.page.goto(talk.page.url)
    expect(stranger.page.get_by_text("This conversation is not here.")).to_be_visible()
    assert stranger.conversations.count() == 0


def test_a_phone_shows_the_whole_talk(new_context: NewContext, stack: Stack) -> None:
    phone = new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    talk = Talk(phone.new_page(), stack.settings.edge_url)
    talk.arrive_as_guest()
    talk.wait_until_done(talk.say("What is Prosa?"))
    width = talk.page.evaluate("document.documentElement.scrollWidth")
    assert width == 390


@pytest.mark.timeout(240)
def test_a_conversation_is_there_after_a_restart(browser: Browser, tmp_path: Path) -> None:
    settings = LocalSettings.on_free_ports(state_dir=tmp_path / "state")
    context = browser.new_context()
    with quiet_stack(settings):
        first = Talk(context.new_page(), settings.edge_url)
        first.arrive_as_guest()
        text = first.wait_until_done(first.say("My name is Iracema"))
    with quiet_stack(settings):
        again = Talk(context.new_page(), settings.edge_url)
        again.page.goto(first.page.url)
        assert again.wait_until_done(again.replies.first) == text
        assert "Iracema" in again.wait_until_done(again.say("What is my name?"))
    context.close()
