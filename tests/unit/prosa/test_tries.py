"""`Job.tries` and `Job.crashes`: which attempts count against a job, and as what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.clock import utc_now
from prosa.jobs import Attempt, Excuse, Job, Redrive
from tests.builders import an_acceptance


def a_job(excused: list[Excuse | None], *, redriven_after: int | None = None) -> Job:
    attempts = tuple(Attempt(worker="w", started_at=utc_now(), excused=e) for e in excused)
    redrives = (
        () if redriven_after is None else (Redrive(at=utc_now(), after_attempt=redriven_after),)
    )
    job = an_acceptance().job
    return job.model_copy(
        update={"attempt": len(attempts), "attempts": attempts, "redrives": redrives}
    )


@pytest.mark.parametrize(
    ("excused", "redriven_after", "tries"),
    [
        ([], None, 0),
        ([None], None, 1),
        ([Excuse.DRAINING, None], None, 1),
        ([None, Excuse.OUTAGE, None], None, 2),
        ([None, None, None, None], 4, 0),
        ([Excuse.DRAINING, None, None], 2, 1),
        ([None, Excuse.LEASE_LOST, Excuse.DRAINING, None], 2, 1),
    ],
)
def test_excused_attempts_do_not_count(
    excused: list[Excuse | None], redriven_after: int | None, tries: int
) -> None:
    assert a_job(excused, redriven_after=redriven_after).tries == tries


@given(st.lists(st.sampled_from([None, *Excuse])), st.data())
def test_tries_are_what_is_left_of_the_attempts(
    excused: list[Excuse | None], data: st.DataObject
) -> None:
    after = data.draw(st.integers(min_value=0, max_value=len(excused)))
    assert a_job(excused, redriven_after=after).tries == excused[after:].count(None)


def test_crashes_are_the_attempts_of_which_nothing_more_was_heard() -> None:
    job = a_job([None, Excuse.DRAINING, None, None])
    attempts = list(job.attempts)
    attempts[2] = attempts[2].model_copy(update={"failed": True})
    job = job.model_copy(update={"attempts": tuple(attempts)})
    assert job.crashes == 2
    redriven = job.model_copy(update={"redrives": (Redrive(at=utc_now(), after_attempt=3),)})
    assert redriven.crashes == 1
