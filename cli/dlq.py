"""`prosa dlq`: the dead-letter queue, for operators. See docs/runbook.md."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from prosa.errors import ProsaError, SettingsError

if TYPE_CHECKING:
    from cli.dlq_gate import RedriveGate
    from cli.dlq_tools import Chosen, DlqTools, Done, Row

app = typer.Typer(
    help="Look after the messages that no worker could end. Needs PROSA_QUEUE_URL, "
    "PROSA_DEAD_LETTER_QUEUE_URL, PROSA_TABLE, PROSA_BUCKET and the usual AWS_* variables; "
    'for the local stack: make dlq ARGS="list".',
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(help="A job's id, or the message's own.")]
OneId = Annotated[str | None, typer.Argument(help="A job's id, or the message's own.")]
Reason = Annotated[str | None, typer.Option(help="All with this reason, as `list` shows it.")]
All = Annotated[bool, typer.Option("--all", help="All there are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")]


@app.command("list")
def list_letters(*, as_json: AsJson = False) -> None:
    """List what is there, by conversation and reason."""
    with _tools() as tools:
        rows = tools.rows()
    for row in rows:
        print(json.dumps(asdict(row)) if as_json else _line(row))
    if not rows and not as_json:
        print("The dead-letter queue is empty.")


@app.command()
def show(identifier: Id, *, as_json: AsJson = False) -> None:
    """Show one message, with its body and its job."""
    from cli.dlq_tools import one

    with _tools() as tools:
        found = tools.show(one(identifier))
    if not found:
        _leave(f"There is no dead letter {identifier}.")
    for letter in found:
        print(json.dumps(letter, indent=None if as_json else 2))


@app.command()
def redrive(
    identifier: OneId = None,
    *,
    reason: Reason = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Let the workers try again, ten a second. What has its answer is dropped, what was superseded
    stays. Refused while no model may be asked, so it needs PROSA_REDIS_URL and PROSA_MODELS too."""
    chosen = _chosen(identifier, reason, everything=everything)
    with _gate() as gate:
        _act(lambda tools: tools.redrive(chosen, gate), as_json=as_json)


@app.command()
def drop(
    identifier: OneId = None,
    *,
    reason: Reason = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """Remove messages for good. One whose user still waits for an end stays."""
    chosen = _chosen(identifier, reason, everything=everything)
    _act(lambda tools: tools.drop(chosen), as_json=as_json)


def _act(act: Callable[[DlqTools], Iterator[Done]], *, as_json: bool) -> None:
    """Print each as it is done, so that an interrupted run says how far it came."""
    was_found = False
    with _tools() as tools:
        for done in act(tools):
            was_found = True
            line = json.dumps(asdict(done)) if as_json else _done_line(done)
            print(line, flush=True)
    if not was_found:
        _leave("No such dead letter.")


def _chosen(identifier: str | None, reason: str | None, *, everything: bool) -> Chosen:
    from cli.dlq_tools import every, one, with_reason

    if [identifier is not None, reason is not None, everything].count(True) != 1:
        raise typer.BadParameter("name one of: an id, --reason, --all")
    if identifier is not None:
        return one(identifier)
    return with_reason(reason) if reason is not None else every()


@contextmanager
def _tools() -> Generator[DlqTools]:
    """Imported here: who chats pays nothing for the AWS SDK."""
    from cli.dlq_settings import DlqSettings
    from cli.dlq_tools import DlqTools

    try:
        yield DlqTools.from_settings(DlqSettings.from_environ())
    except SettingsError as exc:
        _leave(str(exc), code=2)
    except ProsaError as exc:
        _leave(exc.detail)


@contextmanager
def _gate() -> Generator[RedriveGate]:
    from cli.dlq_gate import RedriveGate
    from cli.dlq_settings import RedriveSettings

    try:
        settings = RedriveSettings.from_environ()
    except SettingsError as exc:
        _leave(str(exc), code=2)
    gate = RedriveGate.from_settings(settings)
    try:
        yield gate
    finally:
        gate.close()


def _line(row: Row) -> str:
    where = f"{row.conversation_id or '-'}  {row.job_id or row.message_id}"
    excused = f", {row.excused} of them not counted" if row.excused else ""
    job = f"{row.job_status or 'no job'}, {row.attempts} attempts{excused}"
    return f"{where}  {row.reason}  ({job}; here for {row.age_s} s, {row.receives} receives)"


def _done_line(done: Done) -> str:
    return f"{done.action}  {done.job_id or done.message_id}  {done.note}"


def _leave(why: str, *, code: int = 1) -> NoReturn:
    print(why, file=sys.stderr)
    raise typer.Exit(code)
