"""MiniStack, the AWS emulator of the stack: SQS, DynamoDB, S3, SSM, Lambda and API Gateway.

It runs in this Python, with an environment of its own making: its Lambda processes inherit it, and
nothing of the developer's shell (keys, proxies, PYTHONPATH) should reach them.
"""

from __future__ import annotations

import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from local.launcher import Launcher
from local.ports import LOOPBACK
from local.process import Child

READY_S = 30.0
REGION = "us-east-1"


def ministack_url(port: int) -> str:
    """Build the endpoint every AWS client gets. An address, not a name: S3 is then path-style."""
    return f"http://{LOOPBACK}:{port}"


def aws_environment(port: int) -> dict[str, str]:
    """Build what points every AWS SDK at the emulator and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": ministack_url(port),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Without these an SDK looks at the instance metadata service or a developer's profile.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def start_ministack(
    launcher: Launcher, *, port: int, folder: Path | None, enforce_iam: bool = False
) -> Child:
    """Start the emulator. Its state lives in `folder`, saved when it ends; None keeps nothing.

    With `enforce_iam` it refuses, as AWS does, what the caller's role does not allow; the key
    `test` is the account's root and may do all.
    """
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", os.sep),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # MiniStack's own default is every interface.
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "LAMBDA_EXECUTOR": "local",
        # Listeners of services we do not use.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": str(enforce_iam).lower(),
    }
    # Its Lambda processes unpack their code there, and nobody but us removes it.
    temporary = (folder or launcher.root) / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    env["TMPDIR"] = str(temporary)
    if folder is not None:
        env |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "s3"),
        }
    return launcher.launch("aws", [sys.executable, "-m", "ministack"], env=env)


def wait_for_ministack(launcher: Launcher, child: Child, port: int) -> None:
    """Wait until it answers. Raises ChildDied or NotReady."""
    url = f"{ministack_url(port)}/_ministack/health"
    launcher.wait_until(child, lambda: answers(url), timeout_s=READY_S)


def answers(url: str) -> bool:
    """Tell whether a GET of `url` is answered with 200, by a client that uses no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
