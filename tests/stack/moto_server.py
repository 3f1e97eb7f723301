"""moto's server with what the tests need and it does not do: `python -m tests.stack.moto_server`.

Shims for the tests only; each says what AWS does. docs/emulators.md lists what stays missing.
"""

from __future__ import annotations

import sys

from moto.server import main

if __name__ == "__main__":
    main(sys.argv[1:])
