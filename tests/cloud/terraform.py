"""Runs Terraform on `infra/terraform` as a person would, for one stage, against one emulator.

The provider comes from the registry, or from the folder TF_PLUGIN_DIR names. The state is kept
where docs/deploy.md says, in a bucket with a lock file beside it; the bucket is the emulator's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIGURATION = Path(__file__).parents[2] / "infra" / "terraform"
STATE_BUCKET = "prosa-state"

Variables = Mapping[str, Any]


class TerraformFailed(AssertionError):
    """Terraform ended with an error."""

    def __init__(self, command: str, output: str) -> None:
        super().__init__(f"terraform {command}\n{output}")


class Terraform:
    """One stage's configuration. Every method raises TerraformFailed with what Terraform wrote."""

    def __init__(self, *, stage: str, environment: Mapping[str, str], folder: Path) -> None:
        """`environment` says where AWS is; `folder` keeps what Terraform downloads and plans."""
        if shutil.which("terraform") is None:
            raise TerraformFailed("--version", "Terraform 1.11 or newer must be on PATH.")
        self._stage = stage
        self._folder = folder
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", os.sep),
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_CLI_ARGS": "-no-color",
            "TF_CLI_CONFIG_FILE": os.environ.get("TF_CLI_CONFIG_FILE", ""),
            **environment,
        }

    def init(self) -> None:
        """Get the provider and open the state, in a bucket that must exist."""
        backend = {
            "bucket": STATE_BUCKET,
            "key": f"{self._stage}.tfstate",
            "region": self._environment["AWS_REGION"],
            "use_lockfile": "true",
            "use_path_style": "true",
        }
        plugins = os.environ.get("TF_PLUGIN_DIR")
        self._run(
            "init",
            *(f"-backend-config={name}={value}" for name, value in backend.items()),
            *([f"-plugin-dir={plugins}"] if plugins else []),
        )

    def plan(self, variables: Variables) -> dict[str, Any]:
        """Plan with `env/<stage>.tfvars` and `variables` over it; gives the plan as JSON."""
        file = self._folder / "plan"
        self._run("plan", f"-out={file}", *self._variables(variables))
        return json.loads(self._run("show", "-json", str(file)))

    def apply(self, variables: Variables) -> None:
        """Make it so."""
        # Ten calls at once are more than an emulator answers before the SDK asks again.
        self._run("apply", "-auto-approve", "-parallelism=4", *self._variables(variables))

    def changes(self, variables: Variables) -> dict[str, Any]:
        """What another apply would change, by address: empty when there is nothing left to do."""
        planned = self.plan(variables)["resource_changes"]
        return {
            each["address"]: each["change"]
            for each in planned
            if each["change"]["actions"] not in (["no-op"], ["read"])
        }

    def state(self) -> dict[str, Any]:
        """What is there, as JSON."""
        return json.loads(self._run("show", "-json"))

    def destroy(self, variables: Variables) -> None:
        """Take all of it away."""
        self._run("destroy", "-auto-approve", *self._variables(variables))

    def _variables(self, variables: Variables) -> list[str]:
        file = self._folder / "test.tfvars.json"
        file.write_text(json.dumps(dict(variables)), encoding="utf-8")
        return [f"-var-file=env/{self._stage}.tfvars", f"-var-file={file}"]

    def _run(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            ["terraform", command, *arguments],
            cwd=CONFIGURATION,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if command != "show" else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise TerraformFailed(command, done.stdout[-6000:])
        return done.stdout


def resources_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every resource of `planned_values` or a state's `values`, from all modules.

    A data source that is yet to be read has no values; then `values` is empty.
    """
    found: list[dict[str, Any]] = []
    modules = [values.get("root_module", {})]
    while modules:
        module = modules.pop()
        found += [{"values": {}, **each} for each in module.get("resources", [])]
        modules += module.get("child_modules", [])
    return found
