"""Fixtures of the gateway's tests; the parts are in `clients.py`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import pytest

from tests.integration.ws_gateway.clients import Writer, ready_gateway, short_settings
from ws_gateway.bootstrap import RunningGateway


@pytest.fixture
def writer(redis_url: str) -> Iterator[Writer]:
    writer = Writer.of(redis_url)
    yield writer
    writer.redis.close()


@pytest.fixture
async def running(redis_url: str) -> AsyncGenerator[RunningGateway]:
    """A gateway with short times in this process."""
    async with ready_gateway(short_settings(redis_url)) as running:
        yield running
