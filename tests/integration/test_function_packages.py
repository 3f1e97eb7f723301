"""The packages that go to Lambda hold all their functions need, and nothing of other services.

MiniStack runs functions beside the environment of the tests, which would hide a missing
requirement; here each gets its own package alone, made for this machine.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from platform import machine
from typing import Any
from zipfile import ZipFile

import pytest

from infra.functions.pack import install, pack
from infra.functions.reach import HANDLERS, reached_by
from local.provision import Provisioned
from tests.function_roles import declared
from tests.integration.lambdas.gateway import a_caller, event

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MAX_MB = {
    "auth": 20,
    "authorizer": 16,
    "chat": 13,
    "conversations": 12,
    "dlq_watch": 12,
    "search": 12,
    "tickets": 11,
}
"""Compressed, with bytecode. Lambda takes 50; a cold start has to fetch and unpack them."""

# -I ignores the environment's Python settings and the folder, -S the installed packages. All parts
# are made that a request could ask for: what they import, they import late.
_RUN = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
name, parts, event = sys.argv[2], sys.argv[3].split(","), json.loads(sys.argv[4])
handler = importlib.import_module(f"lambdas.handlers.{name}")
assert handler.__file__.startswith(sys.argv[1]), handler.__file__
from lambdas import bootstrap
for part in parts:
    if part and not part.startswith("_Late"):
        getattr(bootstrap, part)()
class Context:
    aws_request_id = "1"
    def get_remaining_time_in_millis(self): return 17_000
print(json.dumps(handler.lambda_handler(event, Context())))
"""


@pytest.fixture(scope="module")
def site() -> Path:
    return install(python=PYTHON, machine=machine())


@pytest.fixture(scope="module", params=HANDLERS)
def function(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def archive(function: str, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packages") / f"{function}.zip"
    pack(function, site, path, python=PYTHON)
    return path


def _event(function: str) -> dict[str, Any]:
    """A request that goes as far as it can without anything stored."""
    method, path, body = {
        "auth": ("POST", "/auth/register", {"email": "ana@example.com", "password": "secret-12"}),
        "authorizer": ("GET", "/conversations", None),
        "chat": ("POST", "/chat", {"content": "Hello"}),
        "conversations": ("GET", "/conversations", None),
        "dlq_watch": ("GET", "/", None),
        "meta": ("GET", "/openapi.json", None),
        "search": ("GET", "/conversations/search?q=hello", None),
        "tickets": ("POST", "/ws-tickets", None),
    }[function]
    headers = {"idempotency-key": "key-1234", "authorization": "Bearer a.b.c"}
    if function == "auth":
        del headers["authorization"]
    made = event(method, path, body=body, headers=headers, caller=a_caller())
    return made | {"methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/test/GET/-"}


ANSWERS = {
    "auth": 201,
    "chat": 202,
    "conversations": 200,
    "meta": 200,
    "search": 200,
    "tickets": 201,
}


@pytest.mark.timeout(400)
def test_a_function_answers_from_its_own_package_alone(
    function: str,
    archive: Path,
    resources: Provisioned,
    redis_url: str,
    aws: dict[str, str],
    tmp_path: Path,
) -> None:
    with ZipFile(archive) as packed:
        packed.extractall(tmp_path / "task")
    environment = aws | {
        "PROSA_STAGE": resources.stage,
        "PROSA_TABLE": resources.table,
        "PROSA_BUCKET": resources.bucket,
        "PROSA_QUEUE_URL": resources.queue_url,
        "PROSA_DEAD_LETTER_QUEUE_URL": resources.dead_letter_queue_url,
        "PROSA_PARAMETERS": resources.parameters,
        "PROSA_REDIS_URL": redis_url,
        "PROSA_MODELS": "local:prosa-tiny",
    }
    command = [sys.executable, "-I", "-S", "-c", _RUN, str(tmp_path / "task"), function]
    command += [",".join(sorted(reached_by(function).parts)), json.dumps(_event(function))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer.get("statusCode") == ANSWERS.get(function), done.stdout
    if function == "authorizer":
        assert answer["context"] == {"code": "token_invalid"}


def test_a_package_holds_nothing_its_function_cannot_reach(function: str, archive: Path) -> None:
    with ZipFile(archive) as packed:
        names = packed.namelist()
    assert len(names) == len(set(names))
    tops = {name.split("/")[0] for name in names}
    assert not tops & {"worker", "ws_gateway", "local", "web", "tests", "cli", "training", "infra"}
    reached = reached_by(function)
    ours = {n.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for n in names}
    ours = {n for n in ours if n.split(".")[0] in {"lambdas", "prosa"} and "__pycache__" not in n}
    assert {n for n in ours if not n.endswith((".lua", ".json"))} == reached.modules
    services = {
        n.split("/")[2] for n in names if n.startswith("botocore/data/") and n.count("/") > 2
    }
    assert services == reached.services
    assert archive.stat().st_size < MAX_MB.get(function, 9) * 2**20


def test_the_same_input_gives_the_same_package(site: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        pack("meta", site, tmp_path / name, python="another")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.timeout(400)
def test_what_is_native_in_a_package_is_for_the_processor_and_python_of_lambda(
    tmp_path: Path,
) -> None:
    custom = declared("serverless.yml")["custom"]
    python, chip = (re.findall(r"'(.+)'", custom[name])[0] for name in ("python", "machine"))
    site = install(python=python, machine=chip)
    pack("auth", site, tmp_path / "auth.zip", python=python)
    with ZipFile(tmp_path / "auth.zip") as packed:
        native = {n: packed.read(n)[:20] for n in packed.namelist() if n.endswith(".so")}
    assert {n.split("/")[0] for n in native} >= {"cryptography", "pydantic_core"}
    for name, header in native.items():
        assert header[:4] == b"\x7fELF"
        assert header[18] == {"aarch64": 0xB7, "x86_64": 0x3E}[chip], name
        assert f"cpython-{python.replace('.', '')}-" in name or "abi3" in name, name
