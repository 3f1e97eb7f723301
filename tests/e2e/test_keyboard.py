"""No pointer: the whole story by keys, from the door to a search."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED, TOLD, held_story
from tests.e2e.talk import Talk
from tests.e2e.versions import expect_version
from tests.llm_server.server import LlmServer

MOST_STEPS = 30


@pytest.fixture
def arrived(new_context: NewContext, stack: Stack) -> Talk:
    """A guest who pressed Tab and Enter."""
    context = new_context(
        viewport={"width": 1280, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
    )
    talk = Talk(context.new_page(), stack.settings.edge_url)
    talk.page.goto(talk.url)
    tab_to(talk.page.get_by_role("button", name="Start without an account"))
    talk.page.keyboard.press("Enter")
    expect(talk.composer).to_be_focused()
    talk.page.evaluate(f"localStorage['prosa.model'] = '{SCRIPTED}'")
    talk.page.reload()
    expect(talk.page.get_by_label("Model")).to_have_value(SCRIPTED)
    return talk


def tab_to(wanted: Locator) -> None:
    """Press Tab until the focus is there."""
    for _ in range(MOST_STEPS):
        wanted.page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"{MOST_STEPS} times Tab do not lead to {wanted}")


def write(talk: Talk, text: str) -> None:
    """Type where the focus is, and send."""
    expect(talk.composer).to_be_focused()
    talk.page.keyboard.type(text)
    talk.page.keyboard.press("Enter")


def test_talking_editing_and_stopping(arrived: Talk, paid_llm: LlmServer) -> None:
    keys = arrived.page.keyboard
    write(arrived, "One")
    arrived.wait_until_done(arrived.replies.first)
    keys.press("ArrowUp")
    expect(arrived.page.get_by_test_id("edit-field")).to_be_focused()
    keys.type(" more")
    keys.press("Enter")
    expect_version(arrived.questions.first, 2, 2)
    assert arrived.wait_until_done(arrived.replies.first) == "You said: One more"
    expect(arrived.composer).to_be_focused()

    previous = arrived.questions.first.get_by_role("button", name="Previous version")
    keys.press("Escape")
    tab_to(previous)
    keys.press("Enter")
    expect(arrived.questions.first.locator(".said__text")).to_have_text("One")
    # The focus stays at the switch of the message that came.
    expect(previous).to_be_focused()

    paid_llm.script(held_story())
    keys.press("m")
    write(arrived, "Tell me a story")
    reply = arrived.replies.last
    arrived.wait_until_streaming(reply, characters=TOLD)
    keys.press("Escape")
    expect(reply).to_have_attribute("data-status", "cancelled")
    keys.press("Escape")
    keys.press("c")
    expect(arrived.page.get_by_text("Reply copied")).to_be_visible()
    copied = arrived.page.evaluate("navigator.clipboard.readText()")
    assert copied == arrived.stored_contents()[-1]
    paid_llm.forget()


def test_going_from_one_conversation_to_another(arrived: Talk) -> None:
    page, keys = arrived.page, arrived.page.keyboard
    write(arrived, "The older one")
    arrived.wait_until_done(arrived.replies.first)
    keys.press("Control+Shift+Enter")
    expect(page).to_have_url(f"{arrived.url}/")
    write(arrived, "The newer one")
    arrived.wait_until_done(arrived.replies.first)
    expect_open(page, "The newer one")
    keys.press("Alt+ArrowDown")
    expect_open(page, "The older one")
    keys.press("Escape")
    for key, title in (("k", "The newer one"), ("j", "The older one"), ("k", "The newer one")):
        keys.press(key)
        expect_open(page, title)
    keys.press("/")
    expect(page.get_by_label("Search conversations")).to_be_focused()
    keys.type("older")
    expect(page.get_by_test_id("search-found")).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect_open(page, "The older one")
    expect(page).to_have_url(re.compile(r"\?m=msg_"))


def test_the_sheet_tells_the_keys_and_keeps_them_from_the_page(arrived: Talk) -> None:
    page, keys = arrived.page, arrived.page.keyboard
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    keys.type("n/b?cjk")
    expect(arrived.composer).to_have_value("n/b?cjk")  # what is written is not taken
    expect(sheet).to_have_count(0)
    keys.press("Control+/")
    expect(sheet).to_be_visible()
    expect(sheet.locator("dt")).to_have_count(10)
    keys.press("b")
    keys.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    keys.press("Escape")
    keys.press("b")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()


def expect_open(page: Page, title: str) -> None:
    """Wait until the conversation of this title is the open one."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_test_id("message-user").locator(".said__text")).to_have_text(title)
