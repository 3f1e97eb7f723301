"""The list of conversations, as a person uses it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page, expect


class Download(NamedTuple):
    """A file that the page gave."""

    name: str
    text: str


def new_conversation(page: Page) -> None:
    """Begin another one."""
    page.get_by_test_id("new-conversation").click()
    expect(page.get_by_test_id("message-user")).to_have_count(0)


def choose_from_menu(row: Locator, item: str) -> None:
    """Open the menu of a conversation and choose from it."""
    row.hover()
    row.get_by_role("button", name="More for").click()
    row.page.get_by_role("menuitem", name=item).click()


def rename(row: Locator, title: str) -> None:
    """Give a conversation another title."""
    choose_from_menu(row, "Rename")
    field = row.page.get_by_label("New title")
    field.fill(title)
    field.press("Enter")


def delete(row: Locator) -> None:
    """Delete a conversation, and say that it is meant."""
    choose_from_menu(row, "Delete")
    dialog = row.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_have_count(0)


def export(row: Locator, kind: str) -> Download:
    """Take a conversation along; `kind` is Markdown or JSON."""
    with row.page.expect_download() as waited:
        choose_from_menu(row, f"Export as {kind}")
    name, path = waited.value.suggested_filename, Path(waited.value.path())
    return Download(name, path.read_text(encoding="utf-8"))


def search(page: Page, question: str) -> Locator:
    """Ask; gives the conversations that were found."""
    page.get_by_label("Search conversations").fill(question)
    return page.get_by_test_id("search-found")
