"""Makes a service's JSON log line readable: `reply.completed job_id=job_01... attempt=1`.

`console` passes every line through it; what is not JSON stays as it is.
"""

from __future__ import annotations

import json
from typing import Any

_HIDDEN = frozenset(
    {"timestamp", "service", "level", "message", "exception", "location", "function_request_id"}
)


def readable(line: str) -> list[str]:
    """Turn one line of output into the lines to show. A traceback becomes lines of its own."""
    record = _record(line)
    if record is None:
        return [line]
    level = str(record.get("level", "INFO"))
    words = [] if level == "INFO" else [level]
    words.append(str(record["message"]))
    words += [f"{name}={_value(value)}" for name, value in record.items() if name not in _HIDDEN]
    return [" ".join(words), *str(record.get("exception", "")).splitlines()]


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if "message" in record else None


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text else text
