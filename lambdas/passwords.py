"""Passwords as Argon2id hashes (https://cheatsheetseries.owasp.org, Password Storage)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Above OWASP's least (19 MiB, 2 passes): a tenth of a second on a core. One lane, as a function of
# 1 GB has less than a core.
MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 1

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

# The hash of no password: 16 zero bytes of salt, 32 of hash. Checking against it takes as long as
# checking against a real one, so the time of an answer does not tell whether an address is known.
_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


def hash_password(password: str) -> str:
    """Hash a password under today's parameters, with a salt of its own."""
    return _hasher.hash(password)


def is_password(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one hashed; None, for no such user, takes as long and is not."""
    try:
        return _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made under other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
