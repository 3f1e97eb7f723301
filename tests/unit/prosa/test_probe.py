"""The probe of containers tells well from ill."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from prosa.probe import main


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/healthz": 200, "/empty": 204}.get(self.path, 503))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(("path", "code"), [("/healthz", 0), ("/readyz", 1), ("/empty", 1)])
def test_only_a_plain_yes_is_well(url: str, path: str, code: int) -> None:
    assert main([url + path]) == code


def test_a_proxy_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert main([f"{url}/healthz"]) == 0


def test_nobody_there_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:1/healthz"]) == 1
    assert "refused" in capsys.readouterr().err


def test_it_asks_one_address_and_no_file() -> None:
    assert main([]) == 2
    assert main(["file:///etc/passwd"]) == 2
