"""The first title of a conversation: what its first message begins with."""

from __future__ import annotations

TITLE_CHARS = 60
_CUT = "…"


def title_of(content: str) -> str:
    """The first line that says something, cut at a word so that it has 60 characters at most."""
    line = next(line for line in content.splitlines() if line.strip())
    words = " ".join(line.split())
    if len(words) <= TITLE_CHARS:
        return words
    room = words[: TITLE_CHARS - len(_CUT)]
    whole, _, _ = room.rpartition(" ")
    # A first word that fills the line is cut where the line ends.
    return (whole or room) + _CUT
