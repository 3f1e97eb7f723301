"""`python -m worker`: read the settings and answer jobs until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable

from prosa.errors import SettingsError
from prosa.observability import configure_logging
from worker.llm.errors import ModelMisconfigured
from worker.serve import serve
from worker.settings import WorkerSettings

EXIT_DRAINED = 0
EXIT_FAILED = 1
EXIT_SETTINGS = 2

log = logging.getLogger(__name__)


def main() -> int:
    """Run the worker. Returns the exit status: 0 after a drain, 1 when a part failed, 2 when the
    settings are wrong: then a restart does not help."""
    try:
        settings = WorkerSettings.from_environ()
        configure_logging("worker")
        # A line per request of an SDK says less than ours, and some show URLs with ids.
        for chatty in ("httpx2", "httpx", "openai", "anthropic", "botocore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(settings))
    except (SettingsError, ModelMisconfigured) as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_SETTINGS
    except Exception:
        log.exception("failed")
        return EXIT_FAILED
    return EXIT_DRAINED


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed; None is asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
