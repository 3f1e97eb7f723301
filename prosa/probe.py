"""`python -m prosa.probe <url>`: does a GET of it answer 200? For the health checks of containers,
whose images have no curl.

Exit codes: 0 it does, 1 it does not, 2 wrong usage.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

TIMEOUT_S = 2.0


def main(arguments: list[str]) -> int:
    """Ask the one URL of the command line."""
    if len(arguments) != 1 or not arguments[0].startswith("http://"):
        sys.stderr.write("Usage: python -m prosa.probe http://<host>:<port>/<path>\n")
        return 2
    # A proxy of the environment is for the way out; this asks the container itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(arguments[0], timeout=TIMEOUT_S) as response:
            return 0 if response.status == 200 else 1
    except (urllib.error.URLError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
