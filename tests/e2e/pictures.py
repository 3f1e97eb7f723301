"""`make pictures`: the README's pictures, taken from a real conversation on the real stack."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e import moving_picture
from tests.e2e.conftest import launch_chromium
from tests.e2e.talk import Talk
from tests.stack.whole import run_stack

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SAID = (
    "Hi! My name is Iracema and I live in Olinda.",
    "What is Prosa?",
    "What happens when a worker dies?",
    "What is my name?",
)
VIEWS = {
    "conversation": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "conversation-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


def take(browser: Browser, url: str) -> None:
    """Talk once, then look at the same conversation in each view."""
    context = browser.new_context()
    talk = Talk(context.new_page(), url)
    talk.arrive_as_guest()
    for words in SAID:
        talk.wait_until_done(talk.say(words))
    session, address = context.storage_state(), talk.page.url
    for name, view in VIEWS.items():
        seen = browser.new_context(storage_state=session, **view)  # pyright: ignore[reportArgumentType]
        page = Talk(seen.new_page(), url)
        page.page.goto(address)
        page.wait_until_done(page.replies.last)
        expect(page.conversations).to_have_count(1)
        expect(page.page.get_by_test_id("connection-state")).to_have_attribute(
            "data-state", "online"
        )
        page.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
        session = seen.storage_state()
        seen.close()


def main() -> None:
    """Start a stack, take the pictures, stop it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_stack(Path(folder), extra=moving_picture.SETTINGS) as stack,
        sync_playwright() as playwright,
    ):
        browser = launch_chromium(playwright)
        take(browser, stack.settings.edge_url)
        moving_picture.take(browser, stack, PICTURES / "killed.webp")


if __name__ == "__main__":
    main()
