"""The moving picture of `make pictures`: a worker is killed in the middle of its reply.

Two workers, the model in the box, and one visitor. Whoever claimed the job is killed with SIGKILL
while its words are on the screen; the queue gives the job to the other, and the reply comes whole.

The model in the box writes a reply in the blink of an eye, so that nobody could see it die. The
workers are given a small part of their time, as on a machine with much else to do.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator

from local.ports import free_ports
from local.process import Child
from local.services import WORKER_READY_S, wait_for_service
from local.stack import Stack
from tests.e2e.film import Film
from tests.e2e.talk import Talk

# A crashed worker's job goes on after 30 s; nobody watches a still picture for that long.
SETTINGS = {"PROSA_WORKER_VISIBILITY_S": "3", "PROSA_WORKER_HEARTBEAT_S": "1"}
FOUND_OUT_S = 3
QUESTION = "What happens when a worker dies?"
_TRIES = 6
_SHOWN = 40
_RUNS_S, _RESTS_S = 0.005, 0.055
_VIEW = {"viewport": {"width": 960, "height": 600}, "color_scheme": "light"}


class TooFast(Exception):
    """The reply was whole before its worker could be killed."""


def take(browser: Browser, stack: Stack, path: Path) -> None:
    """Film it, as often as it takes to hit a worker in the middle. Raises TooFast."""
    for tries_left in reversed(range(_TRIES)):
        workers = _two_workers(stack)
        context = browser.new_context(**_VIEW)  # pyright: ignore[reportArgumentType]
        talk = Talk(context.new_page(), stack.settings.edge_url)
        talk.arrive_as_guest()
        talk.expect_connection("online")
        try:
            with _slowed(workers):
                film = _film(talk, stack)
        except TooFast:
            if tries_left == 0:
                raise
        else:
            sys.stdout.write(f"{path.name}: {film.save(path):.1f} s, {path.stat().st_size} bytes\n")
            return
        finally:
            context.close()


def _two_workers(stack: Stack) -> list[Child]:
    """Start what is missing of two workers, after those that were killed were buried."""
    children = stack.launcher.children
    for name in [n for n in children if n.startswith("worker")]:
        if children[name].poll() is not None:
            stack.launcher.stop(name, grace_s=0)
    while len(living := [n for n in children if n.startswith("worker")]) < 2:
        (port,) = free_ports(1)
        spare = stack.start_worker(f"worker-{port}", health_port=port)
        wait_for_service(stack.launcher, spare, port, timeout_s=WORKER_READY_S)
    return [children[name] for name in living]


@contextmanager
def _slowed(workers: list[Child]) -> Generator[None]:
    """Let processes run for a moment, again and again, while the block runs."""
    is_over = threading.Event()

    def share_out() -> None:
        while not is_over.is_set():
            _tell(workers, signal.SIGSTOP)
            is_over.wait(_RESTS_S)
            _tell(workers, signal.SIGCONT)
            is_over.wait(_RUNS_S)

    thread = threading.Thread(target=share_out)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _tell(workers: list[Child], number: signal.Signals) -> None:
    for worker in workers:
        if worker.poll() is None:
            os.kill(worker.pid, number)


def _film(talk: Talk, stack: Stack) -> Film:
    film = Film(talk.page)
    film.say("Two workers, a queue, and a reply that was promised")
    for letter in QUESTION:
        talk.composer.press_sequentially(letter)
        if letter in " ?":
            film.shoot()
    talk.composer.press("Enter")
    reply = talk.replies.last
    film.shoot_until(lambda: _length(reply) >= _SHOWN, timeout_s=30)
    pid = _kill_writer(stack)
    if reply.get_attribute("data-status") == "done":
        raise TooFast
    film.say(f"$ kill -9 {pid}     the worker that was writing it", is_alarm=True)
    cut, killed_at = _length(reply), time.monotonic()
    film.shoot_until(lambda: time.monotonic() > killed_at + FOUND_OUT_S / 2, timeout_s=30)
    film.say(f"{FOUND_OUT_S} s later (30 if not for this film) the queue hands its message on")
    film.shoot_until(lambda: _length(reply) != cut, timeout_s=60)
    film.say("The other worker begins again, from what is stored")
    film.shoot_until(lambda: reply.get_attribute("data-status") == "done", timeout_s=60)
    film.say("One reply, whole: the one that is stored")
    film.shoot()
    return film


def _length(reply: Locator) -> int:
    prose = reply.locator(".prose")
    return len(prose.inner_text()) if prose.count() else 0


def _kill_writer(stack: Stack) -> int:
    """Kill the worker that claimed last, as its log says; gives its pid."""
    log = (stack.settings.state_dir / "log.txt").read_text(encoding="utf-8")
    claimed = [line for line in log.splitlines() if "job_claimed" in line]
    name = claimed[-1].partition("|")[0].strip()
    pid = stack.launcher.children[name].pid
    os.kill(pid, signal.SIGKILL)
    return pid
