"""The HTTP API: the real Lambda handlers in processes, each answering one request at a time.

As Lambda runs them: a handler never has a neighbour in its process, one that takes longer than the
function's timeout is killed, and what it did until then stays done. The events have the shape API
Gateway sends; the authorizer's context is written here, for a user the rig vouches for.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from lambdas.caller import Caller
from tests.faults.processes import Program, become, forks, resolve
from tests.integration.lambdas.gateway import Answer

TIMEOUT_S = 10.0
"""Of a function, as `serverless.yml` sets it."""

FUNCTIONS = 3
"""Requests answered side by side."""

API = Program(main="tests.integration.lambdas.gateway:call")


class FunctionGone(Exception):
    """The function timed out or died: API Gateway would answer 502 or 504, and nobody knows."""


class Functions:
    """A pool of functions; `call` from the event loop, `close` at the end."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log_path: Path,
        *,
        program: Program = API,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._log_path = log_path
        self._program = program
        self._idle: queue.LifoQueue[_Function] = queue.LifoQueue()
        self._all: list[_Function] = []
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(FUNCTIONS, thread_name_prefix="function")
        for _ in range(FUNCTIONS):
            self._idle.put(self._start())

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        caller: Caller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request through its handler. Raises FunctionGone."""
        request = {"body": body, "caller": caller, "headers": dict(headers or {})}
        return cast(Answer, await self.invoke((method, path), request))

    async def invoke(self, arguments: tuple[object, ...], keywords: Mapping[str, object]) -> Any:
        """Call the program's `main` in one of the processes. Raises FunctionGone."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._invoke, arguments, dict(keywords))

    def close(self) -> None:
        """End the processes; a request that is under way is cut off."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for function in self._all:
                function.end()

    def _invoke(self, arguments: tuple[object, ...], keywords: dict[str, object]) -> Any:
        function = self._idle.get()
        try:
            answer = function.invoke(arguments, keywords, self._timeout_s)
        except FunctionGone:
            function.end()
            function = self._start()
            raise
        finally:
            self._idle.put(function)
        return answer

    def _start(self) -> _Function:
        with self._lock:
            function = _Function(self._program, self._environment, self._log_path)
            self._all.append(function)
        return function


class _Function:
    """One process."""

    _numbers = itertools.count(1)

    def __init__(self, program: Program, environment: Mapping[str, str], log_path: Path) -> None:
        self._here, there = forks.Pipe()
        arguments = (program, dict(environment), str(log_path), there)
        self._process = forks.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        there.close()

    def invoke(
        self, arguments: tuple[object, ...], keywords: dict[str, object], timeout_s: float
    ) -> Any:
        try:
            self._here.send((arguments, keywords))
            if not self._here.poll(timeout_s):
                raise FunctionGone("timed out")
            is_answer, result = self._here.recv()
        except (EOFError, OSError) as exc:
            raise FunctionGone("died") from exc
        if not is_answer:
            raise FunctionGone(result)
        return result

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._here.close()


def _serve(
    program: Program, environment: Mapping[str, str], log_path: str, requests: Connection
) -> None:
    become(program, environment, log_path)
    handle = resolve(program.main)
    while True:
        try:
            arguments, keywords = requests.recv()
        except EOFError:
            return
        try:
            requests.send((True, handle(*arguments, **keywords)))
        except Exception as exc:  # noqa: BLE001 - what leaves a handler is API Gateway's 502
            requests.send((False, repr(exc)))
