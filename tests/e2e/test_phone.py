"""A phone, 390 px wide, by touch alone: the whole way, and nothing wider than the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED
from tests.e2e.talk import Talk
from tests.e2e.versions import expect_version

WIDTH = 390


@pytest.fixture
def phone(new_context: NewContext, stack: Stack) -> Talk:
    """A guest on a phone, whom the scripted model answers."""
    context = new_context(viewport={"width": WIDTH, "height": 844}, is_mobile=True, has_touch=True)
    talk = Talk(context.new_page(), stack.settings.edge_url)
    talk.page.goto(talk.url)
    talk.page.get_by_role("button", name="Start without an account").tap()
    talk.choose(SCRIPTED)
    return talk


def test_the_whole_way_by_touch(phone: Talk) -> None:
    _send(phone, "What is a jabuticaba? " * 6)
    _expect_fits(phone)
    drawer = phone.page.get_by_role("navigation", name="Conversations")
    _open(phone)
    _expect_fits(phone)
    drawer.get_by_test_id("new-conversation").tap()
    expect(drawer).to_be_hidden()
    _send(phone, "And a pitanga?")
    _open(phone)
    expect(phone.conversations).to_have_count(2)
    phone.conversations.last.get_by_role("link").tap()
    expect(drawer).to_be_hidden()
    expect(phone.questions).to_contain_text(["What is a jabuticaba?"])
    _expect_fits(phone)


def test_what_can_be_done_with_a_message_is_done_by_touch(phone: Talk) -> None:
    _send(phone, "One")
    phone.replies.first.get_by_role("button", name="Answer again").tap()
    expect_version(phone.replies.first, 2, 2)
    phone.wait_until_done(phone.replies.first)
    phone.questions.first.get_by_role("button", name="Edit this message").tap()
    field = phone.questions.first.get_by_test_id("edit-field")
    field.fill("Two")
    phone.questions.first.get_by_role("button", name="Send").tap()
    expect_version(phone.questions.first, 2, 2)
    assert phone.wait_until_done(phone.replies.first) == "You said: Two"
    phone.questions.first.get_by_role("button", name="Previous version").tap()
    expect(phone.questions.first).to_contain_text("One")
    _expect_fits(phone)


def test_a_conversation_is_renamed_and_deleted_by_touch(phone: Talk) -> None:
    _send(phone, "One")
    row = phone.conversations.first
    _open(phone)
    _choose(row, "Rename")
    phone.page.get_by_label("New title").fill("Uno")
    phone.page.keyboard.press("Enter")
    expect(row).to_contain_text("Uno")
    _choose(row, "Delete")
    dialog = phone.page.get_by_role("dialog")
    _expect_fits(phone)
    dialog.get_by_role("button", name="Delete", exact=True).tap()
    expect(phone.conversations).to_have_count(0)


def _send(phone: Talk, text: str) -> None:
    phone.composer.tap()
    phone.composer.fill(text)
    phone.page.get_by_test_id("send").tap()
    phone.wait_until_done(phone.replies.last)


def _open(phone: Talk) -> None:
    phone.page.get_by_role("button", name="Show conversations").tap()
    expect(phone.page.get_by_role("navigation", name="Conversations")).to_be_visible()


def _choose(row: Locator, item: str) -> None:
    row.get_by_role("button", name="More for").tap()
    row.page.get_by_role("menuitem", name=item).tap()


def _expect_fits(phone: Talk) -> None:
    assert phone.page.evaluate("document.documentElement.scrollWidth") == WIDTH
