"""What the page comes with: its policy, and later the file that colours code."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

HEADERS = Path(__file__).parents[2] / "web" / "security-headers.json"
CODE = "```python\ndef f(x):\n    return x + 1\n```\n"

MARKUP_OF_A_STRING = """() => {
    try { document.body.innerHTML = "<b>x</b>" } catch (error) { return error.name }
    return "allowed"
}"""


def test_code_is_coloured_by_a_file_that_is_fetched_then(
    scripted: Talk, paid_llm: LlmServer
) -> None:
    page, fetched = scripted.page, list[str]()
    page.on("request", lambda request: fetched.append(request.url))
    scripted.wait_until_done(scripted.say("No code"))
    assert not [url for url in fetched if "highlighter" in url]
    paid_llm.script(Script(text=CODE, piece_chars=5))
    reply = scripted.say("Some code")
    scripted.wait_until_done(reply)
    expect(reply.locator(".hljs-keyword")).to_have_text(["def", "return"])
    assert len([url for url in fetched if "highlighter" in url]) == 1


def test_the_page_comes_with_its_policy(page: Page, stack: Stack) -> None:
    answer = page.goto(stack.settings.edge_url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert policy == json.loads(HEADERS.read_text())["Content-Security-Policy"]
    assert "unsafe" not in policy
    # No string becomes markup, not even by a script of the page's own.
    assert page.evaluate(MARKUP_OF_A_STRING) == "TypeError"
