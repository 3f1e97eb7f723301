"""What is declared about the functions and what is there agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import yaml

from local.warm_up import FUNCTIONS

ROOT = Path(__file__).parents[2]


class _CloudFormationLoader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation (`!Ref Name`) as plain text."""


def _tag_as_text(_loader: object, tag: str, _node: object) -> str:
    return tag


# PyYAML has no types.
cast("Any", _CloudFormationLoader).add_multi_constructor("!", _tag_as_text)

DECLARED: Any = yaml.load((ROOT / "serverless.yml").read_text(), Loader=_CloudFormationLoader)
HANDLERS = {p.stem for p in (ROOT / "lambdas" / "handlers").glob("*.py")} - {"__init__"}


def test_each_handler_file_is_a_function_and_each_function_a_handler_file() -> None:
    assert set(DECLARED["functions"]) == HANDLERS
    for key, function in DECLARED["functions"].items():
        assert function["handler"] == f"lambdas/handlers/{key}.lambda_handler"


def _routes(function: Any) -> list[Any]:
    return [event["http"] for event in function.get("events", []) if "http" in event]


def test_the_functions_that_are_warmed_up_are_those_a_person_waits_for() -> None:
    scheduled = {
        key
        for key, function in DECLARED["functions"].items()
        if any("schedule" in event for event in function.get("events", []))
    }
    assert scheduled == {"dlq_watch"}
    assert set(FUNCTIONS) == set(DECLARED["functions"]) - scheduled


def test_only_signing_in_and_what_is_public_needs_no_token() -> None:
    open_paths = {
        route["path"]
        for function in DECLARED["functions"].values()
        for route in _routes(function)
        if "authorizer" not in route
    }
    public = {path for path in open_paths if not path.startswith("/auth/")}
    assert public == {"/health", "/models", "/openapi.json"}


def test_no_permission_is_a_wildcard() -> None:
    for statement in DECLARED["provider"]["iam"]["role"]["statements"]:
        actions = statement["Action"]
        resources = statement["Resource"]
        assert not any("*" in action for action in actions)
        # The objects of one bucket are all there is to end in a wildcard.
        for resource in [resources] if isinstance(resources, str) else resources:
            assert "*" not in resource or (
                resource.startswith("arn:aws:s3:::") and len(resource) > 20
            )
