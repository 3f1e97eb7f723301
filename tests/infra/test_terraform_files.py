"""What Terraform's files say and what the rest of the repository says are the same.

Read as text, so that these run everywhere: `make terraform-test` runs Terraform itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lambdas.settings import EdgeSettings
from local.settings import ROOT
from prosa.settings import RedisSettings
from worker.settings import WorkerSettings
from ws_gateway.settings import GatewaySettings

TERRAFORM = ROOT / "infra" / "terraform"
FILES = sorted(TERRAFORM.rglob("*.tf"))
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def _name(path: Path) -> str:
    return str(path.relative_to(TERRAFORM))


def _read(path: str) -> str:
    return (TERRAFORM / path).read_text()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_variable_and_output_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    blocks = _BLOCK.findall(text)
    assert len(blocks) == len(re.findall(r"^(?:variable|output) ", text, re.MULTILINE))
    for kind, name, body in blocks:
        described = re.search(r'^  description = "(.{10,})"$', body, re.MULTILINE)
        assert described, f"{kind} {name}"
        assert kind == "output" or re.search(r"^  type +=", body, re.MULTILINE), name
    assert len(text.splitlines()) <= 400


def test_a_refused_value_names_its_variable() -> None:
    checked = 0
    for _, name, body in _BLOCK.findall(_read("variables.tf")):
        for message in re.findall(r'error_message = "(.*)"', body):
            assert message.startswith(name), message
            checked += 1
    assert checked >= 20


def test_every_check_of_a_variable_has_a_case_that_fails_it() -> None:
    checks = sorted(
        name
        for _, name, body in _BLOCK.findall(_read("variables.tf"))
        for _ in re.findall("error_message", body)
    )
    cases = re.findall(r"expect_failures = \[var\.(\w+)\]", _read("tests/variables.tftest.hcl"))
    assert sorted(cases) == checks


def test_a_parameter_that_gets_a_value_is_declared_and_no_secret() -> None:
    declared = {
        each["Name"].removeprefix("/prosa/${stage}/"): each["Type"]
        for each in json.loads((ROOT / "infra" / "resources.json").read_text())["parameters"]
    }
    body = _read("services.tf").partition("parameter_values = merge(")[2]
    given = set(re.findall(r'^ +"([\w-]+)" += ', body, re.MULTILINE))
    assert len(given) >= 12
    assert {declared[name] for name in given} <= {"String", "StringList"}


def test_what_the_tasks_are_told_is_what_the_settings_read() -> None:
    known = {
        f"PROSA_{field.upper()}"
        for settings in (WorkerSettings, GatewaySettings, EdgeSettings, RedisSettings)
        for field in settings.model_fields
    }
    for file in ("services.tf", "modules/worker/main.tf", "modules/gateway/main.tf"):
        told = set(re.findall(r"^ +(PROSA_\w+) +=", _read(file), re.MULTILINE))
        assert told, file
        assert told <= known | {"PROSA_STAGE"}, file


def test_ports_are_those_of_the_settings() -> None:
    ports = {
        name: settings.model_fields[name].default
        for settings, name in (
            (GatewaySettings, "gateway_port"),
            (GatewaySettings, "gateway_events_port"),
            (GatewaySettings, "gateway_internal_port"),
            (WorkerSettings, "worker_health_port"),
        )
    }
    gateway = _read("modules/gateway/main.tf")
    for port in (p for name, p in ports.items() if name.startswith("gateway")):
        assert f"containerPort = {port}" in gateway
        assert f"port = {port} }}" in _read("modules/network/security_groups.tf")
    assert f"127.0.0.1:{ports['gateway_internal_port']}/healthz" in gateway
    assert f"127.0.0.1:{ports['worker_health_port']}/healthz" in _read("modules/worker/main.tf")


def test_tasks_are_killed_only_after_they_had_time_to_end() -> None:
    worker, balancer = _read("modules/worker/main.tf"), _read("modules/gateway/balancer.tf")
    killed_after = re.search(r"stopTimeout += (\d+)", worker)
    stops_within = re.search(r'PROSA_WORKER_STOP_TIMEOUT_S = "(\d+)"', worker)
    delay = re.search(r"deregistration_delay = (\d+)", balancer)
    idle = re.search(r"idle_timeout += (\d+)", balancer)
    assert killed_after
    assert stops_within
    assert delay
    assert idle
    assert int(killed_after[1]) >= int(stops_within[1]) + 5
    settings = GatewaySettings()
    assert int(delay[1]) == settings.gateway_drain_s + settings.gateway_close_timeout_s
    assert int(idle[1]) > 3 * settings.gateway_ping_interval_s


def test_the_alarms_watch_the_functions_there_are() -> None:
    listed = re.search(r"functions = (\[.*\])", _read("services.tf"))
    assert listed is not None
    handlers = (ROOT / "lambdas" / "handlers").glob("*.py")
    assert json.loads(listed[1]) == sorted(p.stem for p in handlers if p.stem != "__init__")
    assert 'api_name  = "prosa-${var.stage}-api"' in _read("services.tf")
    assert "apiName: prosa-${sls:stage}-api" in (ROOT / "serverless.yml").read_text()


def test_the_breakers_alarm_reads_what_the_worker_logs() -> None:
    log = (ROOT / "worker" / "llm" / "breaker.py").read_text()
    pattern = _read("modules/alarms/main.tf")
    assert r"$.message = \"breaker_changed\" && $.state = \"open\"" in pattern
    assert '"breaker_changed"' in log
    assert '"state": new_state.name' in log


def test_the_distribution_sends_every_header_of_the_page() -> None:
    headers: dict[str, str] = json.loads((ROOT / "web" / "security-headers.json").read_text())
    edge = _read("modules/edge/main.tf")
    sent = set(re.findall(r'var\.security_headers\["(.+?)"\]', edge))
    # CloudFront has a switch for this one, with the one value it can have.
    assert headers.pop("X-Content-Type-Options") == "nosniff"
    assert "content_type_options" in edge
    assert sent == set(headers)
