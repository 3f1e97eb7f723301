"""Whether this node takes new sockets: asked by the handshake and by `/readyz`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Readiness:
    """Starts out not ready.

    A Redis that goes away later does not take the readiness back: the sockets held here live on,
    and no other node would do better.
    """

    has_subscribed: bool = False
    is_draining: bool = False

    @property
    def is_ready(self) -> bool:
        return self.has_subscribed and not self.is_draining
