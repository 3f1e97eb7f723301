"""The gateway's environment."""

from __future__ import annotations

import pytest

from prosa.errors import SettingsError
from ws_gateway.settings import GatewaySettings


def test_the_defaults_bind_loopback_and_name_each_process_anew() -> None:
    first, second = GatewaySettings.from_environ({}), GatewaySettings.from_environ({})
    assert (first.gateway_host, first.gateway_port) == ("127.0.0.1", 8081)
    assert (first.gateway_internal_host, first.gateway_internal_port) == ("127.0.0.1", 8082)
    assert first.gateway_node != second.gateway_node


def test_origins_are_a_list_with_commas() -> None:
    settings = GatewaySettings.from_environ({"PROSA_ALLOWED_ORIGINS": "https://a.example, b"})
    assert settings.allowed_origins == ("https://a.example", "b")


def test_management_keys_are_pairs_and_are_not_shown() -> None:
    settings = GatewaySettings.from_environ(
        {"PROSA_GATEWAY_MANAGEMENT_KEYS": "AKIA1:secret-one, AKIA2:secret:two"}
    )
    keys = settings.gateway_management_keys
    assert {key_id: secret.get_secret_value() for key_id, secret in keys.items()} == {
        "AKIA1": "secret-one",
        "AKIA2": "secret:two",
    }
    assert "secret-one" not in repr(settings)


def test_a_malformed_key_is_not_repeated() -> None:
    with pytest.raises(SettingsError, match="PROSA_GATEWAY_MANAGEMENT_KEYS") as caught:
        GatewaySettings.from_environ({"PROSA_GATEWAY_MANAGEMENT_KEYS": "only-a-secret"})
    assert "only-a-secret" not in str(caught.value)


def test_signatures_are_asked_for_everywhere_but_on_a_laptop() -> None:
    assert GatewaySettings.from_environ({}).gateway_management_auth == "sigv4"
    off = {"PROSA_GATEWAY_MANAGEMENT_AUTH": "off"}
    assert GatewaySettings.from_environ(off).gateway_management_auth == "off"
    with pytest.raises(SettingsError, match="PROSA_GATEWAY_MANAGEMENT_AUTH"):
        GatewaySettings.from_environ(off | {"PROSA_STAGE": "prod"})


def test_a_lease_outlives_two_failed_renewals() -> None:
    settings = GatewaySettings.from_environ({})
    assert settings.gateway_lease_s >= 3 * settings.gateway_renew_s


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PROSA_GATEWAY_PORT", "http"),
        ("PROSA_GATEWAY_PORT", "70000"),
        ("PROSA_GATEWAY_NODE", "two words"),
        ("PROSA_GATEWAY_MAX_CONNECTIONS", "0"),
        ("PROSA_GATEWAY_SWEEP_S", "-1"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        GatewaySettings.from_environ({variable: value})
