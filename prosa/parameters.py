"""Secrets and settings that live in SSM Parameter Store, under `/prosa/<stage>/`.

Fetched when first needed and kept five minutes, so that a changed key takes effect without a
deploy. Values never enter the environment, a plan or a log.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from prosa.errors import SettingsError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_S = 300.0

JWT_PRIVATE_KEY = "jwt/private-key"
JWT_PUBLIC_KEYS = "jwt/public-keys"
REFRESH_TOKEN_KEY = "refresh-token-key"  # noqa: S105 - the name of a parameter, not its value
OPENAI_API_KEY = "openai-api-key"
ANTHROPIC_API_KEY = "anthropic-api-key"


class Parameters:
    """Reads parameters below `prefix`."""

    def __init__(self, ssm: SSMClient, prefix: str) -> None:
        self._ssm = ssm
        self._prefix = prefix.rstrip("/")
        self._read_at: dict[str, tuple[float, str]] = {}

    def get(self, name: str) -> str:
        """The value of `<prefix>/<name>`, decrypted, at most five minutes old.

        Raises SettingsError when there is none, Unavailable when SSM does not answer and nothing
        was read before.
        """
        known = self._read_at.get(name)
        if known and time.monotonic() - known[0] < MAX_AGE_S:
            return known[1]
        path = f"{self._prefix}/{name}"
        try:
            answer = self._ssm.get_parameter(Name=path, WithDecryption=True)
        except self._ssm.exceptions.ParameterNotFound as exc:
            raise SettingsError(path, "there is no such parameter") from exc
        except (BotoCoreError, ClientError) as exc:
            if known:
                return known[1]
            raise Unavailable(f"SSM does not give {path}.") from exc
        value = answer["Parameter"].get("Value", "")
        self._read_at[name] = (time.monotonic(), value)
        return value
