"""What the HTTP edge reads from its environment; `serverless.yml` sets it for all functions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lambdas.rates import Rate, parse_rates
from prosa.settings import (
    CommaSeparated,
    DeadLetterSettings,
    QueueSettings,
    RedisSettings,
    StoreSettings,
)

Rates = Annotated[tuple[Rate, ...], BeforeValidator(parse_rates)]


class EdgeSettings(RedisSettings, StoreSettings, QueueSettings):
    """Settings of every function.

    Rates are written as `20/minute`, several joined by `;`. Each is a moving window, so the whole
    amount may come at once.
    """

    parameters: str
    """Prefix of the SSM parameters, `/prosa/<stage>`."""
    stage: str = "local"
    models: CommaSeparated = Field(min_length=1)
    """The models a user may name; the first is the default."""
    ws_url: str = "/ws"
    allowed_origins: CommaSeparated = ()
    """Origins other than the API's own whose pages may call it; exact, no wildcard."""
    guests: Literal["on", "off"] = "off"
    daily_tokens: int = Field(default=0, ge=0)
    """Tokens a user may use in a day (UTC), question and answer; 0 is no limit."""
    rate_messages: Rates = parse_rates("20/minute")
    """Replies a user may ask for."""
    rate_searches: Rates = parse_rates("120/minute;2000/day")
    """Pages of search results a user may ask for; each reads up to 2 MB of the table."""
    rate_sign_in_account: Rates = parse_rates("5/minute")
    """Sign-ins that may be tried with one e-mail address."""
    rate_sign_in_ip: Rates = parse_rates("20/minute")
    """Guests, registrations and sign-ins that may come from one IP address."""


class WatchSettings(EdgeSettings, DeadLetterSettings):
    """Settings of the watch over the dead-letter queue, which alone knows that queue."""
