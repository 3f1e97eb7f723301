"""Makes the bucket Terraform keeps a stage's state in, and the file that names it to Terraform.

Once per account and region, `make state-bucket STAGE=dev`; run again it changes nothing. It has
versions, so that a state that was spoilt can be had back, and takes TLS only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3

from prosa.aws import client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENV = Path(__file__).parent / "terraform" / "env"


def make_bucket(s3: S3Client, name: str, *, region: str) -> None:
    """Make the bucket as it should be, or bring the one that is there up to it."""
    owned = {bucket.get("Name") for bucket in s3.list_buckets()["Buckets"]}
    if name not in owned:
        # us-east-1 is the one region that must not be named.
        place: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else place))
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(_tls_only(name)))


def backend_file(stage: str, *, bucket: str, region: str) -> str:
    """Write what `terraform init -backend-config=` reads."""
    return (
        f'bucket       = "{bucket}"\n'
        f'key          = "prosa/{stage}.tfstate"\n'
        f'region       = "{region}"\n'
        "encrypt      = true\n"
        "use_lockfile = true\n"
    )


def _tls_only(name: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{name}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def main() -> None:
    """Read the stage from the command line, account and region from the credentials."""
    parser = argparse.ArgumentParser(prog="python -m infra.state_bucket")
    parser.add_argument("--stage", required=True, choices=["dev", "prod"])
    stage = parser.parse_args().stage
    session = boto3.Session()
    sts: Any = cast("Any", session).client("sts")
    account: str = sts.get_caller_identity()["Account"]
    region = cast("str | None", session.region_name)
    if region is None:
        parser.error("set AWS_DEFAULT_REGION to the region of the stage")
    bucket = f"prosa-state-{account}-{region}"
    make_bucket(client("s3"), bucket, region=region)
    file = ENV / f"{stage}.s3.tfbackend"
    file.write_text(backend_file(stage, bucket=bucket, region=region), encoding="utf-8")
    sys.stdout.write(f"{bucket} is there; {file.name} names it\n")


if __name__ == "__main__":
    main()
