"""Ids in a path, each in the one form it can have. Any other names nothing: 404, not 422."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

from prosa.ids import (
    CONVERSATION_ID_PATTERN,
    JOB_ID_PATTERN,
    MESSAGE_ID_PATTERN,
    ConversationId,
    JobId,
    MessageId,
)

ConversationIdInPath = Annotated[ConversationId, Path(pattern=CONVERSATION_ID_PATTERN)]
JobIdInPath = Annotated[JobId, Path(pattern=JOB_ID_PATTERN)]
MessageIdInPath = Annotated[MessageId, Path(pattern=MESSAGE_ID_PATTERN)]
