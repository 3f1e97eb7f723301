"""What a person does on the page, in the words of a person."""

from __future__ import annotations

import re
import time
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Request, expect

REPLY_DEADLINE_MS = 40_000


class Talk:
    """The page as one visitor uses it; finds things by role and label first."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self._authorization = ""
        page.on("request", self._remember_token)

    def arrive_as_guest(self, *, begin: str = "Start without an account") -> None:
        self.page.goto(self.url)
        self.page.get_by_role("button", name=begin).click()
        expect(self.page.get_by_test_id("composer")).to_be_visible()

    def choose(self, model_id: str) -> None:
        """Let another model answer from here on."""
        self.page.locator(".composer__model").select_option(model_id)

    def say(self, text: str) -> Locator:
        """Type and send; gives the reply, which may not have begun."""
        replies = self.replies.count()
        self.composer.fill(text)
        self.composer.press("Enter")
        return self.replies.nth(replies)

    def another_tab(self) -> Talk:
        """Open the same address once more, in the same browser."""
        other = Talk(self.page.context.new_page(), self.url)
        other.page.goto(self.page.url)
        return other

    def expect_connection(self, state: str) -> None:
        """Wait until events flow (`online`), or do not."""
        shown = self.page.get_by_test_id("connection-state")
        expect(shown).to_have_attribute("data-state", state, timeout=REPLY_DEADLINE_MS)

    @property
    def composer(self) -> Locator:
        return self.page.get_by_test_id("composer")

    @property
    def replies(self) -> Locator:
        return self.page.get_by_test_id("message-assistant")

    @property
    def questions(self) -> Locator:
        return self.page.get_by_test_id("message-user")

    @property
    def conversations(self) -> Locator:
        return self.page.get_by_test_id("conversation-item")

    def wait_until_done(self, reply: Locator) -> str:
        """Wait for the end of a reply; gives its text as it stands on the page."""
        expect(reply).to_have_attribute("data-status", "done", timeout=REPLY_DEADLINE_MS)
        return self.text_of(reply)

    def wait_until_streaming(self, reply: Locator, *, characters: int) -> str:
        """Wait until `characters` of a reply that is still being written are there."""
        expect(reply).to_have_attribute("data-status", "streaming", timeout=REPLY_DEADLINE_MS)
        begun = re.compile(rf".{{{characters},}}", re.DOTALL)
        expect(reply.locator(".prose")).to_have_text(begun, timeout=REPLY_DEADLINE_MS)
        return self.text_of(reply)

    def text_of(self, reply: Locator) -> str:
        """The words of a reply, without its buttons and notes, in single spaces."""
        prose = reply.locator(".prose")
        return " ".join(prose.inner_text().split()) if prose.count() else ""

    def stored_contents(self) -> list[str]:
        """The texts of `stored_messages`, oldest first."""
        return [message["content"] for message in self.stored_messages()]

    def stored_messages(self) -> list[dict[str, Any]]:
        """What the API says of the open conversation, asked with the page's own access token."""
        conversation_id = urlsplit(self.page.url).path.rpartition("/c/")[2]
        return self._ask(f"/conversations/{conversation_id}/messages")["items"]

    def _ask(self, path: str) -> dict[str, Any]:
        headers = {"Authorization": self._authorization}
        answer = self.page.request.get(f"{self.url}/api{path}", headers=headers)
        assert answer.ok, answer.text()
        return cast(dict[str, Any], answer.json())

    def wait_until_seen(self) -> None:
        """Wait until the API knows that the newest reply was looked at."""
        job_id = self.stored_messages()[-1]["job_id"]
        deadline = time.monotonic() + REPLY_DEADLINE_MS / 1_000
        while self._ask(f"/jobs/{job_id}")["seen"] is not True:
            assert time.monotonic() < deadline

    def wait_until_stored(self, count: int) -> None:
        """Wait until the API knows of so many messages, whatever the page shows."""
        deadline = time.monotonic() + REPLY_DEADLINE_MS / 1_000
        while len(self.stored_messages()) < count:
            assert time.monotonic() < deadline, self.stored_contents()

    def _remember_token(self, request: Request) -> None:
        self._authorization = request.headers.get("authorization", self._authorization)
