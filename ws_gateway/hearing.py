"""What a node hears over pub/sub, by channel: events of its users, news for all nodes, answers."""

from __future__ import annotations

import logging
from typing import Annotated

from pydantic import Field, TypeAdapter

from prosa.event_log.keys import node_channel, node_inbox
from prosa.event_log.pokes import decode_pokes
from prosa.socket_access.keys import CONTROL_CHANNEL
from prosa.socket_access.revocations import SessionsEnded
from ws_gateway.feed import Feed
from ws_gateway.metrics import Counts
from ws_gateway.node_calls import NodeCall, NodeCalls
from ws_gateway.revocations import Revocations

log = logging.getLogger(__name__)

_news: TypeAdapter[SessionsEnded | NodeCall] = TypeAdapter(
    Annotated[SessionsEnded | NodeCall, Field(discriminator="type")]
)


class Hearing:
    """Hands each message to who acts on it."""

    def __init__(
        self,
        feed: Feed,
        revocations: Revocations,
        nodes: NodeCalls,
        *,
        node: str,
        counts: Counts,
    ) -> None:
        self._feed = feed
        self._revocations = revocations
        self._nodes = nodes
        self._counts = counts
        self._by_channel = {
            node_channel(node): self._pokes,
            node_inbox(node): nodes.take,
            CONTROL_CHANNEL: self._control,
        }

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self._by_channel)

    def hear(self, channel: str, data: bytes) -> None:
        """Take a message; one that makes no sense is logged and disturbs nobody."""
        try:
            self._by_channel[channel](data)
        except (ValueError, TypeError):
            # It is of the right shape only as far as its publisher's version is ours.
            log.exception("unreadable_message", extra={"channel": channel, "bytes": len(data)})

    def _pokes(self, data: bytes) -> None:
        pokes = decode_pokes(data)
        self._feed.deliver(pokes)
        self._counts.pokes += len(pokes)

    def _control(self, data: bytes) -> None:
        news = _news.validate_json(data)
        if isinstance(news, SessionsEnded):
            self._revocations.hear(news)
        else:
            self._nodes.hear(news)
