"""The ground a scenario stands on: the real parts, started for it and ended with it.

Redis       a server of its own
AWS         a stage of its own in an emulator that scenarios share (`Surroundings`)
the model   a scripted server on loopback, in this process
the API     the real handlers, in processes (`functions.py`)
workers, gateways   the real services, in processes (`processes.py`)
clients     users at their pages, in this process (`clients.py`)
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from local.ports import LOOPBACK
from local.provision import Provisioned
from prosa.ids import UserId, new_user_id
from tests.faults.answers import numbered_answers
from tests.faults.clients import Client
from tests.faults.functions import Functions
from tests.faults.history import RIG, History
from tests.faults.invariants.evidence import Violation
from tests.faults.processes import GATEWAY, WORKER, Program, ServiceProcess, stop_all
from tests.faults.proxies.aws_proxy import AwsProxy
from tests.faults.proxies.redis_proxy import RedisProxy
from tests.faults.scenario import Scenario
from tests.faults.stored import Memory, Stored, depths, dump, jobs_of
from tests.faults.surroundings import Surroundings
from tests.llm_server.server import LlmServer, llm_server
from tests.stack.own_redis import OwnRedis

POLL_S = 0.05
STOP_S = 15.0
MODELS = "openai:first"
RATES = "100000/minute"


class WorkerProcess(ServiceProcess):
    """A worker; it is ready when it has logged `started`."""


class GatewayProcess(ServiceProcess):
    """A gateway; `port` is known when it is ready."""

    port = 0


class Ground:
    """See the module. Made by `ground`; a scenario's `run` gets it."""

    def __init__(
        self,
        *,
        chance: random.Random,
        folder: Path,
        history: History,
        resources: Provisioned,
        surroundings: Surroundings,
        redis: OwnRedis,
        llm: LlmServer,
        proxies: tuple[RedisProxy, AwsProxy] | None,
        without: str | None,
    ) -> None:
        self.random = chance
        """The one source of chance in the schedule of faults."""
        self.folder = folder
        self.history = history
        self.resources = resources
        self.provisioner = surroundings.provisioner
        self.redis = redis
        self.llm = llm
        self.workers: list[WorkerProcess] = []
        self.gateways: list[GatewayProcess] = []
        self.clients: list[Client] = []
        self.found: list[Violation] = []
        """What the scenario found itself, beyond the invariants."""
        self._aws = surroundings.aws
        self._proxies = proxies
        self._without = without
        self._jitter = random.Random(chance.getrandbits(64))
        self._models = MODELS
        self._retry_attempts = 1
        self._baselines: list[tuple[ServiceProcess, tuple[int, int]]] = []
        self.api = self.start_api()

    @property
    def redis_proxy(self) -> RedisProxy:
        """The way of all parts to Redis, where the scenario stands `behind_proxies`."""
        assert self._proxies is not None, "the scenario does not say behind_proxies"
        return self._proxies[0]

    @property
    def aws_proxy(self) -> AwsProxy:
        """The way of all parts to AWS, where the scenario stands `behind_proxies`."""
        assert self._proxies is not None, "the scenario does not say behind_proxies"
        return self._proxies[1]

    def environment(self) -> dict[str, str]:
        """What every part is told."""
        redis_url = self._proxies[0].url if self._proxies else self.redis.url
        endpoint = self._proxies[1].url if self._proxies else self._aws["AWS_ENDPOINT_URL"]
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            **self._aws,
            "AWS_ENDPOINT_URL": endpoint,
            "PROSA_STAGE": self.resources.stage,
            "PROSA_TABLE": self.resources.table,
            "PROSA_BUCKET": self.resources.bucket,
            "PROSA_QUEUE_URL": _through(endpoint, self.resources.queue_url),
            "PROSA_DEAD_LETTER_QUEUE_URL": _through(endpoint, self.resources.dead_letter_queue_url),
            "PROSA_PARAMETERS": self.resources.parameters,
            "PROSA_REDIS_URL": redis_url,
            "PROSA_MODELS": self._models,
        }

    def worker_environment(self, **settings: str) -> dict[str, str]:
        """What a worker is told: `PROSA_...` settings over waits that fit a test."""
        return {
            **self.environment(),
            "PROSA_OPENAI_BASE_URL": self.llm.openai_base_url,
            "PROSA_ANTHROPIC_BASE_URL": self.llm.anthropic_base_url,
            "PROSA_WORKER_VISIBILITY_S": "2",
            "PROSA_WORKER_HEARTBEAT_S": "0.6",
            "PROSA_WORKER_POLL_WAIT_S": "1",
            "PROSA_WORKER_BACKOFF_S": "1",
            "PROSA_WORKER_HEALTH_PORT": "0",
            "PROSA_RETRY_ATTEMPTS": str(self._retry_attempts),
            "PROSA_BREAKER_MAX_FAILURES": "1000",
            **settings,
        }

    def offer(self, models: str, *, retry_attempts: int = 1) -> None:
        """Set the chain of models, `openai:first,anthropic:second`, and the tries of each.

        Before any worker is started; the API is started anew.
        """
        self._models, self._retry_attempts = models, retry_attempts
        self.api.close()
        self.api = self.start_api()

    def start_api(self, **programs: Program) -> Functions:
        """Start functions; the one in use is `api`, which a scenario may replace."""
        environment = self.environment() | {
            "PROSA_GUESTS": "on",
            "PROSA_RATE_MESSAGES": RATES,
            "PROSA_RATE_SIGN_IN_IP": RATES,
            "PROSA_RATE_SIGN_IN_ACCOUNT": RATES,
        }
        return Functions(environment, self.folder / "api.log", **programs)

    async def start_workers(
        self,
        count: int,
        *,
        without: str | None = None,
        program: Program = WORKER,
        **settings: str,
    ) -> list[WorkerProcess]:
        """Start workers and wait until they take messages.

        `without` names a safeguard to leave out (`without.py`), if the scenario names none;
        `program` runs instead of the plain worker.
        """
        without = self._without or without
        if without is not None:
            program = Program(main="tests.faults.without:main", argv=(without, "worker"))
        environment = self.worker_environment(**settings)
        begun: list[WorkerProcess] = []
        for _ in range(count):
            name = f"worker-{len(self.workers) + 1}"
            path = self.folder / f"{name}.log"
            own = {**environment, "PROSA_WORKER_NAME": name}
            worker = WorkerProcess(name, program, own, path)
            self.workers.append(worker)
            begun.append(worker)
        for worker in begun:
            await worker.has_logged("started")
        return begun

    async def start_gateway(self, *, program: Program = GATEWAY, **settings: str) -> GatewayProcess:
        """Start a gateway and wait until it takes sockets."""
        name = f"gateway-{len(self.gateways) + 1}"
        environment = self.environment() | {
            "PROSA_GATEWAY_PORT": "0",
            "PROSA_GATEWAY_INTERNAL_PORT": "0",
            "PROSA_GATEWAY_SWEEP_S": "1",
            "PROSA_GATEWAY_DRAIN_S": "0.2",
            "PROSA_GATEWAY_MAX_CONNECTIONS_PER_USER": "100",
            **settings,
        }
        gateway = GatewayProcess(name, program, environment, self.folder / f"{name}.log")
        self.gateways.append(gateway)
        gateway.port = int((await gateway.has_logged("gateway_listening"))["port"])
        return gateway

    def client(self, name: str, *, user_id: UserId | None = None) -> Client:
        """A new user, or another page of `user_id`; not connected yet."""
        client = Client(
            name,
            user_id or new_user_id(),
            api=lambda: self.api,
            gateways=lambda: [gateway.port for gateway in self.gateways if gateway.is_alive],
            history=self.history,
            chance=random.Random(self._jitter.getrandbits(64)),
        )
        self.clients.append(client)
        return client

    def require(self, holds: bool, detail: str, *, where: str = "") -> None:  # noqa: FBT001
        """Hold a scenario to a bound of its own: what does not hold is a violation."""
        if not holds:
            self.found.append(Violation("own", detail, where))

    def baseline(self, process: ServiceProcess) -> None:
        """Remember what a process holds now: it must not hold more when all is over (I10)."""
        self._baselines.append((process, process.memory()))

    async def settled(self, timeout_s: float) -> bool:
        """Wait until every job has its end, its user knows, and the queue is empty.

        False: it took longer; what is left is the checker's to name.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not await asyncio.to_thread(self._is_settled):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return False
        return True

    def _is_settled(self) -> bool:
        if not all(client.knows_all for client in self.clients):
            return False
        if not depths(self.provisioner, self.resources.queue_url).is_empty:
            return False
        jobs = jobs_of(self.provisioner, self.resources.table)
        return all(job.status.is_final for job in jobs)

    async def end(self) -> Stored:
        """Measure, take every part down in its order, and give what is left."""
        self.history.write(RIG, "over")
        memory = [_memory(process, before) for process, before in self._baselines]
        for client in self.clients:
            await client.drop()
        await asyncio.to_thread(stop_all, self.workers, grace_s=STOP_S)
        await asyncio.to_thread(stop_all, self.gateways, grace_s=STOP_S)
        return await asyncio.to_thread(self.stored, [m for m in memory if m is not None])

    def stored(self, memory: list[Memory] | None = None) -> Stored:
        """Read all that is stored now; takes the dead letters out of their queue."""
        services: list[ServiceProcess] = [*self.workers, *self.gateways]
        return dump(
            self.provisioner,
            self.resources,
            redis_url=self.redis.url,
            questions=[request.question for request in list(self.llm.requests)],
            calls_per_attempt=self._retry_attempts * len(self._models.split(",")),
            logs={each.name: each.log_path for each in services} | {"api": self.folder / "api.log"},
            memory=memory or [],
        )

    async def close(self) -> None:
        """End every process, whatever happened."""
        for client in self.clients:
            await client.drop()
        for process in [*self.workers, *self.gateways]:
            process.kill()
        self.api.close()


@asynccontextmanager
async def ground(
    scenario: Scenario, surroundings: Surroundings, *, seed: int, folder: Path
) -> AsyncGenerator[Ground]:
    """Start the parts of `scenario` in `folder`; they end with the block."""
    async with AsyncExitStack() as closing:
        history = closing.enter_context(History(folder / "history.jsonl"))
        redis = OwnRedis(folder)
        closing.callback(redis.kill)
        llm = closing.enter_context(llm_server())
        llm.choose = numbered_answers()
        proxies = None
        if scenario.behind_proxies:
            to_redis = RedisProxy((LOOPBACK, redis.port), record=history.fault)
            to_aws = AwsProxy(surroundings.aws["AWS_ENDPOINT_URL"], record=history.fault)
            proxies = (
                closing.enter_context(to_redis.running()),
                closing.enter_context(to_aws.running()),
            )
        made = Ground(
            chance=random.Random(f"{seed}/{scenario.name}"),
            folder=folder,
            history=history,
            resources=surroundings.provision(scenario.name),
            surroundings=surroundings,
            redis=redis,
            llm=llm,
            proxies=proxies,
            without=scenario.without,
        )
        closing.push_async_callback(made.close)
        yield made


def _through(endpoint: str, queue_url: str) -> str:
    """A queue's address names the emulator: the same path through the proxy."""
    return f"{endpoint}{urlsplit(queue_url).path}"


def _memory(process: ServiceProcess, before: tuple[int, int]) -> Memory | None:
    """None for a process that did not live through the scenario."""
    if not process.is_alive:
        return None
    after = process.memory()
    return Memory(
        process=process.name,
        bytes_before=before[0],
        bytes_after=after[0],
        files_before=before[1],
        files_after=after[1],
    )
