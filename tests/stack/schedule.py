"""Which of the processes of `make test` runs what."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

_WITH_STACK = ("tests/e2e/", "tests/integration/whole/")
_STACKS = 2


class FewStacks(LoadFileScheduling):
    """Keeps the tests of a file in one process, and those of the whole stack in two.

    Each process that has one of the latter starts a stack, for half a minute of CPU.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._groups: dict[str, str] = {}

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith(_WITH_STACK):
            return file
        return self._groups.setdefault(file, f"stack {len(self._groups) % _STACKS + 1}")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FewStacks | None:
    """Stand in for `--dist loadfile`."""
    return FewStacks(config, log) if config.getoption("dist") == "loadfile" else None
