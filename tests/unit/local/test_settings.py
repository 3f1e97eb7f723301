"""What can be chosen about a local stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import LocalSettings
from prosa.errors import SettingsError


def test_a_port_is_moved_by_the_variable_its_error_names() -> None:
    for field, (port, variable) in zip(
        (name for name in LocalSettings.model_fields if name.endswith("_port")),
        LocalSettings().ports().values(),
        strict=True,
    ):
        assert getattr(LocalSettings(), field) == port
        moved = LocalSettings.from_environ({variable: "1234"})
        assert getattr(moved, field) == 1234


def test_addresses_follow_the_edge_port() -> None:
    settings = LocalSettings(edge_port=9000)
    assert settings.edge_url == "http://127.0.0.1:9000"
    assert settings.ws_url == "ws://127.0.0.1:9000/ws"
    assert settings.allowed_origins == "http://127.0.0.1:9000,http://localhost:9000"


def test_a_port_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="PROSA_EDGE_PORT"):
        LocalSettings.from_environ({"PROSA_EDGE_PORT": "eighty"})


def test_free_ports_all_differ(tmp_path: Path) -> None:
    settings = LocalSettings.on_free_ports(state_dir=tmp_path, models=("openai:gpt-x",))
    ports = [port for port, _ in settings.ports().values()]
    assert len(set(ports)) == len(ports)
    assert settings.models == ("openai:gpt-x",)
