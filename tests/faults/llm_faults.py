"""Ten ways in which the providers of models fail, as scripts of `tests/llm_server`, by seed.

Each is said as the API that was asked says it: OpenAI's and Anthropic's have their own words.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from tests.faults.answers import Choose
from tests.faults.proxies.background import Record, unrecorded
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import Request

OPENAI_PATH = "/v1/responses"
ANTHROPIC_PATH = "/v1/messages"

_ERRORS: Mapping[bool, Mapping[str, str]] = {
    False: {"type": "server_error", "code": "server_error", "message": "The server failed."},
    True: {"type": "overloaded_error", "message": "Overloaded"},
}
_RATE_LIMITS: Mapping[bool, Mapping[str, str]] = {
    False: {"type": "tokens", "code": "rate_limit_exceeded", "message": "Slow down."},
    True: {"type": "rate_limit_error", "message": "Slow down."},
}
"""By whether it is Anthropic's wire."""


class LlmFault(StrEnum):
    """The ten. `MID_` is after the first words, which a reader has then seen."""

    INTERNAL = "internal"
    """500."""
    OVERLOADED = "overloaded"
    """503 of the one, 529 of the other."""
    RATE_LIMITED = "rate_limited"
    """429 with a Retry-After."""
    HANG = "hang"
    """Silence in place of headers."""
    RESET = "reset"
    MID_HANG = "mid_hang"
    MID_RESET = "mid_reset"
    MID_CUT = "mid_cut"
    """The body ends early and in order: to HTTP all is well."""
    MID_ERROR = "mid_error"
    """The API's own error event; of OpenAI's two, either."""
    MID_GARBAGE = "mid_garbage"
    """An event that is no JSON."""


_FAULTS: Mapping[LlmFault, Fault] = {
    LlmFault.INTERNAL: Fault.STATUS,
    LlmFault.OVERLOADED: Fault.STATUS,
    LlmFault.RATE_LIMITED: Fault.STATUS,
    LlmFault.HANG: Fault.HANG,
    LlmFault.RESET: Fault.RESET,
    LlmFault.MID_HANG: Fault.MID_HANG,
    LlmFault.MID_RESET: Fault.MID_RESET,
    LlmFault.MID_CUT: Fault.MID_CUT,
    LlmFault.MID_ERROR: Fault.MID_ERROR,
    LlmFault.MID_GARBAGE: Fault.MID_GARBAGE,
}


def ruined(script: Script, fault: LlmFault, *, is_anthropic: bool, chance: random.Random) -> Script:
    """Let `fault` happen to an answer of at least two pieces."""
    kind = _FAULTS[fault]
    is_failed, place = chance.random() < 0.5, chance.random()
    if fault is LlmFault.MID_ERROR and is_failed and not is_anthropic:
        kind = Fault.FAILED
    is_limit = fault is LlmFault.RATE_LIMITED
    return replace(
        script,
        fault=kind,
        fault_after=1 + int(place * (len(script.pieces("")) - 1)),
        status=_status(fault, is_anthropic=is_anthropic),
        error=(_RATE_LIMITS if is_limit else _ERRORS)[is_anthropic],
        headers={"retry-after": "1"} if is_limit else {},
    )


def _status(fault: LlmFault, *, is_anthropic: bool) -> int:
    match fault:
        case LlmFault.RATE_LIMITED:
            return 429
        case LlmFault.OVERLOADED:
            return 529 if is_anthropic else 503
        case _:
            return 500


class FaultyModels:
    """Chooses what each request gets: `server.choose = FaultyModels(...)`.

    `rate` of the requests go wrong, by draws per wire that hang on the seed alone; the kinds come
    in shuffled rounds, so that none is rare. The others get `answers`.
    """

    def __init__(
        self,
        seed: int,
        *,
        answers: Choose,
        rate: float = 0.0,
        kinds: Sequence[LlmFault] = tuple(LlmFault),
        record: Record = unrecorded,
    ) -> None:
        self.rate = rate
        self.kinds = kinds
        self.down: frozenset[str] = frozenset()
        """Paths of providers that answer everything with a 500."""
        self.faults: Counter[LlmFault] = Counter()
        self._answers = answers
        self._record = record
        self._draws = {
            path: _Draws(random.Random(f"{seed}/{path}")) for path in (ANTHROPIC_PATH, OPENAI_PATH)
        }

    def __call__(self, request: Request) -> Script:
        """In the server's thread, one request at a time."""
        script, draws = self._answers(request), self._draws[request.path]
        is_down = request.path in self.down
        fault = LlmFault.INTERNAL if is_down else draws.fault(self.rate, self.kinds)
        if fault is None:
            return script
        self.faults[fault] += 1
        self._record(f"llm_{fault}", path=request.path, question=request.question)
        is_anthropic = request.path == ANTHROPIC_PATH
        return ruined(script, fault, is_anthropic=is_anthropic, chance=draws.chance)


class _Draws:
    """The fates of one wire's requests."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._kinds: Sequence[LlmFault] = ()
        self._round: list[LlmFault] = []

    def fault(self, rate: float, kinds: Sequence[LlmFault]) -> LlmFault | None:
        if self.chance.random() >= rate:
            return None
        if not self._round or kinds is not self._kinds:
            self._kinds = kinds
            self._round = self.chance.sample(kinds, k=len(kinds))
        return self._round.pop()
