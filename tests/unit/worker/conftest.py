"""Fixtures of the worker's unit tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.llm_server.server import LlmServer, llm_server


@pytest.fixture(scope="session")
def llm_process() -> Iterator[LlmServer]:
    with llm_server() as server:
        yield server


@pytest.fixture
def llm(llm_process: LlmServer) -> LlmServer:
    """A scriptable model provider on loopback, without the scripts of earlier tests."""
    llm_process.forget()
    return llm_process
