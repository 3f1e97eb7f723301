"""The promise of a reply: what happens between a request and its 202.

In this order, so that a client that lost its answer can always ask again with the same key:

1. a resend finds the job it made the first time, and is counted by no limit
2. limits, then what the request names: the model, the conversation, the parent
3. one transaction stores question, job and conversation: from here on the promise stands
4. the job goes to the queue; when that fails the client is told to ask again, see 1
5. the user's open pages are told
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from lambdas.admission import Admission
from lambdas.announcements import Announcements
from lambdas.refusals import UnknownModel, UnknownParent
from lambdas.schemas import AskAgain, SendMessage
from lambdas.titles import title_of
from prosa.clock import utc_now
from prosa.conversation import Conversation, Message, Role
from prosa.errors import NotFound
from prosa.events import ConversationUpdated, MessageAccepted
from prosa.ids import (
    JobId,
    MessageId,
    UserId,
    job_id_for,
    new_conversation_id,
    new_message_id,
    reply_id_for,
    time_to_write,
)
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobMessage
from prosa.store.conversations import ConversationState, ConversationStore, new_conversation
from prosa.store.jobs import Acceptance, JobStore


@dataclass(frozen=True, slots=True)
class Order:
    """One request for a reply. `key` is the client's Idempotency-Key, new for each request."""

    user_id: UserId
    key: str
    traceparent: str

    @property
    def job_id(self) -> JobId:
        return job_id_for(self.user_id, self.key)


class SubmitMessage:
    """Both methods give the job a 202 promises, the same one for the same key.

    They raise IdempotencyMismatch, TooMany, NotFound, UnknownModel, UnknownParent, and
    ModelsUnavailable and Unavailable when it is worth asking again with the same key.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        conversations: ConversationStore,
        queue: JobQueue,
        admission: Admission,
        announcements: Announcements,
        models: Collection[str],
    ) -> None:
        self._jobs = jobs
        self._conversations = conversations
        self._queue = queue
        self._admission = admission
        self._announcements = announcements
        self._models = models

    def send(self, order: Order, message: SendMessage) -> Job:
        """Take a user's message and promise its reply."""
        fingerprint = _fingerprint("POST /chat", message)
        earlier = self._resend(order, fingerprint)
        if earlier is not None:
            return earlier
        self._admit(order, model=message.model)
        return self._promise(order, self._acceptance(order, message, fingerprint))

    def ask_again(self, order: Order, message_id: MessageId, wish: AskAgain) -> Job:
        """Promise another reply to a message that was sent before."""
        fingerprint = _fingerprint(f"POST /messages/{message_id}/replies", wish)
        earlier = self._resend(order, fingerprint)
        if earlier is not None:
            return earlier
        self._admit(order, model=wish.model)
        question = self._conversations.find_question(order.user_id, message_id)
        conversation = self._conversations.require(order.user_id, question.conversation_id)
        written_at = time_to_write(utc_now(), message_id)
        acceptance = Acceptance(
            job=_job(order, question, model=wish.model),
            fingerprint=fingerprint,
            conversation=conversation.conversation.model_copy(update={"updated_at": written_at}),
            is_new_conversation=False,
            question=None,
        )
        return self._promise(order, acceptance, asked=question)

    def _resend(self, order: Order, fingerprint: str) -> Job | None:
        """The job of an earlier request with this key; does what that one may have left undone."""
        job = self._jobs.resend_of(order.job_id, fingerprint)
        if job is not None and not job.status.is_final:
            self._enqueue(order, job)
            self._announce_again(job)
        return job

    def _admit(self, order: Order, *, model: str | None) -> None:
        self._admission.admit(order.user_id)
        if model is not None and model not in self._models:
            raise UnknownModel

    def _promise(
        self, order: Order, acceptance: Acceptance, *, asked: Message | None = None
    ) -> Job:
        job = self._jobs.accept(acceptance)
        self._enqueue(order, job)
        question = acceptance.question or asked
        # A simultaneous request with this key may have been faster: then it tells the pages.
        if job is acceptance.job and question is not None:
            self._announce(job, acceptance.conversation, question)
        return job

    def _enqueue(self, order: Order, job: Job) -> None:
        message = JobMessage(
            job_id=job.job_id, user_id=job.user_id, conversation_id=job.conversation_id
        )
        self._queue.send(message, traceparent=order.traceparent)

    def _announce(self, job: Job, conversation: Conversation, question: Message) -> None:
        self._announcements.tell(
            job.user_id,
            ConversationUpdated(conversation=conversation),
            MessageAccepted(
                conversation_id=conversation.conversation_id, job_id=job.job_id, message=question
            ),
        )

    def _announce_again(self, job: Job) -> None:
        """The first request may have ended before it told the pages; twice is harmless."""
        try:
            state = self._conversations.require(job.user_id, job.conversation_id)
            question = self._conversations.message(job.conversation_id, job.message_id)
        except NotFound:  # deleted meanwhile
            return
        self._announce(job, state.conversation, question)

    def _acceptance(self, order: Order, message: SendMessage, fingerprint: str) -> Acceptance:
        state = self._state(order, message)
        parent_id = self._parent(state, message)
        written_at = time_to_write(utc_now(), parent_id)
        if state is None:
            conversation = new_conversation(new_conversation_id(), title_of(message.content))
        else:
            conversation = state.conversation.model_copy(update={"updated_at": written_at})
        question = Message(
            message_id=new_message_id(written_at),
            conversation_id=conversation.conversation_id,
            parent_id=parent_id,
            role=Role.USER,
            content=message.content,
            created_at=written_at,
        )
        return Acceptance(
            job=_job(order, question, model=message.model),
            fingerprint=fingerprint,
            conversation=conversation,
            is_new_conversation=state is None,
            question=question,
        )

    def _state(self, order: Order, message: SendMessage) -> ConversationState | None:
        if message.conversation_id is None:
            return None
        return self._conversations.require(order.user_id, message.conversation_id)

    def _parent(self, state: ConversationState | None, message: SendMessage) -> MessageId | None:
        parent_id = message.parent_id
        if state is None:
            if parent_id is not None:
                raise UnknownParent
            return None
        if "parent_id" not in message.model_fields_set:
            return state.head_id
        if parent_id is None or parent_id == state.head_id:
            return parent_id
        stored = self._conversations.has_message(state.conversation.conversation_id, parent_id)
        if not stored and not self._is_promised(state, parent_id):
            raise UnknownParent
        return parent_id

    def _is_promised(self, state: ConversationState, reply_id: MessageId) -> bool:
        """Whether a reply is on its way in a branch that is not the newest.

        It is stored before its child is answered: jobs of a conversation run in order.
        """
        jobs = (self._jobs.find(job_id) for job_id in state.active_jobs)
        return any(job is not None and job.reply_id == reply_id for job in jobs)


def _job(order: Order, question: Message, *, model: str | None) -> Job:
    created_at = time_to_write(utc_now(), question.message_id)
    return Job(
        job_id=order.job_id,
        user_id=order.user_id,
        conversation_id=question.conversation_id,
        message_id=question.message_id,
        reply_id=reply_id_for(order.job_id, created_at),
        model=model,
        created_at=created_at,
    )


def _fingerprint(route: str, body: SendMessage | AskAgain) -> str:
    """Tell one request from another that came with the same key.

    Of the fields as they were sent: a `parent_id` of null asks for something else than none.
    """
    sent = json.dumps(body.model_dump(mode="json", exclude_unset=True), sort_keys=True)
    return hashlib.sha256(f"{route}\n{sent}".encode()).hexdigest()
