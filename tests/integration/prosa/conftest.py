"""The stores on a table of the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from local.provision import Provisioned
from prosa.aws import client
from prosa.ids import UserId
from prosa.store.conversations import ConversationStore
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.sessions import SessionStore
from prosa.store.table import Table
from prosa.store.users import UserStore


@dataclass(frozen=True)
class Stores:
    table: Table
    conversations: ConversationStore
    jobs: JobStore
    users: UserStore
    sessions: SessionStore


def _nobody(_user_id: UserId, _session_ids: Sequence[str]) -> None:
    """Here no gateway is to be told of sessions that end."""


@pytest.fixture
def stores(resources: Provisioned) -> Stores:
    table = Table(client("dynamodb", pool=30), resources.table)
    long_texts = LongTexts(client("s3"), resources.bucket)
    return Stores(
        table,
        ConversationStore(table, long_texts),
        JobStore(table, long_texts),
        UserStore(table),
        SessionStore(table, b"0" * 32, tell=_nobody),
    )
