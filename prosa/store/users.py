"""Users, their passwords' hashes, and what they used today."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from prosa.clock import utc_now
from prosa.conversation import Usage, User
from prosa.errors import Conflict, EmailTaken, NotFound
from prosa.ids import UserId, new_user_id
from prosa.store.items import fields_of, read_as
from prosa.store.table import (
    ConditionRefused,
    Table,
    TransactionRefused,
    email_key,
    profile_key,
    usage_key,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and the argon2id hash to check a password against."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return f"Credentials(user={self.user.user_id}, password_hash=***)"


class UserStore:
    """Methods raise `Unavailable` for an outage. E-mail addresses come in normalised."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, user_id: UserId) -> User | None:
        item = self._table.get(profile_key(user_id))
        return read_as(User, item) if item else None

    def create_guest(self) -> User:
        """Make a user who has no address yet."""
        user = User(user_id=new_user_id(), is_guest=True, created_at=utc_now())
        self._table.put(
            profile_key(user.user_id), fields_of(user), condition="attribute_not_exists(PK)"
        )
        return user

    def register(self, email: str, password_hash: str) -> User:
        """Make a user with an address. Raises EmailTaken."""
        user = User(user_id=new_user_id(), email=email, is_guest=False, created_at=utc_now())
        profile = self._table.write_put(
            profile_key(user.user_id),
            fields_of(user) | {"password_hash": password_hash},
            condition="attribute_not_exists(PK)",
        )
        self._write_with_address(user, profile)
        return user

    def register_guest(self, guest: UserId, email: str, password_hash: str) -> User:
        """Give a guest an address and a password; what was said stays theirs.

        Raises EmailTaken; NotFound when `guest` is no guest (any more).
        """
        before = self.find(guest)
        if before is None or not before.is_guest:
            raise NotFound("guest")
        user = before.model_copy(update={"email": email, "is_guest": False})
        profile = self._table.write_update(
            profile_key(guest),
            "SET email = :email, is_guest = :no, password_hash = :hash",
            {":email": email, ":no": False, ":hash": password_hash, ":yes": True},
            condition="is_guest = :yes",
        )
        self._write_with_address(user, profile)
        return user

    def credentials_of(self, email: str) -> Credentials | None:
        """Who registered this address, and their password's hash."""
        address = self._table.get(email_key(email))
        if address is None:
            return None
        item = self._table.get(profile_key(UserId(address["user_id"])))
        if item is None:
            return None
        return Credentials(read_as(User, item), item["password_hash"])

    def credentials_of_user(self, user_id: UserId) -> Credentials:
        """The same for a user. Raises NotFound for nobody, and for a guest, who has none."""
        item = self._table.get(profile_key(user_id))
        if item is None or "password_hash" not in item:
            raise NotFound("password")
        return Credentials(read_as(User, item), item["password_hash"])

    def change_password_hash(self, user_id: UserId, *, old: str, new: str) -> None:
        """Store another password. Raises Conflict when it was changed since `old` was read."""
        try:
            self._table.update(
                profile_key(user_id),
                "SET password_hash = :new",
                {":new": new, ":old": old},
                condition="password_hash = :old",
            )
        except ConditionRefused as exc:
            raise Conflict("The password was changed just now.") from exc

    def replace_password_hash(self, user_id: UserId, password_hash: str) -> None:
        """Store the same password under today's parameters."""
        try:
            self._table.update(
                profile_key(user_id),
                "SET password_hash = :hash",
                {":hash": password_hash},
                condition="attribute_exists(PK)",
            )
        except ConditionRefused as exc:
            raise NotFound("user") from exc

    def usage_on(self, user_id: UserId, day: str) -> Usage:
        """Tokens used on `day` (`yyyy-mm-dd`, UTC)."""
        item = self._table.get(usage_key(user_id, day)) or {}
        return Usage(
            input_tokens=item.get("input_tokens", 0), output_tokens=item.get("output_tokens", 0)
        )

    def _write_with_address(self, user: User, profile: dict[str, object]) -> None:
        address = self._table.write_put(
            email_key(user.email or ""),
            {"user_id": user.user_id},
            condition="attribute_not_exists(PK)",
        )
        try:
            self._table.transact([address, profile], token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            if refusal.refused(0):
                raise EmailTaken from refusal
            raise NotFound("guest") from refusal
