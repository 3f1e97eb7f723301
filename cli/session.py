"""Who this terminal is signed in as: one file per server, readable by its owner only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import typer


class SessionFile:
    """Keeps the refresh token of one server between runs."""

    def __init__(self, url: str) -> None:
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        self._path = Path(typer.get_app_dir("prosa")) / f"session-{name}.json"

    def load(self) -> str | None:
        """The refresh token, or None when there is none that can be read."""
        try:
            token = json.loads(self._path.read_text())["refresh_token"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return token if isinstance(token, str) else None

    def save(self, refresh_token: str) -> None:
        """Write the token. It is good once, so it is replaced whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"refresh_token": refresh_token}))
        draft.replace(self._path)
