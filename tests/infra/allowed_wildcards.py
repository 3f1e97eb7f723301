"""The wildcards that policies made by Terraform may hold, each with the reason it is right.

A `*` in an action or a resource that is not here fails the tests of the plan and of the state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tests.cloud.policies import Statement

_KEY = r"module\.keys\..*"
_START = r"module\.roles\..*start.*"

ALLOWED = (
    # In the policy of a key `*` is that key; and without the account in it nobody could change it.
    (_KEY, r"kms:\*|\*"),
    # ecr:GetAuthorizationToken knows no resource.
    (_START, r"\*"),
    # A log group's streams, whose names ECS and EC2 make.
    (_START, r"arn:aws:logs:[^*]*:log-group:/prosa/[^*]*:\*"),
    (r"module\.network\[0\]\..*flow_logs.*", r"arn:aws:logs:[^*]*/refused-connections:\*"),
    # The texts of messages, each a key of its own; the rest of the bucket is not theirs.
    (r"module\.roles\..*worker.*", r"arn:aws:s3:::prosa-[^*]*-texts/messages/\*"),
    # The files of the page, for CloudFront and for this distribution only (a condition).
    (r"module\.edge\[0\]\..*page.*", r"arn:aws:s3:::prosa-[^*]*-page/\*"),
)


def unexplained(
    statements: Iterable[Statement], *, allowed: Sequence[tuple[str, str]] = ALLOWED
) -> set[tuple[str, str]]:
    """Where there is a wildcard that allows something without a reason, and which."""
    return {
        (statement.where, part)
        for statement in statements
        if statement.effect == "Allow"
        for part in statement.wildcards()
        if not any(
            re.fullmatch(where, statement.where) and re.fullmatch(pattern, part)
            for where, pattern in allowed
        )
    }
