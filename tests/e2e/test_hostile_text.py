"""Hostile texts, wherever the page shows a text that somebody else wrote.

None runs, fetches, navigates or opens anything, and none becomes an element that could; not for
one frame, with a reply cut in the middle of a tag, an attribute, an entity, a fence or a link.
`watch_harm.js` judges each change of the document, `Watch` hears the browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Locator, expect

from local.stack import Stack
from tests.e2e.conftest import NewContext
from tests.e2e.hostile import SAMPLES, Sample, Watch, heading, replies
from tests.e2e.talk import REPLY_DEADLINE_MS, Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

SCRIPTED = "openai:scripted"
# They leave something open: what follows would be theirs.
SWALLOWERS = (
    "script in odd case and spaces",
    "script that is never closed",
    "comment that never ends",
    "fence that never closes",
    "pre that holds blank lines",
)
# On a busy machine several pieces are drawn at once.
MIN_STEPS = 40
MOST_CHARS = 6_000
TITLE_CHARS = 80


class Victim:
    """A guest to whom hostile texts are shown, and what is heard of it."""

    def __init__(self, new_context: NewContext, url: str, *, locale: str = "en-GB") -> None:
        context = new_context(viewport={"width": 1280, "height": 800}, locale=locale)
        self.watch = Watch(context, url)
        self.page = context.new_page()
        self.talk = Talk(self.page, url)

    def arrive(self, *, begin: str = "Start without an account") -> None:
        self.page.goto(self.talk.url)
        self.page.get_by_role("button", name=begin).click()
        self.page.locator(".composer__model").select_option(SCRIPTED)

    def is_told(self, question: str) -> str:
        """Ask, and read the reply to its end; gives what is stored of it."""
        self.talk.say(question)
        expect(self.last).to_have_attribute("data-status", "done", timeout=REPLY_DEADLINE_MS)
        return self.talk.stored_messages()[-1]["content"]

    @property
    def last(self) -> Locator:
        return self.page.locator('[data-testid="message-assistant"][data-last="true"]')


@pytest.fixture
def victim(new_context: NewContext, stack: Stack) -> Victim:
    """A guest who has just arrived."""
    arrived = Victim(new_context, stack.settings.edge_url)
    arrived.arrive()
    return arrived


@pytest.fixture
def scripted(paid_llm: LlmServer) -> Iterator[LlmServer]:
    """The scripted model, which forgets its scripts afterwards."""
    yield paid_llm
    paid_llm.forget()


def _tell(victim: Victim, llm: LlmServer, samples: Sequence[Sample], *, seed: int) -> None:
    answers = list(replies(samples, swallowers=SWALLOWERS, seed=seed))
    llm.script(*answers)
    for number, answer in enumerate(answers):
        assert victim.is_told(f"Question {number}") == answer.text
    assert victim.watch.headings() == {heading(sample) for sample in samples}


def test_a_hostile_reply_does_nothing_at_any_cut(victim: Victim, scripted: LlmServer) -> None:
    _tell(victim, scripted, SAMPLES, seed=1)
    assert victim.page.evaluate("harm.steps") > MIN_STEPS, "it came in few pieces"
    assert victim.watch.found() == []


def test_a_hostile_reply_does_nothing_in_portuguese(
    new_context: NewContext, stack: Stack, scripted: LlmServer
) -> None:
    victim = Victim(new_context, stack.settings.edge_url, locale="pt-BR")
    victim.arrive(begin="Começar sem uma conta")
    _tell(victim, scripted, SAMPLES[::7], seed=2)
    assert victim.watch.found() == []


def test_a_hostile_message_is_shown_as_it_is(victim: Victim, scripted: LlmServer) -> None:
    scripted.default = Script(text="I see.")
    for message in _messages():
        victim.is_told(message)
        shown = victim.talk.questions.last.locator(".said__text").inner_text()
        assert shown.split() == message.split()
    assert victim.watch.found() == []


def test_a_hostile_title_is_shown_as_it_is(victim: Victim, scripted: LlmServer) -> None:
    scripted.default = Script(text="I see.")
    victim.is_told("Hello")
    row = victim.talk.conversations.first
    for title in _titles():
        row.hover()
        row.get_by_role("button").click()
        victim.page.get_by_role("menuitem", name="Rename").click()
        victim.page.get_by_label("New title").fill(title)
        victim.page.keyboard.press("Enter")
        expect(victim.page.locator(".topbar__title")).to_have_text(title)
        expect(row.get_by_role("link")).to_have_text(title)
    assert victim.watch.found() == []


def test_a_hostile_snippet_is_shown_as_it_is(victim: Victim, scripted: LlmServer) -> None:
    scripted.default = Script(text=None)
    for sample in SAMPLES[:60:5]:
        victim.is_told(sample.as_message)
    victim.page.locator("#search-field").fill("pwned")
    expect(victim.page.locator("[data-hit] mark").first).to_be_visible()
    victim.page.locator("#search-field").fill("<script")
    expect(victim.page.locator("[data-hit] mark").first).to_have_text("<script")
    assert victim.watch.found() == []


def test_a_reply_is_read_without_its_reader(
    new_context: NewContext, stack: Stack, scripted: LlmServer
) -> None:
    """The page's files may be gone when a new version of it was put up, or not arrive."""
    page = new_context().new_page()
    page.route("**/assets/Markdown-*", lambda route: route.abort())
    talk = Talk(page, stack.settings.edge_url)
    talk.arrive_as_guest()
    talk.choose(SCRIPTED)
    scripted.script(Script(text="**Here** I am."))
    assert talk.wait_until_done(talk.say("Where are you?")) == "**Here** I am."


def _messages() -> Iterator[str]:
    message = ""
    for sample in SAMPLES:
        if len(message) + len(sample.as_message) > MOST_CHARS:
            yield message
            message = ""
        message += sample.as_message + "\n\n"
    yield message.strip()


def _titles() -> list[str]:
    short = [" ".join(s.as_message.split()) for s in SAMPLES if len(s.as_message) <= TITLE_CHARS]
    return short[::4]
