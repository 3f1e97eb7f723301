"""The log has a line a request, with what is needed to find it and nothing that is private."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas import bootstrap, request_log
from prosa.ids import JobId
from tests.integration.lambdas.gateway import a_caller, authorize, call
from tests.integration.lambdas.messages import send

pytestmark = pytest.mark.usefixtures("edge")


class Lines(logging.Handler):
    """Keeps what the logger writes, in the form it is written in."""

    def __init__(self, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger = logging.getLogger(request_log.SERVICE)
    formatter = request_log.logger().registered_formatter
    handler = Lines(formatter)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_request_has_one_line(lines: Lines) -> None:
    caller = a_caller()
    accepted = send(caller).json
    (line,) = lines.json
    assert line["message"] == "request"
    assert line["level"] == "INFO"
    assert line["method"] == "POST"
    assert line["route"] == "/chat"
    assert line["status"] == 202
    assert line["duration_ms"] > 0
    assert line["user_id"] == caller.user_id
    assert line["job_id"] == accepted["job_id"]
    assert line["conversation_id"] == accepted["conversation_id"]
    assert line["request_id"]


def test_a_line_knows_nothing_of_the_request_before(lines: Lines) -> None:
    send(a_caller())
    call("GET", "/health")
    assert {"job_id", "user_id", "conversation_id", "code"}.isdisjoint(lines.json[-1])


def test_a_refusal_says_its_code(lines: Lines) -> None:
    send(a_caller(), content="")
    (line,) = lines.json
    assert (line["status"], line["code"]) == (422, "content_empty")


def test_what_went_wrong_inside_is_in_the_log_alone(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: JobId) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(bootstrap.jobs(), "find", broken)
    answer = call("GET", "/jobs/job_01ARZ3NDEKTSV4RRFFQ69G5FAV", caller=a_caller())
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "disk" not in answer.text
    failed, request = lines.json
    assert "the disk is full" in failed["exception"]
    assert request["status"] == 500


def test_no_secret_and_nothing_a_user_wrote_is_logged(lines: Lines) -> None:
    password, said = "correct horse battery", "My diary begins here"
    credentials = {"email": "ana@example.com", "password": password}
    session = call("POST", "/auth/register", body=credentials).json
    call("POST", "/auth/register", body=credentials)
    call("POST", "/auth/login", body=credentials | {"password": password + "!"})
    call("POST", "/auth/refresh", body={"refresh_token": session["refresh_token"]})
    call("POST", "/auth/refresh", body={"refresh_token": session["refresh_token"] + "x"})
    authorize(f"Bearer {session['access_token']}")
    authorize(f"Bearer {session['access_token']}x")
    ticket = call("POST", "/ws-tickets", caller=a_caller()).json["ticket"]
    send(a_caller(), content=said)
    send(a_caller(), content=said, model=said)
    call("POST", "/chat", body=f'{{"content": "{said}', caller=a_caller())
    assert len(lines.texts) >= 11
    log = "\n".join(lines.texts)
    for secret in (password, said, ticket, session["access_token"], session["refresh_token"]):
        assert secret not in log
        assert secret[-20:] not in log
