"""Settings: read once, and what is wrong is named."""

import pytest

from prosa.errors import SettingsError
from prosa.settings import CommaSeparated, Settings


class _Some(Settings):
    port: int = 8081
    allowed_origins: CommaSeparated = ()
    table: str


def test_a_field_is_read_from_its_variable() -> None:
    some = _Some.from_environ({"PROSA_TABLE": "prosa-dev", "PROSA_PORT": "9000", "OTHER": "x"})
    assert (some.table, some.port) == ("prosa-dev", 9000)


def test_a_list_is_split_at_commas() -> None:
    some = _Some.from_environ({"PROSA_TABLE": "t", "PROSA_ALLOWED_ORIGINS": "http://a, http://b,"})
    assert some.allowed_origins == ("http://a", "http://b")


def test_an_empty_variable_leaves_the_default() -> None:
    assert _Some.from_environ({"PROSA_TABLE": "t", "PROSA_PORT": ""}).port == 8081


@pytest.mark.parametrize(
    ("environ", "variable"),
    [({}, "PROSA_TABLE"), ({"PROSA_TABLE": "t", "PROSA_PORT": "many"}, "PROSA_PORT")],
)
def test_the_error_names_the_variable(environ: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _Some.from_environ(environ)
    assert caught.value.variable == variable
