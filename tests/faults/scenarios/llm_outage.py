"""Row 8: one provider is down for a minute, under load.

Half of the workers have a second one to fall back to, half have none: who is answered by the former
hears the fallback, who is answered by the latter is told at once. The count is the outage's length
in seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.answers import numbered_answers
from tests.faults.breaker_watch import BreakerWatch, findings, probes
from tests.faults.ground import Ground
from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS
from tests.faults.llm_faults import OPENAI_PATH, FaultyModels
from tests.faults.load import load, reached
from tests.faults.scenario import Scenario

PRIMARY, FALLBACK = "openai:first", "anthropic:second"
CHAINS = (f"{PRIMARY},{FALLBACK}", PRIMARY)
WORKERS_PER_CHAIN = 2
USERS = 16
MAX_FAILURES, WINDOW_S = 5, 10.0
RESETS = 12
"""Reset periods in the outage: five seconds each in the minute, as deployed six times longer."""

MOST_REQUESTS_PER_JOB = 1.1
TOLD_S = 10.0
"""Who was on the way when the provider went down is tried again once, seconds later; all others are
told by a circuit that is open. `told_p50_s` is theirs."""

WARM_UP_JOBS = 20


async def run(ground: Ground, seconds: int) -> Mapping[str, int | float]:
    """A warm-up, the outage, and the recovery."""
    reset_s = seconds / RESETS
    watch = BreakerWatch()
    ground.redis_proxy.observe(watch)
    answers = numbered_answers(pieces=6, pieces_per_s=20)
    models = FaultyModels(
        ground.random.getrandbits(32), answers=answers, record=ground.history.fault
    )
    ground.llm.choose = models
    ground.offer(CHAINS[0], retry_attempts=3)
    await ground.start_gateway()
    for chain in CHAINS:
        await _start_workers(ground, chain, reset_s=reset_s)
    async with load(ground, users=USERS) as met:
        await reached(lambda: met.ended, WARM_UP_JOBS, within_s=60)
        models.down = frozenset({OPENAI_PATH})
        began, before = time.monotonic(), len(ground.llm.requests)
        await asyncio.sleep(seconds)
        ended, requests = time.monotonic(), len(ground.llm.requests) - before
        models.down = frozenset()
        goal = met.ended + WARM_UP_JOBS
        await reached(lambda: met.ended, goal, within_s=60)
    heard = watch.heard(PRIMARY)
    rules = findings(heard, max_failures=MAX_FAILURES, window_s=WINDOW_S, reset_s=reset_s)
    for finding in rules:
        ground.require(False, finding, where=PRIMARY)  # noqa: FBT003 - it was found
    tried = [probe for probe in probes(heard) if began <= probe.at <= ended]
    told = list(told_between(ground.history.lines(), began, ended))
    return _judged(ground, told, ended=ended, requests=requests, probed=len(tried)) | {
        "probes_allowed": RESETS,
        "jobs_ended": met.ended,
        "left_waiting": met.outcomes["left_waiting"],
    }


@dataclass(frozen=True, slots=True)
class Told:
    """How a message that was accepted in the outage ended for its user."""

    job_id: str
    at: float
    wait_s: float
    ending: str
    """The model that answered, or the code of the failure."""


def told_between(lines: Sequence[Line], began: float, ended: float) -> Iterator[Told]:
    """Each message accepted in the outage, once its user heard its end."""
    accepted = {
        line["job_id"]: line["t"]
        for line in lines
        if line["what"] == "accepted" and began <= line["t"] <= ended
    }
    for line in lines:
        frame = line.get("frame", {})
        if frame.get("type") in FINALS and frame["job_id"] in accepted:
            since = accepted.pop(frame["job_id"])
            is_answer = frame["type"] == "reply.completed"
            ending = frame["message"]["model"] if is_answer else frame["code"]
            yield Told(frame["job_id"], line["t"], line["t"] - since, ending)


def _judged(
    ground: Ground, told: Sequence[Told], *, ended: float, requests: int, probed: int
) -> dict[str, int | float]:
    """Hold the outage to what it must show."""
    by_fallback = [t for t in told if t.ending == FALLBACK]
    refused = [t for t in told if t.ending == "models_unavailable"]
    for other in told:
        # When it is over, the primary answers who waited.
        if other.ending not in (FALLBACK, "models_unavailable") and other.at < ended:
            ground.require(False, f"ended with {other.ending}", where=other.job_id)  # noqa: FBT003
        late = other.wait_s > TOLD_S
        ground.require(not late, f"told after {other.wait_s:.1f} s", where=other.job_id)
    per_job = requests / max(1, len(told))
    ground.require(per_job <= MOST_REQUESTS_PER_JOB, f"{per_job:.2f} requests for each job")
    ground.require(probed <= RESETS, f"{probed} probes in {RESETS} reset periods")
    ground.require(bool(by_fallback), "the fallback answered nobody")
    ground.require(bool(refused), "nobody was told that no model can be reached")
    waits = sorted(t.wait_s for t in refused) or [0.0]
    return {
        "accepted_in_outage": len(told),
        "answered_by_fallback": len(by_fallback),
        "told_at_once": len(refused),
        "told_p50_s": waits[len(waits) // 2],
        "told_max_s": waits[-1],
        "requests_per_job": per_job,
        "probes": probed,
    }


async def _start_workers(ground: Ground, chain: str, *, reset_s: float) -> None:
    await ground.start_workers(
        WORKERS_PER_CHAIN,
        PROSA_MODELS=chain,
        PROSA_BREAKER_MAX_FAILURES=str(MAX_FAILURES),
        PROSA_BREAKER_WINDOW_S=str(WINDOW_S),
        PROSA_BREAKER_RESET_S=str(reset_s),
        # On a busy machine Redis' answer may come late; deciding alone is another test's subject.
        PROSA_BREAKER_REDIS_TIMEOUT_S="2",
    )


SCENARIO = Scenario(
    name="llm_outage",
    row="8",
    title="A model's outage under load, with a fallback for half (seconds)",
    full=60,
    short=8,  # in a shorter outage the requests until the circuit opens weigh too much for each job
    run=run,
    behind_proxies=True,
)
