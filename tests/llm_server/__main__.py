"""`python -m tests.llm_server --port 9000 [--rate 50]`: the server by itself, for benchmarks.

It answers every question with the same text, `--rate` pieces a second or as fast as it goes.
"""

from __future__ import annotations

import argparse
import signal

from tests.llm_server.script import Script
from tests.llm_server.server import llm_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--pieces", type=int, default=100)
    arguments = parser.parse_args()
    with llm_server(port=arguments.port) as server:
        server.default = Script(
            text="word " * arguments.pieces, piece_chars=5, pieces_per_s=arguments.rate
        )
        print(server.url, flush=True)  # noqa: T201 - the caller reads it
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
