"""The history of one scenario: what its clients did and saw, and which faults were injected.

One JSON object a line, in the order of writing, so that a violation can be read where it stands.
`t` is the rig's monotonic clock in seconds, `who` the client (or `rig`), `what` one of

    came          user_id, canary                   a user, and the word that is theirs alone
    posted        key, user_id, content, conversation_id    a message was sent to the API
    accepted      key, job_id, message_id, reply_id, conversation_id    ... and promised a reply
    refused       key, status, code                 ... and refused for good
    unanswered    key, error                        ... and nobody knows: it is sent again
    cancelled     job_id, status                    the user asked for a stop; the API's answer
    connected     cursor, after                     a socket is open; `after` is where it resumes
    event         frame                             a frame of the log, its cursor included
    resync        reason                            events were lost: REST is read
    snapshot      conversation_id, messages, running, cursor
    rewound       to                                the log is played from there, on the next socket
    closed        code                              the socket ended; None is without a close frame
    left                                            the user closed the page, for now
    over                                            the rig: all faults are over, all has settled
    fault         kind, ...                         the rig broke something
    note          ...                               whatever helps who reads it
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Line = dict[str, Any]
"""One line, as it was written."""

RIG = "rig"


class History:
    """Appends lines to a file; any thread may write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: Counter[str] = Counter()
        """Injected faults by kind: the report's counts are counted here, not assumed."""
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, who: str, what: str, **fields: object) -> None:
        """Write one line, stamped with the time of the call."""
        line = {"t": round(time.monotonic(), 4), "who": who, "what": what, **fields}
        with self._lock:
            self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def fault(self, kind: str, **fields: object) -> None:
        """Write that the rig broke something, and count it."""
        self.faults[kind] += 1
        self.write(RIG, "fault", kind=kind, **fields)

    def note(self, **fields: object) -> None:
        """Write something for who reads the history."""
        self.write(RIG, "note", **fields)

    def lines(self) -> list[Line]:
        """All lines so far."""
        with self._lock:
            self._file.flush()
        return list(read_history(self.path))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_history(path: Path) -> Iterator[Line]:
    """Read the lines of a history; the last one may be cut when its run was killed."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            if text.endswith("\n"):
                yield json.loads(text)
