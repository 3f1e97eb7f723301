"""The edge's nginx does what the page, the API and the gateway count on.

It runs for real, from the files its image is made of; only what the image's entrypoint fills in is
filled in here. Skipped where there is no nginx, but not in CI.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve

from local.ports import free_ports

WEB = Path(__file__).parents[2] / "web"
HEADERS: dict[str, str] = json.loads((WEB / "security-headers.json").read_text())
PAGE = b"<!doctype html><title>Prosa</title>"
SCRIPT = b"console.log('prosa')"


class Api(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = {"path": self.path, "key": self.headers.get("Idempotency-Key"), "bytes": len(body)}
        answer = json.dumps(said).encode()
        self.send_response(202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Events(BaseHTTPRequestHandler):
    """Tells one thing at once, and another when it is let."""

    go_on = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {self.path} {self.headers['Last-Event-ID']}\n\n".encode())
        self.go_on.wait(10)
        self.wfile.write(b"data: more\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Edge(NamedTuple):
    url: str
    log: Path
    api: ThreadingHTTPServer


def _nginx() -> str:
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no nginx here")
    assert found is not None, "CI must have nginx: .ci/run installs it"
    return found


def _folder(folder: Path, values: dict[str, str]) -> Path:
    """Lay out what the image has, all below `folder`. Returns the configuration."""
    page, conf = folder / "page", folder / "conf"
    (page / "assets").mkdir(parents=True)
    conf.mkdir()
    (page / "index.html").write_bytes(PAGE)
    (page / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (page / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    edge = (WEB / "nginx" / "edge.conf.template").read_text()
    for name, value in {**values, "PROSA_PAGE_ROOT": str(page)}.items():
        edge = edge.replace(f"${{{name}}}", value)
    assert "${" not in edge
    (folder / "edge.conf").write_text(edge)
    main = (WEB / "nginx" / "nginx.conf").read_text().replace("/tmp/", f"{folder}/")
    (conf / "nginx.conf").write_text(main)
    written = subprocess.run(
        ["node", str(WEB / "nginx" / "security-headers.mjs")], check=True, capture_output=True
    )
    (conf / "security-headers.conf").write_bytes(written.stdout)
    (conf / "mime.types").write_text("types { text/html html; text/javascript js; }")
    return conf / "nginx.conf"


def _echo(socket: ServerConnection) -> None:
    for message in socket:
        socket.send(f"{socket.request.path if socket.request else ''} {message!r}")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Server]:
    with serve(_echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server


@pytest.fixture(scope="module")
def events() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Events) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def edge(
    gateway: Server, events: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    (port,) = free_ports(1)
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        values = {
            "PROSA_API_TARGET": f"http://127.0.0.1:{api.server_address[1]}/stage",
            "PROSA_WS_TARGET": f"http://127.0.0.1:{gateway.socket.getsockname()[1]}",
            "PROSA_EVENTS_TARGET": f"http://127.0.0.1:{events.server_address[1]}",
            "PROSA_EDGE_PORT": f"127.0.0.1:{port}",
            "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
        }
        conf = _folder(folder, values)
        # As root it would give its workers to a user who may not read this folder.
        user = "user root; " if os.geteuid() == 0 else ""
        command = [_nginx(), "-c", str(conf), "-g", f"{user}daemon off;"]
        with (folder / "access.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", process, folder / "access.log")
            yield Edge(f"http://127.0.0.1:{port}", folder / "access.log", api)
        finally:
            process.terminate()
            process.wait(timeout=10)
            api.shutdown()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            assert httpx.get(url).text == "ok\n"
            return
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("path", ["/", "/conversations/cnv_1", "/assets/index-abc.js"])
def test_the_page_comes_with_every_security_header(edge: Edge, path: str) -> None:
    answer = httpx.get(edge.url + path)
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "nginx/" not in answer.headers["server"]


def test_any_address_of_the_page_is_the_page_and_is_asked_for_anew(edge: Edge) -> None:
    answer = httpx.get(f"{edge.url}/conversations/cnv_1")
    assert answer.content == PAGE
    assert answer.headers["cache-control"] == "no-cache"


def test_assets_are_kept_for_good_and_come_compressed(edge: Edge) -> None:
    answer = httpx.get(f"{edge.url}/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
    assert answer.content == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert httpx.get(f"{edge.url}/assets/index-old.js").status_code == 404


def test_the_api_is_asked_without_the_prefix_and_with_all_else(edge: Edge) -> None:
    answer = httpx.post(
        f"{edge.url}/api/messages/msg_1/replies?cursor=a%2Fb%3D",
        headers={"Idempotency-Key": "k1"},
        content=b"x" * 60_000,
    )
    assert answer.status_code == 202
    assert answer.json() == {
        "path": "/stage/messages/msg_1/replies?cursor=a%2Fb%3D",
        "key": "k1",
        "bytes": 60_000,
    }


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/chat%0d%0aX-Evil:%20yes", b"", 404, "not_found"),
        ("/api/chat%20x", b"", 404, "not_found"),
        ("/api/chat", b"x" * 200_000, 413, "body_too_large"),
    ],
)
def test_what_the_edge_refuses_it_refuses_as_the_api_does(
    edge: Edge, path: str, body: bytes, status: int, code: str
) -> None:
    answer = httpx.post(edge.url + path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_socket_passes_both_ways_and_its_ticket_is_not_logged(edge: Edge) -> None:
    url = edge.url.replace("http", "ws") + "/ws?ticket=secret-ticket&after=e:1"
    with connect(url) as socket:
        socket.send("hello")
        assert socket.recv(timeout=5) == "/ws?ticket=secret-ticket&after=e:1 'hello'"
    deadline = time.monotonic() + 5
    while '"path":"/ws"' not in edge.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "secret-ticket" not in edge.log.read_text()


def test_an_event_stream_is_passed_on_as_it_is_told_and_its_ticket_is_not_logged(
    edge: Edge,
) -> None:
    address = f"{edge.url}/api/events?ticket=secret-ticket"
    with httpx.stream("GET", address, headers={"Last-Event-ID": "e:7"}) as answer:
        lines = (line for line in answer.iter_lines() if line)
        assert next(lines) == "data: /api/events?ticket=secret-ticket e:7"
        Events.go_on.set()
        assert next(lines) == "data: more"
    assert "secret-ticket" not in edge.log.read_text()


def test_an_api_that_is_away_is_a_problem_and_not_a_page_of_html(edge: Edge) -> None:
    edge.api.shutdown()
    edge.api.server_close()
    answer = httpx.get(f"{edge.url}/api/health")
    assert (answer.status_code, answer.json()["code"]) == (502, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"


def test_gixy_finds_nothing_in_it(tmp_path: Path) -> None:
    values = {
        "PROSA_API_TARGET": "https://api.example/dev",
        "PROSA_WS_TARGET": "http://gateway:8081",
        "PROSA_EVENTS_TARGET": "http://gateway:8084",
        "PROSA_EDGE_PORT": "8080",
        "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
    }
    conf = _folder(tmp_path, values)
    found = subprocess.run(
        [str(Path(sys.executable).with_name("gixy")), str(conf)], capture_output=True, text=True
    )
    assert "No issues found" in found.stdout, found.stdout + found.stderr
