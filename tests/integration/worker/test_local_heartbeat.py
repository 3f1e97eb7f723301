"""A local model that computes for long cannot stop the heartbeats of the messages it answers.

It runs in a thread of the worker's own process: one step that kept the interpreter's lock for
seconds would let every message in hand become visible again, and be answered a second time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from prosa.jobs import Job, JobStatus
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.world import World, eventually
from worker.llm.local import MODELS

JOBS = 4
VISIBILITY_S = 2
OUTPUT_TOKENS = 250


@pytest.fixture
def slow_model(tmp_path: Path) -> str:
    """A model some 12 times as large as the one in the box, whose random weights never end."""
    reader: Any = AutoTokenizer
    tokenizer = reader.from_pretrained(MODELS / "prosa-tiny")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=768,
        intermediate_size=2048,
        num_hidden_layers=6,
        num_attention_heads=12,
        num_key_value_heads=12,
        max_position_embeddings=1024,
        eos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    network: Any = LlamaForCausalLM(config)
    network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    return f"local:{tmp_path}"


async def test_messages_stay_invisible_while_a_local_model_computes(
    world: World, slow_model: str, start_worker: StartWorker
) -> None:
    worker = start_worker(
        PROSA_MODELS=slow_model,
        PROSA_WORKER_VISIBILITY_S=str(VISIBILITY_S),
        PROSA_WORKER_CONCURRENCY=str(JOBS),
        PROSA_MAX_OUTPUT_TOKENS=str(OUTPUT_TOKENS),
    )
    jobs = [world.ask(f"Question {n}") for n in range(JOBS)]
    await eventually(lambda: len(worker.logged("job_claimed")) == JOBS)
    start_worker()  # takes whatever the first lets go
    for job in jobs:
        await eventually(lambda job=job: world.is_final(job), timeout_s=90)

    ended = [world.job(job) for job in jobs]
    assert {job.status for job in ended} == {JobStatus.DONE}
    assert min(_took_s(job) for job in ended) > 2 * VISIBILITY_S
    assert [job.attempt for job in ended] == [1] * JOBS
    metrics = worker.get("/metrics")[1]
    assert re.search(r"^prosa_worker_leases_lost_total 0\.0$", metrics, re.MULTILINE)


def _took_s(job: Job) -> float:
    assert job.finished_at is not None
    return (job.finished_at - job.attempts[0].started_at).total_seconds()
