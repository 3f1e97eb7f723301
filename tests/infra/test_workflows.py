"""The pipelines are valid, ask for no more than they need, and call what there is."""

from __future__ import annotations

import importlib.resources
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.images.dockerfile import read_dockerfile
from infra.release_notes import main, notes_of

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))


def _name(path: Path) -> str:
    return str(path.relative_to(GITHUB))


def _steps(path: Path) -> list[Any]:
    read = yaml.safe_load(path.read_text())
    jobs = read["jobs"].values() if "jobs" in read else [read["runs"]]
    return [step for job in jobs for step in job["steps"]]


def _images(path: Path) -> list[dict[str, str]]:
    return yaml.safe_load(path.read_text())["jobs"]["images"]["strategy"]["matrix"]["include"]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=_name)
def test_it_is_valid(path: Path) -> None:
    kind = "github-workflows" if path in WORKFLOWS else "github-actions"
    schemas = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")
    schema = json.loads((schemas / f"{kind}.json").read_text())
    # YAML 1.1 reads the key `on` as true.
    read = {("on" if k is True else k): v for k, v in yaml.safe_load(path.read_text()).items()}
    jsonschema.validate(read, schema, cls=jsonschema.Draft7Validator)


def test_zizmor_finds_nothing_an_attacker_could_use() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--no-progress", "--min-severity=medium", str(GITHUB)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=_name)
def test_every_action_stands_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    foreign = [each for each in used if not each.startswith("./")]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in foreign)


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_no_more_may_be_done_than_is_said_at_each_job(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_what_is_called_is_there(path: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for step in _steps(path):
        called = re.findall(r"^\s*make ([\w-]+)", step.get("run", ""), re.MULTILINE)
        assert set(called) <= targets
        if step.get("uses", "").startswith("./"):
            assert (ROOT / step["uses"] / "action.yml").exists()


@pytest.mark.parametrize("path", [p for p in WORKFLOWS if p.stem in ("ci", "release")], ids=_name)
def test_the_images_that_are_built_are_targets_there_are(path: Path) -> None:
    assert len(_images(path)) >= 5
    for image in _images(path):
        file = ROOT / image["dockerfile"]
        assert image["target"] in {stage.name for stage in read_dockerfile(file).stages}
        if "base" in image:  # what is resolved to a digest is what the file names
            assert f"ARG {image['argument']}={image['base']}\n" in file.read_text()


def test_the_release_notes_are_those_of_the_version() -> None:
    changelog = (
        "## [Unreleased]\n\n- next\n\n## [1.2.3] - 2026-01-01\n\n- this\n\n## [1.2.2]\n\n- old\n"
    )
    assert notes_of("1.2.3", changelog) == "- this"
    assert notes_of("1.2.2", changelog) == "- old"
    assert notes_of("1.2", changelog) is None


def test_a_version_nobody_wrote_about_is_not_released(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["999.0.0"]) == 1
    assert "999.0.0" in capsys.readouterr().err
