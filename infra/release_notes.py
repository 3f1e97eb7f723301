"""`python3 infra/release_notes.py 1.2.3`: print what CHANGELOG.md says about a version.

The release pipeline calls it, on the standard library alone. Exit codes: 0 printed, 1 the changelog
does not know the version, 2 wrong usage.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def notes_of(version: str, changelog: str) -> str | None:
    """Give the text below `## [version]`, without that line; None if there is no such heading."""
    heading = re.search(rf"^## \[{re.escape(version)}\].*\n", changelog, re.MULTILINE)
    if heading is None:
        return None
    below = changelog[heading.end() :]
    following = re.search(r"^## |^\[[^\]]+\]: ", below, re.MULTILINE)
    return below[: following.start() if following else None].strip()


def main(arguments: list[str]) -> int:
    """Print the notes of the one version of the command line."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: release_notes.py <version>\n")
        return 2
    notes = notes_of(arguments[0], CHANGELOG.read_text(encoding="utf-8"))
    if not notes:
        sys.stderr.write(f"CHANGELOG.md says nothing about {arguments[0]}\n")
        return 1
    sys.stdout.write(f"{notes}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
