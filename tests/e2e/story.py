"""What the scripted model tells, and the one way all files name it."""

from __future__ import annotations

from tests.llm_server.script import Script

SCRIPTED = "openai:scripted"
STORY = "".join(f"Sentence number {n} of the story. " for n in range(1, 21)).strip()
TOLD = 70
"""Characters of a held story that come before it waits."""


def held_story() -> Script:
    """The first `TOLD` characters of the story; the rest waits for `gate.open()`."""
    return Script(text=STORY, piece_chars=7, hold_after=TOLD // 7)


def plain(text: str) -> str:
    """A text as the page shows it, its spaces and line breaks made one."""
    return " ".join(text.split())
