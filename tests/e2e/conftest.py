"""A real Chromium on the real stack. What it saw stays in `test-results/`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from local.stack import Stack
from tests.e2e.story import SCRIPTED, held_story
from tests.e2e.talk import Talk
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer

RESULTS = Path(__file__).parents[2] / "test-results"
DEADLINE_MS = 20_000
expect.set_options(timeout=DEADLINE_MS)

# Chromium as root in a container has no sandbox of its own, and must not call home.
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NewContext = Callable[..., BrowserContext]


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    """Run Chromium for this folder: Playwright keeps a loop of its own running in this thread, and
    while it does no asyncio test can run."""
    with sync_playwright() as playwright:
        running = launch_chromium(playwright)
        yield running
        running.close()


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the system's Chromium. Raises FileNotFoundError when there is none."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise FileNotFoundError("Chromium is needed here: `apt-get install chromium`.")
    return playwright.chromium.launch(executable_path=executable, args=_FLAGS)


@pytest.fixture
def new_context(browser: Browser, request: pytest.FixtureRequest) -> Generator[NewContext]:
    """Open browser profiles, each its own visitor; screenshots of the last state are kept.

    What a page throws and nobody catches fails the test.
    """
    contexts: list[BrowserContext] = []
    thrown: list[str] = []

    def open_context(**options: object) -> BrowserContext:
        context = browser.new_context(**options)  # pyright: ignore[reportArgumentType]
        context.set_default_timeout(DEADLINE_MS)
        context.on("weberror", lambda web_error: thrown.append(str(web_error.error)))
        contexts.append(context)
        return context

    yield open_context
    RESULTS.mkdir(exist_ok=True)
    name = re.sub(r"\W+", "-", request.node.name)
    for c, context in enumerate(contexts):
        for p, page in enumerate(context.pages):
            page.screenshot(path=RESULTS / f"{name}-{c}-{p}.png")
        context.close()
    assert thrown == []


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """One visitor at a desk."""
    return new_context(viewport={"width": 1280, "height": 800}).new_page()


@pytest.fixture
def talk(page: Page, stack: Stack) -> Talk:
    """A guest who has just arrived."""
    arrived = Talk(page, stack.settings.edge_url)
    arrived.arrive_as_guest()
    return arrived


@pytest.fixture
def scripted(talk: Talk, paid_llm: LlmServer) -> Iterator[Talk]:
    """A guest whom the scripted model answers: with what was asked, unless the test says else."""
    talk.choose(SCRIPTED)
    yield talk
    paid_llm.forget()


@pytest.fixture
def held(paid_llm: LlmServer) -> Iterator[Script]:
    """The scripted model begins a story and waits for `gate.open()`."""
    script = held_story()
    paid_llm.script(script)
    yield script
    script.gate.open()
    paid_llm.forget()
