"""What Kustomize builds is valid, restricted, and named as the code, the images and the declaration
of resources name things; and the Helm chart is the same objects.

Skipped where there is no kubectl, but for the chart's own file.
"""

from __future__ import annotations

import re
import shutil
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from infra.images.dockerfile import read_dockerfile
from infra.k8s.chart import CHART, ROOT, TEMPLATES, build, templates
from local.resources import load_resources
from local.setup import SetupSettings
from prosa.settings import Settings
from worker.settings import WorkerSettings
from ws_gateway.settings import GatewaySettings

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl")
VERSION = "1.33"
OVERLAYS = ("local", "prod")
# Defined by what has to be in the cluster; kubernetes-validate knows Kubernetes's own only.
FOREIGN = {"ScaledObject", "TriggerAuthentication", "ExternalSecret"}
SETTINGS: dict[str, type[Settings]] = {
    "prosa-worker": WorkerSettings,
    "prosa-gateway": GatewaySettings,
    "prosa-setup": SetupSettings,
}
_EDGE = {
    "PROSA_API_TARGET",
    "PROSA_API_TARGET_FILE",
    "PROSA_WS_TARGET",
    "PROSA_EVENTS_TARGET",
}

Objects = dict[tuple[str, str], Any]


def _by_name(text: str) -> Objects:
    """Index objects by kind and name, the hash of generated names taken off everywhere."""
    text = re.sub(r"\b(prosa-(?:worker|gateway|edge|aws|setup|redis))-[a-z0-9]{10}\b", r"\1", text)
    found = (each for each in yaml.safe_load_all(text) if each)
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


@cache
def _built(overlay: str) -> Objects:
    return _by_name(build(overlay))


def _rendered() -> Objects:
    """Render the chart with its own values: it has nothing but plain placeholders."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    release = {"Namespace": "prosa", "Revision": 1}

    def fill(found: re.Match[str]) -> str:
        value: Any = {"Values": values, "Release": release}
        for part in found[1].split("."):
            value = value[part]
        return str(value)

    text = re.sub(r"\{\{- /\*.*?\*/ -\}\}\s*", "", TEMPLATES.read_text())
    text = re.sub(r"\{\{ \.([\w.]+)(?: \| int)? \}\}", fill, text)
    assert "{{" not in text
    return _by_name(text)


def _pods(objects: Objects) -> list[tuple[str, Any]]:
    kinds = ("Deployment", "Job")
    return [(n, each["spec"]["template"]["spec"]) for (k, n), each in objects.items() if k in kinds]


def _validate(objects: Objects) -> None:
    for (kind, _), each in objects.items():
        if kind not in FOREIGN:
            kubernetes_validate.validate(each, VERSION, strict=True)


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_one_kubernetes_takes(overlay: str) -> None:
    _validate(_built(overlay))


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_could_be_more_than_restricted(overlay: str) -> None:
    pods = _pods(_built(overlay))
    assert len(pods) >= 3
    for name, pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, name
            assert own["readOnlyRootFilesystem"] is True, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_setting_is_one_the_service_reads(overlay: str) -> None:
    objects = _built(overlay)
    for (kind, name), each in objects.items():
        if kind == "ConfigMap":
            given = {key for key in each["data"] if key.startswith("PROSA_")}
            fields = SETTINGS[name].model_fields if name in SETTINGS else {}
            assert given <= {f"PROSA_{field.upper()}" for field in fields} | _EDGE, name


@needs_kubectl
@pytest.mark.parametrize(
    ("overlay", "stage", "account"), [("local", "dev", "000000000000"), ("prod", "prod", "ACCOUNT")]
)
def test_the_names_are_those_of_the_declaration(overlay: str, stage: str, account: str) -> None:
    declared = load_resources(stage=stage, region="us-east-1", account=account)
    told = _built(overlay)["ConfigMap", "prosa-worker"]["data"]
    assert told["PROSA_TABLE"] == declared["table"]["TableName"]
    assert told["PROSA_BUCKET"] == declared["bucket"]["Bucket"]
    assert told["PROSA_QUEUE_URL"].rpartition("/")[2] == declared["queue"]["QueueName"]
    dead = told["PROSA_DEAD_LETTER_QUEUE_URL"].rpartition("/")[2]
    assert dead == declared["dead_letter_queue"]["QueueName"]


@needs_kubectl
@pytest.mark.parametrize(
    ("name", "dockerfile"),
    [
        ("prosa-worker", "worker/Dockerfile"),
        ("prosa-gateway", "ws_gateway/Dockerfile"),
        ("prosa-edge", "web/Dockerfile"),
    ],
)
def test_a_pod_is_the_user_of_its_image(name: str, dockerfile: str) -> None:
    read = read_dockerfile(ROOT / dockerfile)
    (user,) = {each.value for each in read.chain(read.stages[-1].name) if each.name == "USER"}
    security = dict(_pods(_built("prod")))[name]["securityContext"]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}"


@needs_kubectl
def test_nothing_is_killed_while_it_drains() -> None:
    pods = dict(_pods(_built("prod")))
    worker, gateway = WorkerSettings.model_fields, GatewaySettings.model_fields
    drains = {
        "prosa-worker": worker["worker_stop_timeout_s"].default + 5,
        "prosa-gateway": 2
        + sum(gateway[f"gateway_{part}_s"].default for part in ("drain", "close_timeout")),
        "prosa-edge": 10,
    }
    for name, drain_s in drains.items():
        (container,) = pods[name]["containers"]
        sleep_s = (
            container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        )
        assert pods[name]["terminationGracePeriodSeconds"] > sleep_s + drain_s, name


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nobody_is_spoken_to_unless_a_policy_says_so(overlay: str) -> None:
    objects = _built(overlay)
    deny = objects["NetworkPolicy", "prosa-deny-all"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert not deny.get("ingress")
    assert not deny.get("egress")
    for (kind, name), each in objects.items():
        if kind in ("Deployment", "Job"):
            labels = each["spec"]["template"]["metadata"]["labels"]
            assert deny["podSelector"]["matchLabels"].items() <= labels.items(), name


@needs_kubectl
def test_the_chart_is_what_the_overlay_says() -> None:
    assert TEMPLATES.read_text() == templates(), "make chart"


@needs_kubectl
def test_the_chart_gives_the_objects_of_the_overlay_prod() -> None:
    prod, chart = dict(_built("prod")), _rendered()
    # Helm makes the namespace itself, or is told one.
    del prod["Namespace", "prosa"]
    for (kind, _), each in chart.items():
        if kind == "Deployment":
            assert each["spec"]["template"]["metadata"].pop("annotations") == {
                "prosa/revision": "1"
            }
    assert chart == prod


def test_the_chart_is_valid_as_rendered_with_its_values() -> None:
    rendered = _rendered()
    assert {kind for kind, _ in rendered} >= FOREIGN
    _validate(rendered)
