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
from tests.llm_server.server import LlmServer, llm_server


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
    with quiet_stack(settings, environ=environ, extra=extra) as stack:
        yield stack


@contextmanager
def quiet_stack(
    settings: LocalSettings,
    *,
    environ: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator[Stack]:
    """Run the stack of `settings`, to start the same one twice; see `run_stack`."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "log.txt").open("a", encoding="utf-8") as log:

        def write_line(name: str, line: str) -> None:
            log.write(f"{name:<8}| {line}\n")
            log.flush()

        with Stack(settings, write_line=write_line, environ=environ or {}, extra=extra) as stack:
            yield stack


@pytest.fixture(scope="session")
def paid_llm() -> Generator[LlmServer]:
    """Run the server that stands for a paid model, `openai:scripted` in the chain of `stack`."""
    with llm_server() as server:
        yield server


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, paid_llm: LlmServer) -> Generator[Stack]:
    """Run the whole stack for the session: the model in the box, and beside it the scripted one."""
    extra = {
        "PROSA_OPENAI_BASE_URL": paid_llm.openai_base_url,
        # All tests come from one address and many send more than a person would.
        "PROSA_RATE_SIGN_IN_IP": "10000/minute",
        "PROSA_RATE_MESSAGES": "10000/minute",
        "PROSA_RATE_SEARCHES": "10000/minute",
    }
    models = ("local:prosa-tiny", "openai:scripted")
    environ = {"OPENAI_API_KEY": "not-a-real-key"}
    folder = tmp_path_factory.mktemp("stack")
    with run_stack(folder, models=models, environ=environ, extra=extra) as running:
        yield running
