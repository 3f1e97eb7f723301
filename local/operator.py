"""What an operator's tools need to reach the running stack; `make dlq` passes it on.

`python -m local environ` prints it, a variable a line.
"""

from __future__ import annotations

from local.ministack import aws_environment
from local.provision import Provisioner
from local.settings import STAGE, LocalSettings

_BY_PARAMETER = {
    "queue-url": "PROSA_QUEUE_URL",
    "dead-letter-queue-url": "PROSA_DEAD_LETTER_QUEUE_URL",
    "table-name": "PROSA_TABLE",
    "bucket-name": "PROSA_BUCKET",
    "redis-url": "PROSA_REDIS_URL",
    "models": "PROSA_MODELS",
}


def operator_environment(settings: LocalSettings) -> dict[str, str]:
    """The AWS variables of the emulator and the names of what is in it.

    Raises botocore's EndpointConnectionError when no stack runs.
    """
    aws = aws_environment(settings.ministack_port)
    stored = Provisioner(aws).plain_parameter_values(STAGE)
    prefix = f"/prosa/{STAGE}/"
    named = {name.removeprefix(prefix): value for name, value in stored.items()}
    return aws | {variable: named[name] for name, variable in _BY_PARAMETER.items()}
