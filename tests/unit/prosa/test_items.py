"""DynamoDB's types: what boto3's own serialiser says is right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from prosa.store.items import from_item, to_item, to_value

_ints = st.integers(-(10**37), 10**37)
_scalars = st.none() | st.booleans() | _ints | st.text()
_texts = st.sets(st.text(min_size=1), min_size=1)
values = st.recursive(
    _scalars | _texts, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=12
)


@given(st.dictionaries(st.text(), values))
def test_an_item_is_written_as_boto3_writes_it_and_read_back(item: dict[str, Any]) -> None:
    theirs = {name: cast(Any, TypeSerializer()).serialize(value) for name, value in item.items()}
    ours = to_item(item)
    assert _comparable(ours) == _comparable(theirs)
    assert from_item(theirs) == item
    assert {k: cast(Any, TypeDeserializer()).deserialize(v) for k, v in ours.items()} == item


@pytest.mark.parametrize("value", [1.5, Decimal("0.1"), object(), (1,)])
def test_what_no_item_of_ours_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_value(value)


@pytest.mark.parametrize("value", [{"N": "1.5"}, {"B": b"x"}])
def test_what_we_never_wrote_is_not_guessed_at(value: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        from_item({"x": value})


def _comparable(value: Any) -> Any:
    """Sets have no order."""
    if isinstance(value, dict):
        return {k: sorted(v) if k == "SS" else _comparable(v) for k, v in value.items()}  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list):
        return [_comparable(each) for each in cast("list[Any]", value)]
    return value
