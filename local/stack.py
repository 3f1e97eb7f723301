"""The whole stack as one object: what `make run` runs, and what tests and benchmarks start.

    redis, MiniStack -> resources -> worker, gateway, deploy of the API -> edge

and it ends the other way round, so that nothing loses what it stands on while it finishes its work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from local import ministack, redis_server, services
from local.deploy import LIMITS, Deployer, deploy
from local.launcher import Launcher
from local.parameters import put_parameters
from local.ports import check_free
from local.process import Child, WriteLine
from local.provision import Provisioned, Provisioner
from local.runfile import RunFile
from local.settings import ROOT, STAGE, GatewayPorts, LocalSettings
from local.warm_up import FUNCTIONS, warm_up

_GRACE_S = {
    "edge": 3.0,
    "gateway": 10.0,
    # A reply that is being written may end, and its job is given back if it does not.
    "worker": 30.0,
    # It saves its state.
    "aws": 15.0,
    "redis": 10.0,
}
"""How long each part may take to end, in the order in which they are asked to."""


class Stack:
    """One stack: its own ports, its own state, its own processes."""

    def __init__(
        self,
        settings: LocalSettings,
        *,
        write_line: WriteLine,
        environ: Mapping[str, str] = os.environ,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a stack; `start` starts it.

        `environ` is where API keys and settings of the services (`PROSA_...`) are taken from;
        `extra` settings win over the stack's own.
        """
        self.settings = settings
        self._environ = environ
        self._extra = dict(extra or {})
        self._run_file = RunFile(settings.state_dir)
        self.launcher = Launcher(root=ROOT, write_line=write_line, run_file=self._run_file)
        self._provisioned: Provisioned | None = None
        self._api_url: str | None = None

    @property
    def provisioned(self) -> Provisioned:
        """Where the resources are. Only after `start_data`."""
        if self._provisioned is None:
            raise RuntimeError("the stack has no resources yet")
        return self._provisioned

    @property
    def api_url(self) -> str:
        """Base URL of the deployed API, stage included. Only after `start`."""
        if self._api_url is None:
            raise RuntimeError("the API is not deployed yet")
        return self._api_url

    @property
    def redis_url(self) -> str:
        """URL of the stack's Redis."""
        return redis_server.redis_url(self.settings.redis_port)

    @property
    def aws_environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK at the stack."""
        return ministack.aws_environment(self.settings.ministack_port)

    @property
    def environment(self) -> dict[str, str]:
        """The variables the stack's services run with."""
        return services.service_environment(
            self.settings, self.provisioned, environ=self._environ, extra=self._extra
        )

    def start(self) -> None:
        """Start everything and return when a request goes the whole way.

        Raises PortTaken, AlreadyRunning, MissingApiKey, MissingPage, ChildDied, NotReady or
        StopRequested; call `stop` in any case.
        """
        self.start_data()
        settings = self.settings
        # They load while the deploy runs.
        worker = self.start_worker("worker", health_port=settings.worker_health_port)
        gateway = self.start_gateway("gateway", settings.gateway_ports)
        self._api_url = deploy(self._deployer())
        warm_up(self.aws_environment, [f"prosa-{STAGE}-{name}" for name in FUNCTIONS])
        edge = services.start_edge(self.launcher, settings, api_url=self._api_url)
        wait = services.wait_for_service
        wait(
            self.launcher,
            gateway,
            settings.gateway_internal_port,
            timeout_s=services.GATEWAY_READY_S,
        )
        wait(self.launcher, worker, settings.worker_health_port, timeout_s=services.WORKER_READY_S)
        services.wait_for_edge(self.launcher, edge, settings)

    def start_data(self) -> None:
        """Start only Redis and MiniStack, and make the resources and parameters in it."""
        settings = self.settings
        for name in self._run_file.acquire():
            self.launcher.write_line(f"Ended {name}, left over from a run that was killed.")
        check_free(settings.ports())
        redis = redis_server.start_redis(
            self.launcher, port=settings.redis_port, folder=settings.state_dir / "redis"
        )
        aws = ministack.start_ministack(
            self.launcher, port=settings.ministack_port, folder=settings.state_dir / "ministack"
        )
        redis_server.wait_for_redis(self.launcher, redis, self.redis_url)
        ministack.wait_for_ministack(self.launcher, aws, settings.ministack_port)
        provisioner = Provisioner(self.aws_environment)
        self._provisioned = provisioner.provision(STAGE)
        put_parameters(
            provisioner,
            self._provisioned,
            models=",".join(settings.models),
            redis_url=self.redis_url,
            ws_url=settings.ws_url,
            allowed_origins=settings.allowed_origins,
            environ=self._environ,
        )

    def start_worker(self, name: str, *, health_port: int) -> Child:
        """Start one more worker; `name` starts with `worker`."""
        return services.start_worker(
            self.launcher, name=name, health_port=health_port, environment=self.environment
        )

    def start_gateway(self, name: str, ports: GatewayPorts) -> Child:
        """Start one more gateway; `name` starts with `gateway`."""
        return services.start_gateway(
            self.launcher, name=name, ports=ports, environment=self.environment
        )

    def stop(self) -> None:
        """End every part, the last started kind first. Idempotent."""
        for kind, grace_s in _GRACE_S.items():
            for name in list(self.launcher.children):
                if name.partition("-")[0] == kind:
                    self.launcher.stop(name, grace_s=grace_s)
        self._run_file.release()

    def __enter__(self) -> Self:
        """Start everything, or nothing if a part fails."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop everything."""
        self.stop()

    def _deployer(self) -> Deployer:
        provisioner = Provisioner(self.aws_environment)
        return Deployer(
            launcher=self.launcher,
            environment=self.aws_environment,
            parameters=provisioner.plain_parameter_values(STAGE),
            limits={name: self.environment[name] for name in LIMITS if name in self.environment},
            ssm=provisioner.ssm,
            apigateway=provisioner.apigateway,
        )
