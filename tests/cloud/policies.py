"""IAM policies as a plan or a state shows them, and what in them is wider than it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from tests.cloud.terraform import resources_of


@dataclass(frozen=True)
class Statement:
    """One statement. `where` is the address of the resource or data source it was found in."""

    where: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def wildcards(self) -> set[str]:
        """The actions and resources with a wildcard in them."""
        return {part for part in (*self.actions, *self.resources) if "*" in part}


def statements_of_plan(plan: Mapping[str, Any]) -> list[Statement]:
    """Read every policy of a plan.

    One whose text will be known only after the apply is read from its `aws_iam_policy_document`,
    where only what is not known yet is missing, such as the id of a key.
    """
    found = list(_in_resources(resources_of(plan["planned_values"])))
    prior = plan.get("prior_state", {}).get("values", {})
    found += _in_resources(resources_of(prior))
    for change in plan["resource_changes"]:
        if change["type"] == "aws_iam_policy_document":
            found += _of_document(change["address"], change["change"]["after"])
    return found


def statements_of_state(state: Mapping[str, Any]) -> list[Statement]:
    """Read every policy of a state, in which nothing is unknown."""
    return list(_in_resources(resources_of(state["values"])))


def _in_resources(resources: list[dict[str, Any]]) -> Iterator[Statement]:
    for resource in resources:
        for text in _texts(resource["values"]):
            if '"Statement"' not in text:
                continue
            for statement in _many(json.loads(text)["Statement"]):
                yield Statement(
                    resource["address"],
                    statement["Effect"],
                    tuple(_many(statement.get("Action", ()))),
                    tuple(_many(statement.get("Resource", ()))),
                )


def _of_document(address: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for statement in document["statement"] or ():
        yield Statement(
            address,
            statement.get("effect") or "Allow",
            tuple(statement.get("actions") or ()),
            tuple(each for each in statement.get("resources") or () if each is not None),
        )


def _texts(value: Any) -> Iterator[str]:
    """Every string anywhere in `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, Any]", value).values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each)


def _many(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value] if value else []
