"""Who is at the other end of a request: its address, also through proxies, and its name."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from prosa.networks import network_of
from ws_gateway.connection import Peer


class Peers:
    """`hops` is how many proxies of ours stand in front, each adding to `X-Forwarded-For` who came
    to it. What stands before those entries the client wrote itself."""

    def __init__(self, *, hops: int) -> None:
        self._hops = hops

    def of(self, address: tuple[Any, ...] | None, headers: Mapping[str, str]) -> Peer:
        """`address` is the socket's: (host, port, ...), or None when it is gone."""
        ip = self._ip(str(address[0]) if address else "", headers.get("X-Forwarded-For", ""))
        network = _network(ip, may_be_a_proxy=not self._hops)
        return Peer(ip, headers.get("User-Agent", ""), network)

    def _ip(self, direct: str, forwarded: str) -> str:
        if not self._hops:
            return direct
        came_from = [part.strip() for part in forwarded.split(",") if part.strip()]
        # Fewer entries than proxies: it came past them, or one of them adds none.
        return came_from[-self._hops] if len(came_from) >= self._hops else direct


@lru_cache(maxsize=4096)
def _network(ip: str, *, may_be_a_proxy: bool) -> str | None:
    """None for an address of a private network where no proxy is known: it may be one all the
    same, and all who come through it would be taken for one client."""
    try:
        if may_be_a_proxy and not ipaddress.ip_address(ip).is_global:
            return None
        return network_of(ip)
    except ValueError:
        return None
