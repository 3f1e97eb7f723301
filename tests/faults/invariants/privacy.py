"""I8: what a user says is in no log, and in no other user's hands.

Each user says a secret word, the canary, in every message, and the scripted model repeats it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.faults.invariants.evidence import Evidence, Violation

CANARY = re.compile(r"canary-[0-9a-f]{16}")


def check_privacy(evidence: Evidence) -> Iterator[Violation]:
    """Logs first, then what each client saw."""
    yield from _check_logs(evidence)
    words: dict[str, set[str]] = defaultdict(set)
    for line in evidence.of("came"):
        words[line["user_id"]].add(line["canary"])
    for who, lines in evidence.by_client.items():
        own = words[evidence.users[who]]
        for line in lines:
            if line["what"] not in ("event", "snapshot"):
                continue
            for word in set(CANARY.findall(json.dumps(line))) - own:
                yield Violation("I8", f"{who} saw another user's word", word)


def _check_logs(evidence: Evidence) -> Iterator[Violation]:
    for process, path in evidence.stored.logs.items():
        if not path.exists():
            continue
        with path.open(encoding="utf-8", errors="replace") as log:
            for number, text in enumerate(log, 1):
                if CANARY.search(text):
                    yield Violation("I8", "a user's word is in a log", f"{process}.log:{number}")
                    break
