"""`prosa dlq` against real queues: what it shows, and that no promise gets a second reply."""

from __future__ import annotations

import asyncio

from prosa.dead_letters import MOVED_BY_SQS
from prosa.jobs import JobStatus
from prosa.store.jobs import Claimed
from tests.builders import a_reply
from tests.integration.dead_letters.conftest import Cli, Morgue, StartWorker, Watch
from tests.integration.worker.world import World, eventually
from tests.llm_server.server import LlmServer


async def test_it_lists_by_conversation_and_reason(world: World, morgue: Morgue, cli: Cli) -> None:
    job = morgue.dead_job(attempts=2)
    morgue.bury_body("{not json", reason="body: Invalid JSON")
    poison, dead = await cli.json("list")
    assert (poison["reason"], poison["job_id"]) == ("body: Invalid JSON", None)
    assert (dead["reason"], dead["attempts"]) == (MOVED_BY_SQS, 2)
    assert (dead["job_id"], dead["conversation_id"]) == (job.job_id, job.conversation_id)
    assert dead["job_status"] == "queued" or dead["job_status"] == "running"
    assert dead["age_s"] >= 0
    assert dead["receives"] >= 1
    assert len(world.dead_letters()) == 2  # and gives them back


async def test_it_shows_one(morgue: Morgue, world: World, cli: Cli) -> None:
    job = morgue.dead_job()
    morgue.dead_job("Another?")
    (letter,) = await cli.json("show", job.job_id)
    assert letter["body"] == world.message_of(job)
    assert letter["job"]["reply_id"] == job.reply_id
    missing = await asyncio.to_thread(cli.run, "show", "job_none")
    assert (missing.returncode, missing.stdout) == (1, "")


async def test_redriven_jobs_get_one_reply_each(
    world: World,
    morgue: Morgue,
    cli: Cli,
    watch: Watch,
    llm: LlmServer,
    start_worker: StartWorker,
) -> None:
    """Some the watch has failed, some not yet, one had used up its attempts."""
    jobs = [morgue.dead_job(f"Question {n}", attempts=n) for n in range(5)]
    watch()
    jobs += [morgue.dead_job(f"Question {n}", attempts=1) for n in (5, 6)]
    start_worker()
    done = await cli.json("redrive", "--all")
    assert {each["action"] for each in done} == {"redriven"}
    assert {each["job_id"] for each in done} == {job.job_id for job in jobs}

    await eventually(lambda: all(world.kinds(job)[-1:] == ["reply.completed"] for job in jobs))
    await eventually(world.is_queue_empty)
    for n, job in enumerate(jobs):
        page = world.conversations.messages(job.conversation_id, limit=10, cursor=None)
        assert [m.content for m in page.items] == [f"Question {n}", f"You said: Question {n}"]
        assert [e.type for e in world.events(job)].count("reply.completed") == 1
        assert world.job(job).status is JobStatus.DONE
    assert len(llm.requests) == len(jobs)
    assert morgue.bodies() == []


async def test_a_crash_between_sending_and_deleting_makes_no_second_reply(
    world: World, morgue: Morgue, cli: Cli, watch: Watch, llm: LlmServer, start_worker: StartWorker
) -> None:
    job = morgue.dead_job()
    watch()
    await cli.json("redrive", job.job_id)
    morgue.bury(job)  # as if it had not been deleted
    start_worker()
    await eventually(lambda: world.kinds(job)[-1:] == ["reply.completed"])
    (again,) = await cli.json("redrive", job.job_id)
    assert (again["action"], again["note"]) == ("dropped", "its job is done already")
    await eventually(world.is_queue_empty)
    assert morgue.bodies() == []
    assert world.kinds(job).count("reply.completed") == 1
    assert len(llm.requests) == 1


async def test_a_turn_the_talk_went_past_is_not_answered_any_more(
    world: World, morgue: Morgue, cli: Cli, watch: Watch
) -> None:
    job = morgue.dead_job()
    watch()
    world.accept("Never mind", conversation_id=job.conversation_id, parent_id=job.reply_id)
    before = world.job(job)
    (kept,) = await cli.json("redrive", "--reason", MOVED_BY_SQS)
    assert kept["action"] == "kept"
    assert kept["note"].startswith("superseded")
    assert world.job(job) == before
    assert world.reply(job).failure is not None
    assert world.is_queue_empty()
    assert morgue.bodies() == [world.message_of(job)]


async def test_what_makes_no_sense_is_not_sent_again(morgue: Morgue, cli: Cli) -> None:
    morgue.bury_body("{not json", reason="body: Invalid JSON")
    (kept,) = await cli.json("redrive", "--all")
    assert kept["action"] == "kept"
    (dropped,) = await cli.json("drop", "--reason", "body: Invalid JSON")
    assert dropped["action"] == "dropped"
    assert morgue.bodies() == []


async def test_what_still_has_no_end_is_not_dropped(
    world: World, morgue: Morgue, cli: Cli, watch: Watch
) -> None:
    job = morgue.dead_job()
    other = morgue.dead_job("Another?")
    (kept,) = await cli.json("drop", job.job_id)
    assert kept["action"] == "kept"
    watch()
    (dropped,) = await cli.json("drop", job.job_id)
    assert dropped["action"] == "dropped"
    assert morgue.bodies() == [world.message_of(other)]
    assert world.reply(job).failure is not None


async def test_an_answer_is_never_taken_away(world: World, morgue: Morgue, cli: Cli) -> None:
    job = morgue.dead_job()
    claim = world.jobs.claim(job.job_id, "worker")
    assert isinstance(claim, Claimed)
    world.jobs.finish(claim.job, a_reply(claim.job))
    (dropped,) = await cli.json("redrive", "--all")
    assert (dropped["action"], dropped["note"]) == ("dropped", "its job is done already")
    assert world.reply(job) == a_reply(claim.job)
    assert world.is_queue_empty()


async def test_it_wants_one_choice_and_its_settings(cli: Cli) -> None:
    unclear = await asyncio.to_thread(cli.run, "redrive", "--all", "--reason", "x")
    assert unclear.returncode == 2
    blind = Cli({"PATH": cli.environment["PATH"]})
    unset = await asyncio.to_thread(blind.run, "list")
    assert (unset.returncode, unset.stdout) == (2, "")
    assert "PROSA_" in unset.stderr
