"""Row 17: users who do anything in any order, and a model of what they must then find.

Hypothesis writes the stories: send, leave, come back, lose the connection, stop a reply, sign out,
renew the session with any token of it. The parts are real; the model is what a user would expect.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from prosa.ids import UserId
from tests.faults.answers import numbered_answers
from tests.faults.clients import Accepted, Client
from tests.faults.ground import Ground
from tests.faults.scenario import Scenario
from tests.faults.sessions import SessionModel
from tests.integration.lambdas.gateway import a_caller

T = TypeVar("T")
WORKERS = 2
STEPS = 50
ENDED_S = 30.0
CONVERSATIONS = 3

AT_ONCE = 4
"""Stories told side by side, each from a seed of its own: they mostly wait."""


class Story(RuleBasedStateMachine):
    """One user. Runs in a thread; what it does happens in the rig's loop."""

    ground: Ground
    loop: asyncio.AbstractEventLoop
    numbers = itertools.count(1)
    turn = threading.Lock()
    """Held by the one story that does not wait. Hypothesis parses sources as it goes, which two
    threads of Python 3.11 must not do at once (https://github.com/python/cpython/issues/106905)."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Client
        self.session: SessionModel
        self.asked: dict[str, list[Accepted]] = {}
        self.stopped: set[str] = set()
        self.is_there = False

    @initialize()
    def begin(self) -> None:
        """Start as a guest, at a page."""
        number = next(Story.numbers)
        self.ground.history.fault("story")
        guest = self.post("/auth/guest", None).json
        self.session = SessionModel([guest["refresh_token"]])
        user_id = UserId(guest["user"]["user_id"])
        self.client = self.ground.client(f"story-{number}", user_id=user_id)
        self.come_back()

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """Say something: in a new conversation, or in one of before, answered by now or not."""
        conversation = None
        may_begin = len(self.asked) < CONVERSATIONS
        if self.asked and not (may_begin and data.draw(st.booleans())):
            conversation = data.draw(st.sampled_from(sorted(self.asked)))
        accepted = self.wait(self.client.say("What then?", conversation))
        assert isinstance(accepted, Accepted), accepted
        self.asked.setdefault(accepted.conversation_id, []).append(accepted)

    @precondition(lambda self: self.is_there)
    @rule()
    def leave(self) -> None:
        """Close the page without a word."""
        self.wait(self.client.drop())
        self.is_there = False

    @precondition(lambda self: not self.is_there)
    @rule()
    def come_back(self) -> None:
        """Open it again: it resumes where it was."""
        self.wait(self.client.connect())
        self.is_there = True

    @precondition(lambda self: self.is_there)
    @rule()
    def lose_connection(self) -> None:
        """The page notices, and comes back by itself."""
        self.loop.call_soon_threadsafe(self.client.cut)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """Stop a reply, whether it runs, waits or has its end."""
        jobs = [each.job_id for asked in self.asked.values() for each in asked]
        job_id = data.draw(st.sampled_from(jobs))
        status = self.wait(self.client.cancel(job_id))
        assert status == 202, f"stop: {status}"
        self.stopped.add(job_id)

    @precondition(lambda self: self.asked and self.is_there)
    @rule()
    def wait_for_all(self) -> None:
        """Read until nothing runs."""
        self.until_all_ended()

    @rule(data=st.data())
    def refresh(self, data: st.DataObject) -> None:
        """Renew the session with any token it ever had. Of one that is over, none is good."""
        index = data.draw(st.integers(0, len(self.session.tokens) - 1))
        body = {"refresh_token": self.session.tokens[index]}
        wanted = self.session.refresh(index)
        answer = self.post("/auth/refresh", body)
        if wanted is None:
            assert answer.status == 401, answer.text
            assert answer.code == "session_revoked"
            return
        assert answer.status == 200, answer.text
        token = answer.json["refresh_token"]
        if wanted == "new":
            assert token not in self.session.tokens
            self.session.tokens.append(token)
        else:
            assert token == wanted

    @precondition(lambda self: len(self.session.tokens) > 2)
    @rule()
    def sign_out(self) -> None:
        """End the session. What was said stays, and replies come."""
        answer = self.post("/auth/logout", {"refresh_token": self.session.tokens[-1]})
        assert answer.status == 204, answer.text
        self.session.is_over = True

    def teardown(self) -> None:
        """At the end everything that was asked is there, in its order, answered once."""
        if not hasattr(self, "client"):
            return
        if not self.is_there:
            self.come_back()
        self.until_all_ended()
        for conversation_id, asked in self.asked.items():
            self.compare(conversation_id, asked)
        self.leave()

    def compare(self, conversation_id: str, asked: list[Accepted]) -> None:
        """The model's conversation against what REST shows."""
        path = f"/conversations/{conversation_id}/messages?limit=100"
        page = self.call("GET", path).json
        assert page["running"] == []
        shown = [(m["role"], m["message_id"]) for m in page["items"]]
        questions = [message_id for role, message_id in shown if role == "user"]
        assert questions == [each.message_id for each in asked]
        replies = {m["job_id"]: m for m in page["items"] if m["role"] == "assistant"}
        assert set(replies) == {each.job_id for each in asked}
        assert len(shown) == 2 * len(asked)
        for each in asked:
            reason = replies[each.job_id]["finish_reason"]
            assert reason == "stop" or (reason == "cancelled" and each.job_id in self.stopped)

    def until_all_ended(self) -> None:
        for asked in self.asked.values():
            for each in asked:
                self.wait(self.client.until_ended(each.job_id, within_s=ENDED_S))

    def post(self, path: str, body: object) -> Any:
        return self.wait(self.ground.api.call("POST", path, body=body))

    def call(self, method: str, path: str) -> Any:
        caller = a_caller(self.client.user_id)
        return self.wait(self.ground.api.call(method, path, caller=caller))

    def wait(self, doing: Awaitable[T]) -> T:
        """Do it in the rig's loop."""

        async def do() -> T:
            return await doing

        doing_it = asyncio.run_coroutine_threadsafe(do(), self.loop)
        self.turn.release()
        try:
            return doing_it.result(timeout=2 * ENDED_S)
        finally:
            self.turn.acquire()


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Let Hypothesis tell `count` stories of up to `STEPS` steps."""
    ground.llm.choose = numbered_answers(pieces=6, pieces_per_s=30)
    await ground.start_gateway()
    await ground.start_workers(WORKERS)
    Story.ground, Story.loop = ground, asyncio.get_running_loop()
    chances = [ground.random.getrandbits(32) for _ in range(min(count, AT_ONCE))]
    shares = [count // len(chances) + (i < count % len(chances)) for i in range(len(chances))]
    telling = [asyncio.to_thread(_tell, *each) for each in zip(shares, chances, strict=True)]
    for end in await asyncio.gather(*telling, return_exceptions=True):
        if isinstance(end, AssertionError | TimeoutError):
            ground.require(False, "\n".join([str(end), *getattr(end, "__notes__", [])]))  # noqa: FBT003 - found
        elif end is not None:
            raise end
    return {"jobs": sum(1 for line in ground.history.lines() if line["what"] == "accepted")}


def _tell(count: int, chance: int) -> None:
    how = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # a story told again meets another world: nothing to shrink
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
    )
    with Story.turn:
        run_state_machine_as_test(seed(chance)(Story), settings=how)


SCENARIO = Scenario(
    name="stateful",
    row="17",
    title="Users who send, leave, return, stop, sign out and refresh in any order",
    full=300,
    short=4,
    run=run,
)
