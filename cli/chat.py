"""A talk in a terminal: says something, follows the reply to its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Self

from cli.api import Api
from cli.socket import Log
from cli.transcript import Transcript
from prosa.conversation import FinishReason, Message
from prosa.events import (
    Connected,
    ConversationDeleted,
    ReplyCompleted,
    ReplyDelta,
    ReplyFailed,
    ReplyStarted,
    Resync,
    ServerFrame,
)
from prosa.ids import JobId
from prosa.jobs import Job


class TalkEnded(Exception):
    """The talk cannot go on; the text says why, for the person at the terminal."""


class Chat:
    """One conversation. The socket is open from the first word on, so that no event is missed."""

    def __init__(self, api: Api, transcript: Transcript, conversation_id: str | None) -> None:
        self._api = api
        self._transcript = transcript
        self._conversation_id = conversation_id
        self._log = Log(api)
        self._frames = self._log.follow()

    async def __aenter__(self) -> Self:
        # The first frame says where the log stands: what is said from here on is seen.
        frame = await self._next()
        assert isinstance(frame, Connected)  # noqa: S101 - the protocol's first frame
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._frames.aclose()

    async def ask(self, content: str, *, model: str | None) -> bool:
        """Say `content` and show the reply; gives whether it was answered. Raises TalkEnded."""
        accepted = await self._api.send(content, conversation_id=self._conversation_id, model=model)
        self._conversation_id = accepted["conversation_id"]
        with self._cancel_on_interrupt(accepted["job_id"]):
            return await self._follow(JobId(accepted["job_id"]))

    async def _follow(self, job_id: JobId) -> bool:
        while True:
            frame = await self._next()
            if isinstance(frame, Resync):
                frame = await self._end_from_rest(job_id)
            if (
                isinstance(frame, ConversationDeleted)
                and frame.conversation_id == self._conversation_id
            ):
                # Its reply has no place any more and never comes.
                raise TalkEnded("The conversation was deleted.")
            if frame is None or not _is_of(frame, job_id):
                continue
            self._transcript.show(frame)
            if isinstance(frame, ReplyCompleted | ReplyFailed):
                await self._log.acknowledge()
                return _is_answered(frame)

    async def _end_from_rest(self, job_id: JobId) -> ServerFrame | None:
        """The end of a job whose events were lost; None while it runs: its end will be an event."""
        job = Job.model_validate(await self._api.job(job_id), extra="ignore")
        if not job.status.is_final:
            return None
        page = await self._api.messages(job.conversation_id)
        messages = [Message.model_validate(item) for item in page["items"]]
        reply = next(m for m in messages if m.message_id == job.reply_id)
        if reply.failure is not None:
            return ReplyFailed(
                job_id=job_id,
                conversation_id=job.conversation_id,
                message_id=job.reply_id,
                parent_id=job.message_id,
                **reply.failure.model_dump(),
            )
        return ReplyCompleted(
            job_id=job_id,
            conversation_id=job.conversation_id,
            message=reply,
            usage=reply.usage,
            finish_reason=reply.finish_reason or FinishReason.STOP,
        )

    async def _next(self) -> ServerFrame:
        try:
            return await anext(self._frames)
        except StopAsyncIteration:
            raise TalkEnded("The server closed the connection for good.") from None

    @contextmanager
    def _cancel_on_interrupt(self, job_id: str) -> Generator[None]:
        """Ctrl-C stops the reply instead of the program; what was written so far is kept."""
        loop = asyncio.get_running_loop()
        cancelling: set[asyncio.Task[None]] = set()

        def cancel() -> None:
            cancelling.add(loop.create_task(self._api.cancel(job_id)))

        with suppress(NotImplementedError):  # Windows has no signal handlers on the loop
            loop.add_signal_handler(signal.SIGINT, cancel)
        try:
            yield
        finally:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(signal.SIGINT)


def _is_answered(end: ReplyCompleted | ReplyFailed) -> bool:
    if isinstance(end, ReplyFailed):
        return False
    return end.finish_reason in (FinishReason.STOP, FinishReason.LENGTH)


def _is_of(frame: ServerFrame, job_id: JobId) -> bool:
    return (
        isinstance(frame, ReplyStarted | ReplyDelta | ReplyCompleted | ReplyFailed)
        and frame.job_id == job_id
    )
