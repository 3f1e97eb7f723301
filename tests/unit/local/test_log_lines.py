"""JSON logs become lines a person reads; everything else passes through."""

from __future__ import annotations

import pytest

from local.log_lines import readable


def test_fields_follow_the_event() -> None:
    line = '{"level":"INFO","timestamp":"t","service":"worker","message":"job.done","attempt":2}'
    assert readable(line) == ["job.done attempt=2"]


def test_a_level_worth_noticing_is_shown() -> None:
    assert readable('{"level":"ERROR","message":"job.lost"}') == ["ERROR job.lost"]


def test_values_with_spaces_are_quoted() -> None:
    assert readable('{"message":"x","reason":"not now"}') == ['x reason="not now"']


def test_a_traceback_gets_lines_of_its_own() -> None:
    assert readable('{"message":"x","exception":"Traceback:\\n  boom"}') == [
        "x",
        "Traceback:",
        "  boom",
    ]


@pytest.mark.parametrize("line", ["plain", "{not json", "{}", '["message"]', ""])
def test_other_output_stays_as_it_is(line: str) -> None:
    assert readable(line) == [line]
