"""The user whose things others try to reach, and whether all of it is as it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

from prosa.event_log.keys import fence_key, head_key, log_key
from prosa.ids import JobId
from prosa.redis_client import connect_blocking
from tests.faults.clients import Accepted, Client
from tests.faults.ground import Ground
from tests.faults.strangers import Owned
from tests.integration.lambdas.gateway import a_caller

Session = Mapping[str, Any]
"""As the API signs somebody in."""


class Owner:
    """Talks in two conversations, so that there are cursors to steal."""

    def __init__(self, ground: Ground, client: Client, session: Session) -> None:
        self.client = client
        self.session = session
        self._ground = ground
        self._talk: list[Accepted] = []

    async def begin(self) -> None:
        """Have something to lose."""
        await self.client.connect()
        for _ in range(2):
            await self.client.until_ended((await self.ask(None)).job_id)

    async def ask(self, conversation: str | None) -> Accepted:
        """Say something, in a new conversation or in one of before."""
        answer = await self.client.say("Whose is it?", conversation)
        assert isinstance(answer, Accepted), answer
        self._talk.append(answer)
        return answer

    async def ask_again(self) -> Accepted:
        """Go on with the conversation spoken in last."""
        return await self.ask(self._talk[-1].conversation_id)

    async def owned(self, asked: Accepted, beside: str) -> Owned:
        """What there is to reach around a message; `beside` is a conversation of the stranger's."""
        messages = f"/conversations/{asked.conversation_id}/messages?limit=1"
        page = await self._get(messages)
        found = await self._get("/conversations?limit=1")
        hits = await self._get(f"/conversations/search?limit=1&q={self.client.canary}")
        return Owned(
            user_id=self.client.user_id,
            conversation_id=asked.conversation_id,
            message_id=asked.message_id,
            reply_id=asked.reply_id,
            job_id=asked.job_id,
            log_cursor=page["log_cursor"],
            page_cursor=page["next_cursor"] or "",
            list_cursor=found["next_cursor"] or "",
            search_cursor=hits["next_cursor"] or "",
            refresh_token=self.session["refresh_token"],
            beside=beside,
            canary=self.client.canary,
        )

    async def status_of(self, job_id: str) -> str:
        return (await self._get(f"/jobs/{job_id}"))["status"]

    async def everything(self) -> list[str]:
        """All that is stored of this user, comparable: the table's items, and the log in Redis."""
        return await asyncio.to_thread(self._everything)

    def _everything(self) -> list[str]:
        names = {self.client.user_id, *(asked.conversation_id for asked in self._talk)}
        pages = self._ground.provisioner.dynamodb.get_paginator("scan").paginate(
            TableName=self._ground.resources.table, ConsistentRead=True
        )
        items = [json.dumps(item, sort_keys=True) for page in pages for item in page["Items"]]
        found = sorted(item for item in items if any(name in item for name in names))
        with connect_blocking(self._ground.redis.url) as redis:
            client = cast(Any, redis)
            user_id = self.client.user_id
            found.append(str(client.xrevrange(log_key(user_id), count=1)))
            found.append(str(client.hgetall(head_key(user_id))))
            keys = [fence_key(user_id, JobId(asked.job_id)) for asked in self._talk]
            found += [str(client.hgetall(key)) for key in keys]
        return found

    async def _get(self, path: str) -> Any:
        caller = a_caller(self.client.user_id)
        answer = await self._ground.api.call("GET", path, caller=caller)
        assert answer.status == 200, answer.text
        return answer.json
