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
import random
from dataclasses import replace
from pathlib import Path

from local.provision import Provisioned
from prosa.ids import UserId, new_user_id
from tests.faults.baselines import Baselines
from tests.faults.clients import Client
from tests.faults.environments import Environments
from tests.faults.functions import API, TIMEOUT_S, Functions
from tests.faults.history import RIG, History
from tests.faults.invariants.evidence import Violation
from tests.faults.processes import (
    GATEWAY,
    WORKER,
    GatewayProcess,
    Program,
    ServiceProcess,
    WorkerProcess,
    stop_all,
)
from tests.faults.proxies.aws_proxy import AwsProxy
from tests.faults.proxies.redis_proxy import RedisProxy
from tests.faults.stored import Memory, Stored, depths, dump, jobs_of
from tests.faults.surroundings import Surroundings
from tests.llm_server.server import LlmServer
from tests.stack.own_redis import OwnRedis

POLL_S = 0.05
STOP_S = 15.0


class Ground:
    """See the module. Made by `running.py`; a scenario's `run` gets it."""

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
        self._environments = Environments(
            aws=surroundings.aws,
            aws_url=proxies[1].url if proxies else surroundings.aws["AWS_ENDPOINT_URL"],
            redis_url=proxies[0].url if proxies else redis.url,
            llm_url=llm.url,
            resources=resources,
        )
        self._proxies = proxies
        self.without = without
        """The safeguard that the scenario's workers and gateways lack."""
        self._jitter = random.Random(chance.getrandbits(64))
        self._baselines = Baselines()
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

    def worker_environment(self, **settings: str) -> dict[str, str]:
        """What a worker is told: `PROSA_...` settings over waits that fit a test."""
        return self._environments.worker() | settings

    def offer(self, models: str, *, retry_attempts: int = 1) -> None:
        """Set the chain of models, `openai:first,anthropic:second`, and the tries of each.

        Before any worker is started; the API is started anew.
        """
        self._environments = replace(
            self._environments, models=models, retry_attempts=retry_attempts
        )
        self.api.close()
        self.api = self.start_api()

    def start_api(self, program: Program = API, *, timeout_s: float = TIMEOUT_S) -> Functions:
        """Start functions; those in use are `api`, which a scenario may replace.

        `timeout_s` is longer for what is no function and only runs as one.
        """
        return Functions(
            self._environments.api(),
            self.folder / "api.log",
            program=program,
            timeout_s=timeout_s,
        )

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
        without = self.without or without
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
        """Start a gateway and wait until it takes sockets; `program` runs instead of the plain one.

        It lacks what the scenario's services lack.
        """
        if self.without is not None:
            program = Program(main="tests.faults.without:main", argv=(self.without, "gateway"))
        name = f"gateway-{len(self.gateways) + 1}"
        environment = self._environments.gateway() | settings
        gateway = GatewayProcess(name, program, environment, self.folder / f"{name}.log")
        self.gateways.append(gateway)
        gateway.port = int((await gateway.has_logged("gateway_listening"))["port"])
        return gateway

    def gateway_ports(self) -> list[int]:
        """Where sockets are taken: of the gateways that live and have been ready."""
        return [each.port for each in self.gateways if each.port and each.is_alive]

    def client(self, name: str, *, user_id: UserId | None = None) -> Client:
        """A new user, or another page of `user_id`; not connected yet."""
        client = Client(
            name,
            user_id or new_user_id(),
            api=lambda: self.api,
            gateways=self.gateway_ports,
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
        self._baselines.remember(process)

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
        memory = self._baselines.compare()
        for client in self.clients:
            await client.drop()
        await asyncio.to_thread(stop_all, self.workers, grace_s=STOP_S)
        await asyncio.to_thread(stop_all, self.gateways, grace_s=STOP_S)
        return await asyncio.to_thread(self.stored, memory)

    def stored(self, memory: list[Memory] | None = None) -> Stored:
        """Read all that is stored now; takes the dead letters out of their queue."""
        services: list[ServiceProcess] = [*self.workers, *self.gateways]
        return dump(
            self.provisioner,
            self.resources,
            redis_url=self.redis.url,
            questions=[request.question for request in list(self.llm.requests)],
            calls_per_attempt=self._environments.calls_per_attempt,
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
