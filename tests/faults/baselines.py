"""What long-lived processes held before the faults, and what they hold after them (I10)."""

from __future__ import annotations

from tests.faults.processes import ServiceProcess
from tests.faults.stored import Memory


class Baselines:
    """Measured when a process is warm: what its first work takes is no leak."""

    def __init__(self) -> None:
        self._before: list[tuple[ServiceProcess, tuple[int, int]]] = []

    def remember(self, process: ServiceProcess) -> None:
        """Measure a process for the first time."""
        self._before.append((process, process.memory()))

    def compare(self) -> list[Memory]:
        """Measure again all that live."""
        found: list[Memory] = []
        for process, (bytes_before, files_before) in self._before:
            if not process.is_alive:
                continue
            bytes_after, files_after = process.memory()
            memory = Memory(
                process=process.name,
                bytes_before=bytes_before,
                bytes_after=bytes_after,
                files_before=files_before,
                files_after=files_after,
            )
            found.append(memory)
        return found
