"""The deployed API against the OpenAPI document it serves: no 5xx, no undeclared answer.

Schemathesis makes valid and invalid requests for every operation from the document itself.
"""

# pyright: basic
# Schemathesis leaves its types half unknown.

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckFunction
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local.stack import Stack

CASES_PER_OPERATION = 25

# Left out: `unsupported_method`, as API Gateway answers for methods it does not know, and
# `positive_data_acceptance`, as a well-formed request may name a model there is not.
CHECKS: list[CheckFunction] = [
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]

DOCUMENT = Path(__file__).parents[3] / "lambdas" / "openapi.json"

schema = schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture(scope="session")
def guest(stack: Stack) -> dict[str, str]:
    answer = httpx.post(f"{stack.settings.edge_url}/api/auth/guest").raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_the_served_document_is_the_one_in_the_repository(stack: Stack) -> None:
    served = httpx.get(f"{stack.settings.edge_url}/api/openapi.json").raise_for_status().json()
    assert served == json.loads(DOCUMENT.read_text())


@schema.parametrize()
@settings(
    max_examples=CASES_PER_OPERATION,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_every_answer_is_a_declared_one(case: Case, guest: dict[str, str], stack: Stack) -> None:
    case.call_and_validate(base_url=f"{stack.settings.edge_url}/api", headers=guest, checks=CHECKS)
