"""The HTTP API as the terminal client uses it: signs in as a guest, refreshes, retries safely."""

from __future__ import annotations

import asyncio
import random
import uuid
from http import HTTPStatus
from typing import Any, Self

import httpx

from cli.session import SessionFile

TRIES = 4
MAX_WAIT_S = 30.0

Json = dict[str, Any]
"""What the API takes and gives; the callers know its fields."""


class ApiProblem(Exception):
    """The API refused: RFC 9457 `code` and `detail`."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(status, code, detail)
        self.status = status
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.detail} ({self.code})"


class Api:
    """One signed-in user. Methods raise ApiProblem, or httpx.TransportError when nobody answers."""

    def __init__(self, url: str, session: SessionFile) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.AsyncClient(base_url=f"{self.url}/api", timeout=httpx.Timeout(15.0))
        self._session = session
        self._access_token: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, content: str, *, conversation_id: str | None, model: str | None) -> Json:
        """Send a message. The key stays the same over retries, so it is said once."""
        body = {"content": content, "conversation_id": conversation_id, "model": model}
        return await self._call(
            "POST",
            "/chat",
            body={k: v for k, v in body.items() if v is not None},
            key=str(uuid.uuid4()),
        )

    async def cancel(self, job_id: str) -> None:
        """Ask for a running reply to stop."""
        await self._call("DELETE", f"/jobs/{job_id}")

    async def job(self, job_id: str) -> Json:
        """A job as it stands."""
        return await self._call("GET", f"/jobs/{job_id}")

    async def messages(self, conversation_id: str) -> Json:
        """The newest page of a conversation."""
        return await self._call("GET", f"/conversations/{conversation_id}/messages")

    async def ticket(self) -> Json:
        """A ticket for one socket."""
        return await self._call("POST", "/ws-tickets")

    async def _call(
        self, method: str, path: str, *, body: Json | None = None, key: str | None = None
    ) -> Json:
        headers = {"Idempotency-Key": key} if key else {}
        for tries_left in reversed(range(TRIES)):
            try:
                answer = await self._authorised(method, path, body, headers)
            except httpx.TransportError:
                if tries_left == 0:
                    raise
                await self._wait(TRIES - tries_left, None)
                continue
            if answer.status_code not in (429, 502, 503, 504) or tries_left == 0:
                return _read(answer)
            await self._wait(TRIES - tries_left, answer.headers.get("Retry-After"))
        raise AssertionError("the last try returns or raises")

    async def _authorised(
        self, method: str, path: str, body: Json | None, headers: dict[str, str]
    ) -> httpx.Response:
        answer = await self._request(method, path, body, headers)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._access_token = None
            answer = await self._request(method, path, body, headers)
        return answer

    async def _request(
        self, method: str, path: str, body: Json | None, headers: dict[str, str]
    ) -> httpx.Response:
        token = self._access_token or await self._sign_in()
        authorised = headers | {"Authorization": f"Bearer {token}"}
        return await self._http.request(method, path, json=body, headers=authorised)

    async def _sign_in(self) -> str:
        """Go on with the session of the last run, or begin one as a guest."""
        answer: httpx.Response | None = None
        if refresh_token := self._session.load():
            answer = await self._http.post("/auth/refresh", json={"refresh_token": refresh_token})
        if answer is None or answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = await self._http.post("/auth/guest")
        tokens = _read(answer)
        self._session.save(tokens["refresh_token"])
        self._access_token = str(tokens["access_token"])
        return self._access_token

    @staticmethod
    async def _wait(tries: int, retry_after: str | None) -> None:
        asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        backoff = random.uniform(0, 0.5 * 2**tries)  # noqa: S311 - jitter, not a secret
        await asyncio.sleep(min(MAX_WAIT_S, max(asked, backoff)))


def _read(answer: httpx.Response) -> Json:
    if answer.is_success:
        return answer.json() if answer.content else {}
    try:
        problem = answer.json()
        raise ApiProblem(answer.status_code, problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{answer.request.url} answered {answer.status_code}"
        raise ApiProblem(answer.status_code, "unexpected_answer", detail) from None
