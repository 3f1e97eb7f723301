"""A visitor in a conversation that was going on for long."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Locator, expect

from local.stack import Stack
from prosa.ids import UserId
from tests.e2e.long_history import write_history
from tests.e2e.talk import REPLY_DEADLINE_MS, Talk

SCRIPTED = "openai:scripted"
LEAD_DEADLINE_MS = 120_000
_STILL_FRAMES = 10


class LongTalk:
    """`count` messages, numbered from 0; what they show is measured since the last `watch`."""

    def __init__(self, talk: Talk, stack: Stack, *, count: int) -> None:
        self.talk, self.page, self.count = talk, talk.page, count
        session: dict[str, Any] = self.page.evaluate("JSON.parse(localStorage['prosa.session'])")
        user_id = UserId(session["user"]["user_id"])
        self.conversation_id, self.message_ids = write_history(stack, user_id, count=count)
        self.page.add_init_script(path=Path(__file__).with_name("watch_thread.js"))

    @property
    def address(self) -> str:
        return f"{self.talk.url}/c/{self.conversation_id}"

    @property
    def story(self) -> Locator:
        return self.talk.replies.filter(has_text="It went on like this")

    def message(self, number: int) -> Locator:
        return self.page.locator(f'[data-message-id="{self.message_ids[number]}"]')

    def item(self, key: str) -> Locator:
        return self.page.locator(f'[data-key="{key}"]')

    def first_drawn(self) -> str:
        """The key of the first item in the document."""
        return self.page.locator("[data-key]").first.get_attribute("data-key") or ""

    def open(self) -> None:
        self.page.goto(self.address)
        expect(self.message(self.count - 1)).to_be_in_viewport()
        state = self.page.get_by_test_id("connection-state")
        expect(state).to_have_attribute("data-state", "online")
        # Until the Markdown reader is there, a reply is its bare text.
        expect(self.page.locator(".prose__plain")).to_have_count(0)
        self.watch()

    def lead_to(self, number: int) -> None:
        """Go to the address of a message, and wait until it is shown."""
        self.page.goto(f"{self.address}?m={self.message_ids[number]}")
        expect(self.message(number)).to_be_in_viewport(timeout=LEAD_DEADLINE_MS)
        self.watch()

    def ask_for_story(self) -> None:
        """Ask the scripted model, and return when its reply streams in."""
        self.talk.choose(SCRIPTED)
        self.talk.say("Tell me a very long story.")
        expect(self.story).to_contain_text("Part 3", timeout=REPLY_DEADLINE_MS)

    def watch(self) -> None:
        self.page.evaluate("watch.begin()")

    def seen(self, what: str) -> float:
        """Something `watch_thread.js` measured."""
        return cast(float, self.page.evaluate(f"watch.{what}"))

    def wheel(self, pixels: int) -> int:
        """Turn the wheel, and wait for the view to have followed. Returns `pixels`."""
        before = self.seen("wheeled")
        self.page.locator(".thread__scroller").hover()
        self.page.mouse.wheel(0, pixels)
        self.page.wait_for_function("was => watch.wheeled !== was", arg=before)
        self.page.evaluate("new Promise(requestAnimationFrame)")
        return pixels

    def settle(self) -> None:
        """Wait until nothing in view has moved for some frames."""
        self.page.evaluate(
            """async (frames) => {
              for (let still = 0, was = NaN; still < frames; still += 1) {
                if (watch.moved !== was) [still, was] = [0, watch.moved];
                await new Promise(requestAnimationFrame);
              }
            }""",
            _STILL_FRAMES,
        )

    def to_end(self) -> None:
        self.page.get_by_role("button", name="Jump to the latest").click()

    def select(self, first: int, last: int) -> str:
        """Select from one message into another, as a mouse does. Returns the text."""
        handles = [self.message(number).element_handle() for number in (first, last)]
        return cast(
            str,
            self.page.evaluate(
                """([first, last]) => {
                  getSelection().setBaseAndExtent(first, 0, last, last.childNodes.length);
                  return getSelection().toString();
                }""",
                handles,
            ),
        )
