"""Hostile texts for the page, cut where it hurts, and a watch for whatever they get done.

The samples are the page's own (`web/tests/hostile/samples.json`), parsed there at every cut.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Dialog, Page, Request

from tests.llm_server.script import Script

_SAMPLES = Path(__file__).parents[2] / "web" / "tests" / "hostile" / "samples.json"
_PER_REPLY = 14
_CUTS_PER_SAMPLE = 8
# Right after these a tag, an attribute, an entity, a fence or a link's destination is open.
_AWKWARD = re.compile(r"[<&:(\[`\"'=/\\!#;\n]|[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Sample:
    """One text, and what it tries."""

    name: str
    markdown: str

    @property
    def as_message(self) -> str:
        """The text as the API would take it from a user."""
        return self.markdown.replace("\0", "")


SAMPLES = [Sample(**each) for each in json.loads(_SAMPLES.read_text(encoding="utf-8"))]


@dataclass(frozen=True, kw_only=True)
class CutScript(Script):
    """An answer in pieces of given ends."""

    cuts: Sequence[int]

    def pieces(self, question: str) -> list[str]:
        text = self.text or question
        ends = [*self.cuts, len(text)]
        return [text[begin:end] for begin, end in zip([0, *self.cuts], ends, strict=True)]


def replies(samples: Sequence[Sample], *, swallowers: Sequence[str], seed: int) -> Iterator[Script]:
    """Answers of a few samples each, under headings, cut at random awkward places.

    What comes after one of `swallowers`, which leave something open, would be part of it: it ends
    its answer.
    """
    chance = random.Random(seed)
    group: list[Sample] = []
    for sample in samples:
        group.append(sample)
        if sample.name in swallowers or len(group) == _PER_REPLY or sample is samples[-1]:
            yield _reply(group, chance)
            group = []


def heading(sample: Sample) -> str:
    """What stands above a sample, as the page shows it."""
    return f"Sample {SAMPLES.index(sample)}"


def _reply(group: Sequence[Sample], chance: random.Random) -> Script:
    text, cuts = "", list[int]()
    for sample in group:
        text += f"\n\n**{heading(sample)}**\n\n"
        awkward = [len(text) + found.end() for found in _AWKWARD.finditer(sample.markdown)]
        text += sample.markdown
        cuts += sorted(chance.sample(awkward, min(len(awkward), _CUTS_PER_SAMPLE)))
    return CutScript(text=text, cuts=[cut for cut in cuts if cut < len(text)], pieces_per_s=80)


class Watch:
    """Hears what a profile of the browser does; `found` is all that nobody asked for."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._heard: list[str] = []
        self._loads: list[str] = []
        self._pages: list[Page] = []
        context.add_init_script(path=Path(__file__).with_name("watch_harm.js"))
        context.on("page", self._opened)
        context.on("request", self._asked)

    def found(self) -> list[str]:
        """What was run, fetched, opened or drawn, from the beginning."""
        drawn = [harm for page in self._pages for harm in page.evaluate("harm.found")]
        return self._heard + drawn + [f"navigated: {url}" for url in self._loads[1:]]

    def headings(self) -> set[str]:
        """The headings of all samples that were drawn as one."""
        return {h for page in self._pages for h in page.evaluate("harm.headings")}

    def _opened(self, page: Page) -> None:
        if self._pages:
            self._heard.append(f"opened: {page.url}")
        self._pages.append(page)
        page.on("dialog", self._asked_by_dialog)
        page.on("console", lambda m: self._heard.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self._heard.append(str(error)))
        page.on("download", lambda download: self._heard.append(f"download: {download.url}"))
        page.on("websocket", lambda socket: self._reached(socket.url))

    def _asked(self, request: Request) -> None:
        self._reached(request.url)
        # Moving within the page is no request; loading another is one.
        if request.is_navigation_request():
            self._loads.append(request.url)

    def _reached(self, url: str) -> None:
        if urlsplit(url).netloc != self._host:
            self._heard.append(f"fetched: {url}")

    def _asked_by_dialog(self, dialog: Dialog) -> None:
        self._heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()
