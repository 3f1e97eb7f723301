"""From asking for the built page to its first text on the screen, in Chromium with a CPU 4 times
slower, nothing cached.

The browser times it itself (`first-contentful-paint`). Floor: a page of one word, from the same
kind of edge, sent with the same headers.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.report import Figure, figure
from local.launcher import Launcher
from local.ministack import answers
from local.ports import LOOPBACK, free_ports
from local.services import EDGE_READY_S, VITE
from local.settings import ROOT
from tests.e2e.conftest import launch_chromium

SLOWER = 4
_STOP_S = 3.0
_ONE_WORD = '<!doctype html><html lang="en"><title>Prosa</title><body>Prosa</body></html>'
_FIRST_PAINT = """new Promise((done) =>
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries())
      if (name === "first-contentful-paint") done(startTime);
  }).observe({ type: "paint", buffered: true }))"""


def measure(runs: int) -> Iterator[Figure]:
    """Paint both pages per run, one after the other."""
    launcher = Launcher(root=ROOT, write_line=lambda _, __: None, run_file=None)
    with tempfile.TemporaryDirectory(prefix="prosa-bench-") as folder:
        Path(folder, "index.html").write_text(_ONE_WORD, encoding="utf-8")
        try:
            page = _edge(launcher, "edge", ROOT / "web" / "dist")
            floor = _edge(launcher, "edge-floor", Path(folder))
            with sync_playwright() as playwright:
                browser = launch_chromium(playwright)
                # The first of each warms the edges and the browser.
                rounds = [(_paint(browser, page), _paint(browser, floor)) for _ in range(runs + 1)]
                browser.close()
        finally:
            for name in list(launcher.children):
                launcher.stop(name, grace_s=_STOP_S)
    yield figure(
        f"first paint of the page, CPU {SLOWER} times slower",
        [painted for painted, _ in rounds[1:]],
        [floor for _, floor in rounds[1:]],
        unit="ms",
    )


def _edge(launcher: Launcher, name: str, folder: Path) -> str:
    """Serve a folder as the local edge does; gives its address."""
    (port,) = free_ports(1)
    env = {"PATH": os.environ.get("PATH", os.defpath), "NODE_NO_WARNINGS": "1", "PORT": str(port)}
    command = ["node", str(VITE), "preview", str(ROOT / "web"), "--outDir", str(folder)]
    child = launcher.launch(name, command, env=env)
    url = f"http://{LOOPBACK}:{port}/"
    launcher.wait_until(child, lambda: answers(url), timeout_s=EDGE_READY_S)
    return url


def _paint(browser: Browser, url: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})  # pyright: ignore[reportUnknownMemberType]
    page.goto(url)
    milliseconds: float = page.evaluate(_FIRST_PAINT)
    context.close()
    return milliseconds
