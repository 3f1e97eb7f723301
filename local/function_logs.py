"""Shows what the Lambda functions log, which MiniStack keeps in CloudWatch Logs, as it comes.

Started by `__main__` only: a test or a benchmark has nobody to read along.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.process import WriteLine
from local.provision import connect

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

POLL_S = 1.0
SETTLE_MS = 300
"""Events are read this late, so that none comes into a span of time already read."""

_NOT_OURS = ("START RequestId", "END RequestId", "REPORT RequestId")


class FunctionLogs:
    """Follows the logs of the functions whose names start with `prefix`."""

    def __init__(
        self, environment: Mapping[str, str], *, prefix: str, write_line: WriteLine
    ) -> None:
        """Read from the AWS endpoint of `environment`; write lines under the name `api`."""
        self._logs: CloudWatchLogsClient = connect(environment)("logs")
        self._prefix = f"/aws/lambda/{prefix}"
        self._write_line = write_line
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="function-logs", daemon=True)

    def start(self) -> None:
        """Forget what was logged before, and follow."""
        # MiniStack makes a stream for every invocation and would keep them from run to run.
        for group in self._groups():
            self._logs.delete_log_group(logGroupName=group)
            self._logs.create_log_group(logGroupName=group)
        self._thread.start()

    def stop(self) -> None:
        """End within a moment. Call it before MiniStack ends."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _follow(self) -> None:
        since = _now_ms()
        while not self._stopping.wait(POLL_S):
            until = _now_ms() - SETTLE_MS
            try:
                read = (self._read(group, since, until) for group in self._groups())
                lines = sorted(chain.from_iterable(read))
            except (BotoCoreError, ClientError) as exc:
                self._write_line("api", f"cannot read the logs of the functions: {exc}")
                continue
            for _, line in lines:
                self._write_line("api", line)
            since = until + 1

    def _groups(self) -> list[str]:
        found = self._logs.describe_log_groups(logGroupNamePrefix=self._prefix)["logGroups"]
        return [group.get("logGroupName", "") for group in found]

    def _read(self, group: str, since: int, until: int) -> list[tuple[int, str]]:
        found = self._logs.filter_log_events(logGroupName=group, startTime=since, endTime=until)
        events = ((each.get("timestamp", 0), each.get("message", "")) for each in found["events"])
        return [(at, line) for at, line in events if line and not line.startswith(_NOT_OURS)]


def _now_ms() -> int:
    return int(time.time() * 1000)
