"""Every line carries the name of who wrote it."""

from __future__ import annotations

import io

from local.console import LEGEND, Console


def test_lines_are_labelled_without_colour_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    Console(out).write_line("redis", "ready")
    assert out.getvalue() == "redis   | ready\n"


def test_a_second_worker_has_the_colour_of_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    Console(first, colour=True).write_line("worker", "x")
    Console(second, colour=True).write_line("worker-2", "x")
    assert first.getvalue()[:5] == second.getvalue()[:5] == "\x1b[32m"


def test_the_banner_names_the_address_and_explains_every_prefix() -> None:
    out = io.StringIO()
    Console(out).banner("http://127.0.0.1:1", models="local:prosa-tiny")
    assert "http://127.0.0.1:1" in out.getvalue()
    for name, what in LEGEND.items():
        assert f"{name:<7} | {what}" in out.getvalue()
