"""Uploads the built page and makes it the one people see: `make page STAGE=dev`.

Files whose names hold a hash of their content first, with a year to keep them, and none is taken
away: a page that is open still asks for its own. Then what is asked for by name, `index.html` last.
"""

from __future__ import annotations

import argparse
import mimetypes
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3

from prosa.aws import client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = Path(__file__).parents[1] / "web" / "dist"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


def put_page(s3: S3Client, folder: Path, *, bucket: str) -> list[str]:
    """Upload every file below `folder`; gives their keys in the order they were uploaded.

    Raises FileNotFoundError when there is no page in `folder`.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(folder / "index.html")
    paths = sorted((p for p in folder.rglob("*") if p.is_file()), key=_place)
    keys = [path.relative_to(folder).as_posix() for path in paths]
    for path, key in zip(paths, keys, strict=True):
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=path.read_bytes(),
            ContentType=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            CacheControl=FOR_EVER if _is_hashed(path) else ASK_FIRST,
        )
    return keys


def _is_hashed(path: Path) -> bool:
    # Vite puts what it names by content here, and only that.
    return path.parent.name == "assets"


def _place(path: Path) -> tuple[bool, bool, str]:
    return (not _is_hashed(path), path.name == "index.html", path.as_posix())


def main() -> None:
    """Read the stage from the command line, where to from SSM."""
    parser = argparse.ArgumentParser(prog="python -m infra.put_page")
    parser.add_argument("--stage", required=True, choices=["local", "dev", "prod"])
    stage = parser.parse_args().stage
    ssm = client("ssm")
    prefix = f"/prosa/{stage}"
    names = [f"{prefix}/page-bucket-name", f"{prefix}/page-distribution-id", f"{prefix}/page-url"]
    stored = ssm.get_parameters(Names=names)["Parameters"]
    found = {parameter.get("Name"): parameter.get("Value", "") for parameter in stored}
    if len(found) < len(names):
        parser.error(f"stage {stage} has no edge yet: apply Terraform with edge=true first")
    bucket, distribution, url = (found[name] for name in names)
    keys = put_page(client("s3"), PAGE, bucket=bucket)
    cloudfront: Any = cast("Any", boto3).client("cloudfront")
    # The hashed ones never change; what is asked for by name is asked for anew.
    batch: dict[str, Any] = {
        "Paths": {"Quantity": 1, "Items": ["/*"]},
        "CallerReference": str(time.time_ns()),
    }
    cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    sys.stdout.write(f"{len(keys)} files, on {url} in a minute\n")


if __name__ == "__main__":
    main()
