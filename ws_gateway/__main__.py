"""`python -m ws_gateway`: read the settings and serve until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable

from prosa.errors import SettingsError
from prosa.observability import configure_logging
from ws_gateway.bootstrap import gateway
from ws_gateway.processes import Processes
from ws_gateway.settings import GatewaySettings

log = logging.getLogger(__name__)


def main() -> int:
    """Run the gateway, or several. Returns the exit status: 0 after a drain, 1 when several cannot
    be kept running, 2 when the settings are wrong."""
    try:
        settings = GatewaySettings.from_environ()
    except SettingsError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    configure_logging("ws_gateway")
    # Its lines per connection say less than ours, and at DEBUG they would show tickets.
    logging.getLogger("websockets").setLevel(logging.WARNING)
    if settings.gateway_processes > 1:
        return Processes(settings, _run).serve()
    return _run(settings)


def _run(settings: GatewaySettings, lifeline: int | None = None) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, lifeline))
    return 0


async def _serve(settings: GatewaySettings, lifeline: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if lifeline is not None:
        loop.add_reader(lifeline, stop.set)  # it reads nothing but its end
    async with gateway(settings) as running:
        _tune_gc()
        log.info(
            "gateway_listening",
            extra={
                "node": settings.gateway_node,
                "port": running.port,
                "internal_port": running.internal_port,
            },
        )
        await stop.wait()
        log.info("gateway_draining", extra={"connections": len(running.hub)})
    log.info("gateway_stopped")


def _tune_gc() -> None:
    # With 10,000 sockets the default thresholds scan them all, again and again: a third of the
    # time of a connect. What start-up made is never garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
