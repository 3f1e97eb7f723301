"""The compose file is valid, and names nothing that the code, the images or the declaration of
resources know by another name.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.images.dockerfile import read_dockerfile
from local.resources import load_resources
from local.setup import SetupSettings
from prosa.settings import Settings
from worker.settings import WorkerSettings
from ws_gateway.settings import GatewaySettings

ROOT = Path(__file__).parents[2]
COMPOSE: Any = yaml.safe_load((ROOT / "docker-compose.localstack.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
SETTINGS: dict[str, type[Settings]] = {
    "setup-localstack": SetupSettings,
    "setup-ministack": SetupSettings,
    "worker": WorkerSettings,
    "gateway": GatewaySettings,
}
# Read by others than settings.py: the edge's template, the functions, `local.setup`'s callers.
_NOT_SETTINGS = {
    "PROSA_STAGE",
    "PROSA_PARAMETERS",
    "PROSA_TABLE",
    "PROSA_BUCKET",
    "PROSA_WS_TARGET",
    "PROSA_EVENTS_TARGET",
    "PROSA_API_TARGET_FILE",
}


def test_it_is_a_compose_file() -> None:
    schemas = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")
    schema = json.loads((schemas / "compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema, cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_one_the_service_reads(name: str) -> None:
    given = {key for key in SERVICES[name]["environment"] if key.startswith("PROSA_")}
    known = {f"PROSA_{field.upper()}" for field in SETTINGS[name].model_fields}
    assert given <= known | _NOT_SETTINGS
    required = {
        f"PROSA_{f.upper()}" for f, i in SETTINGS[name].model_fields.items() if i.is_required()
    }
    assert required <= given


def test_the_names_are_those_of_the_declaration() -> None:
    declared = load_resources(stage="dev", region="us-east-1", account="000000000000")
    told = SERVICES["worker"]["environment"]
    assert told["PROSA_TABLE"] == declared["table"]["TableName"]
    assert told["PROSA_BUCKET"] == declared["bucket"]["Bucket"]
    assert told["PROSA_QUEUE_URL"].rpartition("/")[2] == declared["queue"]["QueueName"]
    dead = told["PROSA_DEAD_LETTER_QUEUE_URL"].rpartition("/")[2]
    assert dead == declared["dead_letter_queue"]["QueueName"]


@pytest.mark.parametrize("name", OURS)
def test_each_image_is_built_from_a_target_there_is(name: str) -> None:
    build = SERVICES[name]["build"]
    stages = read_dockerfile(ROOT / build["dockerfile"]).stages
    target = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", build.get("target", stages[-1].name))
    assert target in {stage.name for stage in stages}


def test_nothing_is_open_to_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_runs_on_may_write_nowhere_and_gain_nothing() -> None:
    for name, service in SERVICES.items():
        if name == "localstack":  # it starts containers
            continue
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        # A job that ends writes the packages of the functions beside its sources.
        assert service.get("read_only", False) is not name.startswith("setup"), name


def test_nothing_is_killed_while_it_drains() -> None:
    worker, gateway = WorkerSettings.model_fields, GatewaySettings.model_fields
    drains = {
        "worker": worker["worker_stop_timeout_s"].default + 2,
        "gateway": sum(gateway[f"gateway_{part}_s"].default for part in ("drain", "close_timeout"))
        + 2,
    }
    for name, drain_s in drains.items():
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain_s


@pytest.mark.parametrize("profile", ["localstack", "ministack"])
def test_each_profile_has_all_it_waits_for(profile: str) -> None:
    there = {name for name, each in SERVICES.items() if profile in each.get("profiles", [profile])}
    assert len([name for name in there if name.startswith("setup-")]) == 1
    for name in there:
        for other, how in SERVICES[name].get("depends_on", {}).items():
            assert other in there or how.get("required") is False


def test_every_image_is_pinned_to_a_version() -> None:
    foreign = [each["image"] for name, each in SERVICES.items() if name not in OURS]
    assert foreign
    assert all(re.search(r":\d+\.\d+\.\d+", image) for image in foreign)
