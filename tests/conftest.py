"""What every test gets: an environment without the developer's keys, and the real parts on request.

The parts themselves are in `tests/stack`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.stack.parts", "tests.stack.schedule", "tests.stack.whole"]

_FOREIGN_PREFIXES = ("AWS_", "OPENAI_", "ANTHROPIC_", "PROSA_")
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Remove what would lead a test to a real account, a paid model or a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN_PREFIXES) or name.lower() in _PROXIES:
                patch.delenv(name)
        yield
