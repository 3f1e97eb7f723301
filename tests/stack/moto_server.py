"""moto's server, and what it leaves out: `python -m tests.stack.moto_server -p <port>`.

A shim says what AWS does. docs/emulators.md lists them, and what stays missing.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any, cast

from moto.dynamodb.responses import DynamoHandler
from moto.server import main
from moto.sqs.models import Queue

_LOOK_S = 0.05
_TOKENS_S = 600.0
_answers: dict[tuple[str, str], tuple[float, Any]] = {}
_lock = threading.Lock()


def remember_transactions() -> None:
    """A transaction under the token of one that was done changes nothing, for ten minutes.

    moto does it once more.
    """
    handler = cast("Any", DynamoHandler)
    transact = handler.transact_write_items

    def with_token(self: Any) -> Any:
        token = self.body.get("ClientRequestToken")
        if token is None:
            return transact(self)
        key = (token, json.dumps(self.body["TransactItems"], sort_keys=True))
        with _lock:
            done_at, answer = _answers.get(key, (0.0, None))
            if answer is None or time.monotonic() - done_at > _TOKENS_S:
                answer = transact(self)
                _answers[key] = (time.monotonic(), answer)
            return answer

    handler.transact_write_items = with_token


def look_often() -> None:
    """A message is delivered when its visibility ends, also into a poll that waits.

    moto's poll looks once a second.
    """
    queue = cast("Any", Queue)
    wait = queue.wait_for_messages

    def look_soon(self: Any, timeout: float) -> Any:
        return wait(self, min(timeout, _LOOK_S))

    queue.wait_for_messages = look_soon


if __name__ == "__main__":
    remember_transactions()
    look_often()
    main(sys.argv[1:])
