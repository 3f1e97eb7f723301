"""Settings from the environment: `PROSA_<FIELD>`, read once at start and never written.

Each service has its own `settings.py` with the fields it needs; this file knows how they are read
and holds those that several services share. AWS clients take their endpoint, region and
credentials from the variables every AWS SDK knows (`AWS_ENDPOINT_URL`, `AWS_REGION`, ...).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from prosa.errors import SettingsError


def _split(value: object) -> object:
    return (
        tuple(v.strip() for v in value.split(",") if v.strip()) if isinstance(value, str) else value
    )


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""`a,b` in the environment, `("a", "b")` here."""


class Settings(BaseModel):
    """Base of a service's settings."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read `PROSA_<FIELD>` for each field. Raises SettingsError naming the variable."""
        found = {
            name: environ[variable]
            for name in cls.model_fields
            if environ.get(variable := _variable(name))
        }
        try:
            return cls.model_validate(found)
        except ValidationError as exc:
            problem = exc.errors()[0]
            raise SettingsError(_variable(str(problem["loc"][0])), problem["msg"]) from exc


def _variable(field: str) -> str:
    return f"PROSA_{field.upper()}"


class RedisSettings(Settings):
    """Where the event log lives."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_cluster: bool = False

    redis_iam_user: str | None = None
    """User of an ElastiCache cache to sign in as, with the IAM role this runs under; none where
    Redis asks nobody."""

    redis_cache_name: str | None = None
    """The cache `redis_iam_user` signs in to: its name, which is not its address."""


class StoreSettings(Settings):
    """Where what was said is kept."""

    table: str
    bucket: str


class QueueSettings(Settings):
    """Where jobs wait."""

    queue_url: str


class DeadLetterSettings(Settings):
    """Where messages go that no worker could end."""

    dead_letter_queue_url: str
