"""How rates are written."""

from __future__ import annotations

import pytest

from lambdas.rates import Rate, parse_rates
from lambdas.settings import EdgeSettings
from prosa.errors import SettingsError

_NEEDED = {
    "PROSA_TABLE": "t",
    "PROSA_BUCKET": "b",
    "PROSA_QUEUE_URL": "q",
    "PROSA_PARAMETERS": "/p",
    "PROSA_MODELS": "local:prosa-tiny",
}


def test_rates_are_joined_by_semicolons() -> None:
    assert parse_rates("20/minute; 200 / day") == (Rate(20, "minute"), Rate(200, "day"))
    assert [str(rate) for rate in parse_rates("1/hour;2/day")] == ["1 an hour", "2 a day"]
    assert parse_rates("3/day")[0].window_s == 86_400


@pytest.mark.parametrize("text", ["", "20", "0/minute", "-1/minute", "5/fortnight", "1/minute;"])
def test_a_wrong_rate_names_its_variable(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        parse_rates(text)
    if text:  # an empty variable is the default
        with pytest.raises(SettingsError) as caught:
            EdgeSettings.from_environ({**_NEEDED, "PROSA_RATE_MESSAGES": text})
        assert caught.value.variable == "PROSA_RATE_MESSAGES"
