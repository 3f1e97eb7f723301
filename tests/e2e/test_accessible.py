"""Every state of the page, looked at by axe: light and dark, at a desk and on a phone, in both
languages. Nothing minor is let pass either.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from local.stack import Stack
from tests.e2e import axe
from tests.e2e.conftest import NewContext
from tests.e2e.story import SCRIPTED, held_story
from tests.e2e.talk import Talk
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer

EVERYTHING = """## All of it

A **bold** word, an *odd* one, `code`, ~~gone~~ and [a link](https://example.org).

```python
def add(a: int, b: int = 2) -> int:
    # It adds.
    return a + b  # "the sum"
```

| name | place |
|---|---|
| Iracema | Olinda |

- [x] done
- [ ] to do

> Said by another.

1. First[^1]
2. Second

![a picture](https://example.org/p.png)

---

[^1]: A note.
"""
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class Walk:
    """Goes through the page's states; works by what is the same in every language."""

    def __init__(self, page: Page, url: str, llm: LlmServer) -> None:
        self.page, self.llm = page, llm
        self.talk = Talk(page, url)
        self.is_phone = page.viewport_size is not None and page.viewport_size["width"] < 768

    def before_signing_in(self) -> Iterator[str]:
        self.page.goto(self.talk.url)
        expect(self.page.locator("input[type=password]")).to_be_visible()
        yield "sign-in"
        self.page.locator("input[type=email]").fill("nobody@example.org")
        self.page.locator("input[type=password]").fill("not the password")
        self.page.locator("form button[type=submit]").click()
        expect(self.page.locator("[role=alert]")).to_be_visible()
        yield "refused sign-in"
        self.page.locator(".welcome .button--primary.button--wide").first.click()
        expect(self.talk.composer).to_be_visible()

    def talking(self) -> Iterator[str]:
        yield "empty"
        self.talk.choose(SCRIPTED)
        self.llm.script(Script(text=EVERYTHING), Script(text="Another **answer**."))
        self.talk.wait_until_done(self.talk.say("Show me all that you can write, please."))
        expect(self.page.locator("code span[class]").first).to_be_visible()
        yield "conversation"
        self.page.get_by_test_id("again").click()
        expect(self.page.get_by_test_id("branch-switch")).to_be_visible()
        self.talk.wait_until_done(self.talk.replies.last)
        yield "branches"
        self.page.locator("[data-action=edit]").click()
        expect(self.page.get_by_test_id("edit-field")).to_be_visible()
        yield "edit"
        self.page.keyboard.press("Escape")
        held = held_story()
        self.llm.script(held)
        self.talk.wait_until_streaming(self.talk.say("A story!"), characters=20)
        yield "streaming"
        held.gate.open()
        expect(self.page.get_by_test_id("stop")).to_have_count(0)

    def list(self) -> Iterator[str]:
        self._open_list()
        row = self.talk.conversations.first
        yield "list"
        self._open_menu(row)
        yield "menu"
        self.page.get_by_role("menuitem").first.click()
        expect(row.get_by_role("textbox")).to_be_visible()
        yield "rename"
        self.page.keyboard.press("Escape")
        self._open_menu(row)
        self.page.get_by_role("menuitem").last.click()
        yield from self._dialog("delete")
        self.page.locator(".account__keep button").click()
        yield from self._dialog("keep")
        self.page.locator(".account__menu summary").click()
        yield "settings"
        self.page.locator(".settings__shortcuts").click()
        yield from self._dialog("shortcuts")
        self.page.locator(".account__menu summary").click()

    def searching(self) -> Iterator[str]:
        field = self.page.locator("#search-field")
        field.fill("story")
        expect(self.page.locator("[data-hit] mark").first).to_be_visible()
        yield "results"
        field.fill("zzzz")
        expect(self.page.get_by_test_id("search-found")).to_have_count(0)
        yield "no results"
        self.page.route("**/search?**", lambda route: route.fulfill(status=400, json={}))
        field.fill("anything")
        expect(self.page.locator(".results [role=alert]")).to_be_visible()
        yield "failed search"
        field.press("Escape")
        self._close_list()

    def trouble(self) -> Iterator[str]:
        refusal = {"type": "invalid_request_error", "code": "no", "message": "no"}
        self.llm.script(Script(fault=Fault.STATUS, status=400, error=refusal))
        self.talk.say("Fail, please.")
        failed = self.page.locator('[data-testid="message-assistant"][data-status="failed"]')
        expect(failed).to_be_visible()
        yield "failed reply"
        self.page.route("**/api/chat", lambda route: route.fulfill(status=400, json={}))
        self.talk.say("Refuse, please.")
        expect(
            self.page.locator('[data-testid="message-user"][data-status="refused"]')
        ).to_be_visible()
        yield "refused message"
        self.page.context.set_offline(True)
        self.talk.expect_connection("offline")
        yield "offline"
        self.page.context.set_offline(False)
        self.page.goto(f"{self.talk.url}/c/cnv_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        expect(self.page.locator(".place[role=alert]")).to_be_visible()
        yield "missing"

    def _dialog(self, name: str) -> Iterator[str]:
        expect(self.page.get_by_role("dialog")).to_be_visible()
        yield f"{name} dialog"
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def _open_menu(self, row: Locator) -> None:
        row.hover()
        row.get_by_role("button").click()
        expect(self.page.get_by_role("menuitem").first).to_be_visible()

    def _open_list(self) -> None:
        if self.is_phone:
            self.page.locator(".topbar__menu").click()
        expect(self.talk.conversations.first).to_be_visible()

    def _close_list(self) -> None:
        if self.is_phone:
            self.page.locator(".sidebar__close").click()


@pytest.fixture
def llm(paid_llm: LlmServer) -> Iterator[LlmServer]:
    yield paid_llm
    paid_llm.forget()


@pytest.mark.parametrize(
    ("device", "locale"),
    [
        pytest.param(DESK, "en-GB", id="desk-en-GB"),
        pytest.param(PHONE, "pt-BR", id="phone-pt-BR"),
        pytest.param(DESK, "pt-BR", id="desk-pt-BR", marks=pytest.mark.long),
        pytest.param(PHONE, "en-GB", id="phone-en-GB", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(
    new_context: NewContext, stack: Stack, llm: LlmServer, device: dict[str, object], locale: str
) -> None:
    context = new_context(locale=locale, reduced_motion="reduce", **device)
    axe.install(context)
    walk = Walk(context.new_page(), stack.settings.edge_url, llm)
    found: list[str] = []
    for part in (walk.before_signing_in, walk.talking, walk.list, walk.searching, walk.trouble):
        for state in part():
            found += axe.findings(walk.page, state)
    assert not found, "\n".join(found)
