"""Ports are found taken before anything is started on them."""

from __future__ import annotations

import socket

import pytest

from local.ports import PortTaken, check_free, free_ports, is_free


def test_a_listened_on_port_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports(6)
    assert len(set(ports)) == 6
    assert all(is_free(port) for port in ports)


def test_a_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (free,) = free_ports(1)
        with pytest.raises(PortTaken) as caught:
            check_free({"Redis": (free, "PROSA_REDIS_PORT"), "the page": (port, "PROSA_EDGE_PORT")})
    assert f"Port {port}, for the page, is taken" in str(caught.value)
    assert "make run PROSA_EDGE_PORT=<port>" in str(caught.value)
