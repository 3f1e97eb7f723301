"""Users and sessions on a real table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import prosa.store.sessions
from prosa.clock import utc_now
from prosa.errors import EmailTaken, NotFound, SessionRevoked
from prosa.ids import new_user_id
from tests.integration.prosa.conftest import Stores


def test_an_address_belongs_to_one_user(stores: Stores) -> None:
    stores.users.register("ana@example.com", "hash-1")
    with pytest.raises(EmailTaken):
        stores.users.register("ana@example.com", "hash-2")
    known = stores.users.credentials_of("ana@example.com")
    assert known is not None
    assert known.password_hash == "hash-1"


def test_twenty_who_want_one_address_leave_one_user(stores: Stores) -> None:
    def register(n: int) -> bool:
        try:
            stores.users.register("ana@example.com", f"hash-{n}")
        except EmailTaken:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(register, range(20))) == 1


def test_a_guest_who_registers_stays_the_same_user(stores: Stores) -> None:
    guest = stores.users.create_guest()
    user = stores.users.register_guest(guest.user_id, "ana@example.com", "hash")
    assert (user.user_id, user.is_guest) == (guest.user_id, False)
    assert stores.users.find(guest.user_id) == user
    with pytest.raises(NotFound):
        stores.users.register_guest(guest.user_id, "other@example.com", "hash")


def test_a_guest_cannot_take_an_address(stores: Stores) -> None:
    stores.users.register("ana@example.com", "hash")
    guest = stores.users.create_guest()
    with pytest.raises(EmailTaken):
        stores.users.register_guest(guest.user_id, "ana@example.com", "hash")
    assert stores.users.find(guest.user_id) == guest


def test_the_hash_is_not_shown(stores: Stores) -> None:
    stores.users.register("ana@example.com", "secret-hash")
    assert "secret-hash" not in repr(stores.users.credentials_of("ana@example.com"))


def test_a_token_is_good_for_one_rotation(stores: Stores) -> None:
    first = stores.sessions.begin(new_user_id())
    second = stores.sessions.rotate(first.text)
    third = stores.sessions.rotate(second.text)
    assert len({first.text, second.text, third.text}) == 3
    assert first.session_id == third.session_id


def test_twenty_rotations_at_once_give_one_successor(stores: Stores) -> None:
    first = stores.sessions.begin(new_user_id())
    with ThreadPoolExecutor(20) as pool:
        successors = pool.map(stores.sessions.rotate, [first.text] * 20)
        tokens = {token.text for token in successors}
    assert len(tokens) == 1
    assert stores.sessions.rotate(tokens.pop())


def test_a_used_token_ends_the_family_after_the_grace(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stores.sessions.begin(new_user_id())
    second = stores.sessions.rotate(first.text)
    later = utc_now() + timedelta(seconds=prosa.store.sessions.GRACE_S + 1)
    monkeypatch.setattr(prosa.store.sessions, "utc_now", lambda: later)
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(first.text)
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(second.text)


def test_a_token_two_steps_back_ends_the_family(stores: Stores) -> None:
    first = stores.sessions.begin(new_user_id())
    second = stores.sessions.rotate(first.text)
    third = stores.sessions.rotate(second.text)
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(first.text)
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(third.text)


def test_signing_out_ends_the_session(stores: Stores) -> None:
    token = stores.sessions.begin(new_user_id())
    stores.sessions.end(token.text)
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(token.text)


@pytest.mark.parametrize("text", ["", "x", "usr_x.family.1.secret", "...", "a.b.c.d.e"])
def test_an_invented_token_is_refused(stores: Stores, text: str) -> None:
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(text)


def test_a_token_with_another_number_is_refused(stores: Stores) -> None:
    user, family, _, secret = stores.sessions.begin(new_user_id()).text.split(".")
    with pytest.raises(SessionRevoked):
        stores.sessions.rotate(f"{user}.{family}.2.{secret}")


def test_the_table_holds_no_token(stores: Stores) -> None:
    token = stores.sessions.begin(new_user_id())
    item = stores.table.get((f"USER#{token.user_id}", f"SESSION#{token.session_id}"))
    assert item is not None
    assert token.text not in str(item)
