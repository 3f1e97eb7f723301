"""What is declared about the functions and what is there agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from local.warm_up import FUNCTIONS
from prosa.conversation import CONTENT_MAX_CHARS
from prosa.store.long_texts import INLINE_MAX_BYTES
from tests.function_roles import declared

ROOT = Path(__file__).parents[2]


DECLARED: Any = declared("serverless.yml")
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


def test_a_question_is_never_so_long_that_its_function_would_need_the_bucket() -> None:
    longest_bytes = CONTENT_MAX_CHARS * 4
    assert longest_bytes <= INLINE_MAX_BYTES


def test_a_line_of_the_access_log_is_json_without_paths_queries_or_headers() -> None:
    log_format: str = declared("infra/functions/stage.yml")["AccessLogSetting"]["Format"]
    variables = set(re.findall(r"\$context\.[\w.]+", log_format))
    assert not {v for v in variables if v.endswith((".path", ".querystring"))}
    line = json.loads(re.sub(r"\$context\.[\w.]+", "0", log_format))
    assert line["user_id"] == "0"
    assert len(line) == len(variables)


def test_signing_in_with_a_password_has_a_limit_of_its_own() -> None:
    everything, *passwords = declared("infra/functions/stage.yml")["MethodSettings"]
    assert (everything["ResourcePath"], everything["HttpMethod"]) == ("/*", "*")
    paths = {method["ResourcePath"].replace("~1", "/") for method in passwords}
    assert paths == {"//auth/login", "//auth/register", "//auth/password"}
    for limits in DECLARED["custom"]["throttle"].values():
        assert limits["passwordRate"] <= limits["rate"]


def test_nothing_goes_to_aws_without_trace_network_and_tags() -> None:
    for stage in ("dev", "prod"):
        assert DECLARED["custom"]["tracing"][stage] is True
        assert DECLARED["custom"]["network"][stage]["subnetIds"]
    assert DECLARED["provider"]["tags"] == {"app": "prosa", "stage": "${sls:stage}"}
    assert DECLARED["provider"]["architecture"] == "arm64"
