"""Looks after the dead-letter queue once a minute: no job stays without an end."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.end_dead_jobs import EndDeadJobs
from lambdas.request_log import logger

SPARE_S = 15.0
"""Left of the function's time for the message that is begun last."""

LONGEST_S = 45.0
"""Below the time a message is held, and the minute between two runs."""


def lambda_handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Go through the queue once; gives how many messages met which fate.

    Raises Unavailable when the queue or the table does not answer: the next minute tries again,
    and the function's error count is what an alarm sees.
    """
    logger().clear_state()
    left_s = context.get_remaining_time_in_millis() / 1000
    fates = _end_dead_jobs().run(for_s=min(LONGEST_S, max(0.0, left_s - SPARE_S)))
    logger().info("dlq_watch", extra={"messages": fates.total(), "fates": dict(fates)})
    return dict(fates)


def _end_dead_jobs() -> EndDeadJobs:
    return bootstrap.end_dead_jobs()
