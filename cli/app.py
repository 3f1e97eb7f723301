"""`prosa`: the commands of the terminal client."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import httpx
import typer

from cli import dlq
from cli.api import Api, ApiProblem
from cli.chat import Chat, TalkEnded
from cli.session import SessionFile
from cli.transcript import JsonLines, Plain, Transcript

app = typer.Typer(help="Talk to Prosa from a terminal.", no_args_is_help=True, add_completion=False)
app.add_typer(dlq.app, name="dlq")


@app.callback()
def root() -> None:
    """Talk to Prosa from a terminal."""


@app.command()
def chat(
    message: Annotated[
        str | None, typer.Argument(help="Say this and leave; without it, talk line by line.")
    ] = None,
    *,
    url: Annotated[
        str, typer.Option(envvar="PROSA_URL", help="Where Prosa is.")
    ] = "http://127.0.0.1:8080",
    conversation: Annotated[
        str | None, typer.Option("--conversation", "-c", help="Go on in this conversation.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="One of `GET /api/models`.")] = None,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON.")
    ] = False,
) -> None:
    """Chat; replies stream in. Ctrl-C stops a reply, and at the prompt leaves."""
    transcript: Transcript = JsonLines() if json_lines else Plain()
    try:
        asyncio.run(_chat(url, message, conversation, model, transcript))
    except (ApiProblem, TalkEnded) as problem:
        _leave(str(problem))
    except httpx.TransportError as exc:
        _leave(f"Prosa does not answer at {url} ({exc}). Is it running? `make run` starts it.")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _chat(
    url: str,
    message: str | None,
    conversation: str | None,
    model: str | None,
    transcript: Transcript,
) -> None:
    async with Api(url, SessionFile(url)) as api, Chat(api, transcript, conversation) as talk:
        if message is not None:
            if not await talk.ask(message, model=model):
                raise typer.Exit(1)
            return
        while line := await transcript.prompt():
            if line.strip():
                await talk.ask(line.strip(), model=model)


def _leave(why: str) -> None:
    print(why, file=sys.stderr)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line; the entry point of the `prosa` program."""
    app()
