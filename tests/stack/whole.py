"""Fixtures for the whole stack: Redis, MiniStack, the deployed API, worker, gateway and edge.

It costs some 15 s to start, so tests share one. A test that kills parts, or needs other settings,
starts its own with `run_stack`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.settings import LocalSettings
from local.stack import Stack


@contextmanager
def run_stack(
    state_dir: Path,
    *,
    models: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator[Stack]:
    """Run a stack on free ports while the block runs.

    `environ` holds the API keys of paid models (`OPENAI_API_KEY`), `extra` settings of the services
    (`PROSA_OPENAI_BASE_URL`, `PROSA_RATE_MESSAGES`, ...). What the parts write is in
    `<state_dir>/log.txt`.
    """
    settings = LocalSettings.on_free_ports(state_dir=state_dir, models=models)
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "log.txt").open("a", encoding="utf-8") as log:

        def write_line(name: str, line: str) -> None:
            log.write(f"{name:<8}| {line}\n")
            log.flush()

        with Stack(settings, write_line=write_line, environ=environ or {}, extra=extra) as stack:
            yield stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """Run the whole stack, with the model that ships in the repository, for the session."""
    # All tests come from one address and many send more than a person would.
    generous = {"PROSA_RATE_SIGN_IN_IP": "10000/minute", "PROSA_RATE_MESSAGES": "10000/minute"}
    with run_stack(tmp_path_factory.mktemp("stack"), extra=generous) as running:
        yield running
