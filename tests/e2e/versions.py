"""Messages said differently and replies asked for again, as a person goes between them."""

from __future__ import annotations

from playwright.sync_api import Locator, expect


def edit(question: Locator, text: str) -> None:
    """Say a message differently."""
    question.hover()
    question.get_by_role("button", name="Edit this message").click()
    field = question.get_by_test_id("edit-field")
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_count(0)


def answer_again(reply: Locator) -> None:
    """Ask for another reply to the same message."""
    reply.get_by_role("button", name="Answer again").click()


def show_previous(message: Locator) -> None:
    """Go one version back."""
    message.get_by_role("button", name="Previous version").click()


def show_next(message: Locator) -> None:
    """Go one version on."""
    message.get_by_role("button", name="Next version").click()


def expect_version(message: Locator, place: int, count: int) -> None:
    """Wait until the message says that it is this version of so many."""
    words = f"Version {place} of {count}."
    expect(message.get_by_test_id("branch-switch")).to_contain_text(words)
