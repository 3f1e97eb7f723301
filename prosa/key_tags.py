"""The hash tags of users' keys in Redis.

Users hash onto 64 tags, so that one script call can touch the keys of many users even on a Redis
cluster, where all keys of a call must live in one slot.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from prosa.ids import UserId

TAGS = 64


@lru_cache(maxsize=4096)
def tag_of(user_id: UserId) -> str:
    return f"e{crc32(user_id.encode()) % TAGS:02d}"
