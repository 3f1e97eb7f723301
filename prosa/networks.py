"""Addresses of clients, as limits count them."""

from __future__ import annotations

import ipaddress


def network_of(ip: str) -> str:
    """What one subscriber is given: an IPv4 address, or the /64 of an IPv6 address.

    Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(ip)
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False))
