"""A whole stage at an emulator that enforces IAM, made as docs/deploy.md says, step by step.

Terraform makes what is not a function, the secrets are put past it, Serverless makes the API,
Terraform the edge; worker and gateway then run as their tasks would: with the environment of their
task definitions, under the credentials of their roles. The cache is a Redis with the users and the
ACL that ElastiCache would be given.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3

from infra.images.environments import IMAGES, Built
from infra.put_secrets import put_secrets
from local.deploy import SERVERLESS
from local.launcher import Launcher
from local.ministack import aws_environment, ministack_url, start_ministack, wait_for_ministack
from local.ports import free_ports
from local.redis_server import redis_url
from local.services import wait_for_service
from local.settings import ROOT
from tests.cloud.cache import start_cache
from tests.cloud.terraform import STATE_BUCKET, Terraform, TerraformFailed

STAGE = "dev"
NAME = f"prosa-{STAGE}"
API_KEY = "sk-this-is-no-real-key-but-nobody-may-see-it"
_PARTS = ["network", "services"]
"""The parts MiniStack can make; docs/deploy.md says what keeps it from the others."""
_IMAGES = {"worker": "worker-slim", "gateway": "gateway"}
_STOP_S = 10.0


@dataclass
class Stage:
    """What was made so far, and where."""

    terraform: Terraform
    launcher: Launcher
    environment: dict[str, str]
    variables: dict[str, Any]
    gateway_port: int = 0
    changes_of_second_apply: dict[str, dict[str, Any]] = field(
        default_factory=dict[str, dict[str, Any]]
    )
    """By apply (`first`, `edge`): what a plan right after it would still change."""

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A client of `service`: the account's root, or whoever `credentials` are of."""
        given = credentials or self.environment
        return cast("Any", boto3).client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
        )

    def parameter(self, name: str) -> str:
        """The value of a parameter of the stage."""
        answer = self.client("ssm").get_parameter(Name=f"/prosa/{STAGE}/{name}")
        return answer["Parameter"]["Value"]

    @property
    def api_url(self) -> str:
        """Where the emulator serves the API that has the domain of the parameter."""
        api_id = self.parameter("api-domain").partition(".")[0]
        return f"{self.environment['AWS_ENDPOINT_URL']}/_aws/execute-api/{api_id}/{STAGE}"

    def role_of(self, service: str) -> dict[str, str]:
        """Credentials of a service's role, as ECS would give its task.

        The role trusts ECS only; so the account's root first lets itself in.
        """
        arn = f"arn:aws:iam::000000000000:role/{NAME}-{service}"
        self.client("iam").update_assume_role_policy(
            RoleName=f"{NAME}-{service}",
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":'
            '"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::000000000000:root"}}]}',
        )
        taken = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
            "AWS_SESSION_TOKEN": taken["SessionToken"],
        }

    def allow_batches(self) -> None:
        """Let the worker call the batch forms of what its role allows.

        To AWS `sqs:DeleteMessage` is `DeleteMessageBatch` too; MiniStack asks for the latter by its
        own name, which AWS does not know.
        """
        actions = '"sqs:DeleteMessageBatch","sqs:ChangeMessageVisibilityBatch"'
        queue = f"arn:aws:sqs:{self.environment['AWS_REGION']}:000000000000:{NAME}-jobs.fifo"
        self.client("iam").put_role_policy(
            RoleName=f"{NAME}-worker",
            PolicyName="batches",
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
            f'"Action":[{actions}],"Resource":"{queue}"}}]}}',
        )

    def take_back_batches(self) -> None:
        """Leave the role as Terraform made it."""
        self.client("iam").delete_role_policy(RoleName=f"{NAME}-worker", PolicyName="batches")

    def apply(self, name: str, **variables: Any) -> None:
        """Apply, with `variables` from now on, and note what a second one would change."""
        self.variables |= variables
        self.terraform.apply(self.variables)
        self.changes_of_second_apply[name] = self.terraform.changes(self.variables)

    def serverless(self, command: str) -> None:
        """Run `serverless deploy` or `remove`, for the Python and machine of this emulator."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", str(ROOT)),
            "LANG": "C.UTF-8",
            "NODE_NO_WARNINGS": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_AWS_MONITORING_FREQUENCY": "200",
            **self.environment,
        }
        # Packages come from where pip finds them on this machine.
        env |= {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
        arguments = ["node", str(SERVERLESS), command, "--stage", STAGE]
        arguments += [f"--param=python={python}", f"--param=machine={platform.machine()}"]
        done = subprocess.run(
            arguments, cwd=ROOT, env=env, text=True, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise TerraformFailed(f"(serverless {command})", done.stdout + done.stderr)

    def run_service(self, service: str, module: str, health: str, extra: Mapping[str, str]) -> int:
        """Start a service as its task would be; gives its port for probes, once it is ready.

        BUILT_IMAGES is a folder of what the images hold, made by `python -m infra.images`.
        """
        tasks = self.client("ecs").describe_task_definition(taskDefinition=f"{NAME}-{service}")
        (container,) = tasks["taskDefinition"]["containerDefinitions"]
        (port,) = free_ports(1)
        environment = {
            **{each["name"]: each["value"] for each in container["environment"]},
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", str(ROOT)),
            "LANG": "C.UTF-8",
            **self.environment,
            **self.role_of(service),
            health: str(port),
            **extra,
        }
        app, command = ROOT, [sys.executable, "-m", module]
        if folder := os.environ.get("BUILT_IMAGES"):
            image = IMAGES[_IMAGES[service]]
            built = Built(image, Path(folder).resolve() / image.name)
            app, command = built.app, built.command
        # What is not in the folder an image's process begins in, it cannot import.
        child = self.launcher.launch(service, ["env", "-C", str(app), *command], env=environment)
        wait_for_service(self.launcher, child, port, timeout_s=90)
        return port


@contextmanager
def made_stage(folder: Path, *, openai_base_url: str) -> Generator[Stage]:
    """Make the stage, whole; it is not destroyed at the end, only its processes end."""
    launcher = Launcher(root=folder, write_line=_writer(folder / "log.txt"), run_file=None)
    redis_port, aws_port, gateway_port = free_ports(3)
    try:
        start_cache(launcher, redis_port, name=NAME)
        aws = start_ministack(launcher, port=aws_port, folder=None, enforce_iam=True)
        wait_for_ministack(launcher, aws, aws_port)
        assert ministack_url(aws_port) == aws_environment(aws_port)["AWS_ENDPOINT_URL"]
        stage = Stage(
            Terraform(stage=STAGE, environment=aws_environment(aws_port), folder=folder),
            launcher,
            aws_environment(aws_port),
            {
                "emulator": True,
                "parts": _PARTS,
                "redis_url": redis_url(redis_port),
                "redis_cache_name": NAME,
                # The one that comes with the repository is not in the small image.
                "models": ["openai:gpt-5-mini"],
            },
            gateway_port,
        )
        _make(stage, openai_base_url)
        yield stage
    finally:
        for name in reversed(list(launcher.children)):
            launcher.stop(name, grace_s=_STOP_S)


def _make(stage: Stage, openai_base_url: str) -> None:
    """Follow docs/deploy.md."""
    stage.client("s3").create_bucket(Bucket=STATE_BUCKET)
    stage.terraform.init()
    stage.apply("first")
    put_secrets(
        stage.client("ssm"),
        stage=STAGE,
        key_arn=stage.parameter("secrets-key-arn"),
        environ={"OPENAI_API_KEY": API_KEY},
    )
    stage.serverless("deploy")
    stage.apply("edge", edge=True, image_tag="1.2.3")
    stage.run_service(
        "gateway",
        "ws_gateway",
        "PROSA_GATEWAY_INTERNAL_PORT",
        {
            "PROSA_GATEWAY_PORT": str(stage.gateway_port),
            "PROSA_GATEWAY_EVENTS_PORT": "0",
            "PROSA_GATEWAY_HOST": "127.0.0.1",
        },
    )
    stage.allow_batches()
    stage.run_service(
        "worker",
        "worker",
        "PROSA_WORKER_HEALTH_PORT",
        {"PROSA_OPENAI_BASE_URL": openai_base_url, "PROSA_WORKER_POLL_WAIT_S": "1"},
    )


def _writer(path: Path) -> Any:
    def write_line(name: str, line: str) -> None:
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{name:<8}| {line}\n")

    return write_line
