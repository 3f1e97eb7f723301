"""Bodies that no worker can make sense of, made by Hypothesis from a seed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

_TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=["Cs"]),
    max_size=100,
)
_NAME = st.text(max_size=20) | st.just("long " * 100)
_LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**30, max_value=10**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
)
_VALUE = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_NAME, inner, max_size=3)
)


def _good() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "job_id": "job_01J00000000000000000000000",
        "user_id": "usr_01J00000000000000000000000",
        "conversation_id": "cnv_01J00000000000000000000000",
    }


@st.composite
def _changed(draw: st.DrawFn) -> str:
    """A message of ours with a field changed, dropped or added."""
    fields = _good()
    name = draw(st.sampled_from(sorted(fields)))
    match draw(st.integers(0, 2)):
        case 0:
            fields[name] = draw(_VALUE)
        case 1:
            del fields[name]
        case _:
            fields[draw(_NAME)] = draw(_VALUE)
    return json.dumps(fields, ensure_ascii=draw(st.booleans()))


@st.composite
def _version(draw: st.DrawFn) -> str:
    """A message of another version."""
    version = draw(st.sampled_from(["1", 1.0, True, None, 0, 2, -1, 10**400, [1]]))
    return json.dumps(_good() | {"schema_version": version})


@st.composite
def _cut(draw: st.DrawFn) -> str:
    """A message that is cut, or has something before, within or behind it."""
    text = json.dumps(_good())
    at = draw(st.integers(0, len(text) - 1))
    return text[:at] + draw(st.sampled_from(["", "\ufeff", '"', "}", "\\ud800", "NaN"]))


@st.composite
def _deep(draw: st.DrawFn) -> str:
    """Brackets in brackets."""
    depth = draw(st.integers(1, 20_000))
    begin, end = draw(st.sampled_from([("[", "]"), ('{"a":', "}")]))
    closing = end * draw(st.sampled_from([0, depth]))
    return f"{begin * depth}1{closing}"


@st.composite
def _escaped(draw: st.DrawFn) -> str:
    """Halves of surrogate pairs, and characters that may stand in JSON but not in a message."""
    escape = draw(st.sampled_from([r"\ud800", r"\udc00", r"\ud800\ud800", r"\u0000", r"\uffff"]))
    text = json.dumps(_good())
    where = draw(st.sampled_from(["job_", "user_id", "1,"]))
    return text.replace(where, f'{where}", "x{escape}": "{escape}', 1)


_UNKNOWN = st.builds(lambda: json.dumps(_good()))
"""As it should be, but of a job that never was."""

_SCALAR = st.builds(json.dumps, _VALUE)
_BODY = st.one_of(_TEXT, _SCALAR, _changed(), _version(), _cut(), _deep(), _escaped(), _UNKNOWN)


_UNHURRIED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def bodies(count: int, chance: int) -> list[str]:
    """Make `count` bodies that SQS takes and no worker can answer. The same for the same seed."""
    found: list[str] = []

    @seed(chance)
    @settings(
        max_examples=count * 2,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=_UNHURRIED,
        report_multiple_bugs=False,
    )
    @given(_BODY)
    def gather(body: str) -> None:
        assume(body and is_taken_by_sqs(body))
        found.append(body)

    while len(found) < count:
        gather()
        chance += 1
    return found[:count]


def is_taken_by_sqs(body: str) -> bool:
    """XML's characters, and no half of a surrogate pair."""
    return all(
        c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        for c in body
    )
