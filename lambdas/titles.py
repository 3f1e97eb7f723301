"""The first title of a conversation: what its first message begins with."""

from __future__ import annotations

import textwrap

TITLE_CHARS = 60
_CUT = "…"


def title_of(content: str) -> str:
    """The first line that says something, cut at a word so that it has 60 characters at most."""
    line = next(line for line in content.splitlines() if line.strip())
    title = textwrap.shorten(line, TITLE_CHARS, placeholder=_CUT)
    if title == _CUT:  # the first word alone is longer
        return line.split()[0][: TITLE_CHARS - len(_CUT)] + _CUT
    return title
