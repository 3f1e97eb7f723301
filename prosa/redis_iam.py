"""Signs in to the ElastiCache cache with the IAM role of whoever runs this: there is no password.

The token is the address of a request nobody sends, signed with the role's key: good for 15 minutes
and for one user of one cache. The services' bootstraps ask for it where a user is set; a Redis on a
laptop asks nobody who they are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from redis.credentials import CredentialProvider

TOKEN_VALID_S = 900
TOKEN_KEPT_S = 600.0
"""A token is checked when a connection is opened. Signing costs little; asking for the role's key
may cost a request."""


class IamSignIn(CredentialProvider):
    """What redis-py asks for user and password with each new connection. Safe between threads.

    ElastiCache ends a connection after 12 hours: to a client that is one lost connection.
    """

    def __init__(
        self,
        *,
        user: str,
        cache: str,
        session: botocore.session.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cache` is the name of the replication group. Region and credentials are the SDK's."""
        self._user = user
        self._url = f"https://{cache}/?Action=connect&User={user}"
        self._session = session or botocore.session.Session()
        self._clock = clock
        self._lock = threading.Lock()
        self._token: tuple[float, str] | None = None

    def get_credentials(self) -> tuple[str, str]:
        """User and token. Raises botocore's NoCredentialsError without a role."""
        with self._lock:
            if self._token is None or self._clock() - self._token[0] >= TOKEN_KEPT_S:
                self._token = (self._clock(), self._sign())
            return self._user, self._token[1]

    async def get_credentials_async(self) -> tuple[str, str]:
        """The same, off the loop: the role's key may have to be asked for."""
        return await asyncio.to_thread(self.get_credentials)

    def _sign(self) -> str:
        region: str = self._session.get_config_variable("region")
        credentials: Credentials | None = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        signer = RequestSigner(
            ServiceId("elasticache"),
            region,
            "elasticache",
            "v4",
            credentials,
            self._session.get_component("event_emitter"),
        )
        request: dict[str, Any] = {
            "method": "GET",
            "url": self._url,
            "body": {},
            "headers": {},
            "context": {},
        }
        signed: str = signer.generate_presigned_url(
            request, operation_name="connect", expires_in=TOKEN_VALID_S, region_name=region
        )
        return signed.removeprefix("https://")


def iam_sign_in(user: str | None, cache: str | None) -> IamSignIn | None:
    """Make the sign-in of `user` to `cache`; None where Redis asks for none."""
    return IamSignIn(user=user, cache=cache) if user and cache else None
