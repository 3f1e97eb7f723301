"""Signing in and out: guests, registration, passwords, and tokens that renew themselves.

What makes an account or hashes a password is counted per IP address, and guesses at one account per
account as well, before the work is done.
"""

from __future__ import annotations

import secrets

from lambdas.access_tokens import AccessTokens
from lambdas.caller import Caller
from lambdas.emails import normalise_email
from lambdas.passwords import hash_password, is_password, needs_rehash
from lambdas.rate_limit import RateLimit
from lambdas.refusals import Forbidden
from lambdas.schemas import Credentials, PasswordChange, Session
from lambdas.settings import EdgeSettings
from prosa.claims import ACCESS_TOKEN_TTL_S, AccessClaims
from prosa.conversation import User
from prosa.errors import BadCredentials, Conflict, NotFound, SessionRevoked
from prosa.networks import network_of
from prosa.store.sessions import RefreshToken, SessionStore
from prosa.store.users import UserStore


class SignIn:
    """Methods raise Unauthenticated and its kinds, TooMany, and Unavailable for an outage."""

    def __init__(
        self,
        *,
        users: UserStore,
        sessions: SessionStore,
        tokens: AccessTokens,
        rate_limit: RateLimit,
        settings: EdgeSettings,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self._rate_limit = rate_limit
        self._settings = settings

    def guest(self, *, ip: str) -> Session:
        """Make someone without an address. Raises Forbidden where guests are off."""
        if self._settings.guests == "off":
            raise Forbidden("guests_disabled", "There are no guests here. Register, please.")
        self._count_address(ip)
        return self._begin(self._users.create_guest())

    def register(self, credentials: Credentials, *, ip: str, guest: AccessClaims | None) -> Session:
        """Make someone with an address; `guest` keeps what they said. Raises EmailTaken, Conflict.

        A guest's session ends: who saw its tokens has none of the account that came of it.
        """
        self._count_address(ip)
        email = normalise_email(credentials.email)
        password_hash = hash_password(credentials.password)
        if guest is None:
            return self._begin(self._users.register(email, password_hash))
        try:
            user = self._users.register_guest(guest.user_id, email, password_hash)
        except NotFound as exc:
            raise Conflict("This account is registered already. Sign out first.") from exc
        session = self._begin(user)
        self._sessions.revoke(user.user_id, guest.session_id)
        return session

    def login(self, credentials: Credentials, *, ip: str) -> Session:
        """Sign someone in. Raises BadCredentials, the same for an address that is not known."""
        self._count_address(ip)
        email = normalise_email(credentials.email)
        self._rate_limit.count(self._settings.rate_sign_in_account, "login", email)
        found = self._users.credentials_of(email)
        is_right = is_password(found.password_hash if found else None, credentials.password)
        if found is None or not is_right:
            raise BadCredentials
        if needs_rehash(found.password_hash):
            new_hash = hash_password(credentials.password)
            self._users.replace_password_hash(found.user.user_id, new_hash)
        return self._begin(found.user)

    def refresh(self, refresh_token: str) -> Session:
        """Take a refresh token and give the next pair. Raises SessionRevoked."""
        successor = self._sessions.rotate(refresh_token)
        user = self._users.find(successor.user_id)
        if user is None:
            raise SessionRevoked
        return self._session(user, successor)

    def logout(self, refresh_token: str) -> None:
        """End a session. Raises SessionRevoked for what was never a token of ours."""
        self._sessions.end(refresh_token)

    def change_password(self, change: PasswordChange, *, ip: str, caller: Caller) -> None:
        """Change the caller's password and end their other sessions.

        Raises Forbidden for a guest and for a wrong password, Conflict for a race.
        """
        self._count_address(ip)
        self._rate_limit.count(self._settings.rate_sign_in_account, "password", caller.user_id)
        try:
            found = self._users.credentials_of_user(caller.user_id)
        except NotFound as exc:
            raise Forbidden("no_password", "A guest has no password. Register, please.") from exc
        if not is_password(found.password_hash, change.current_password):
            raise Forbidden("wrong_password", "The current password is another one.")
        new_hash = hash_password(change.new_password)
        self._users.change_password_hash(caller.user_id, old=found.password_hash, new=new_hash)
        self._sessions.revoke_others(caller.user_id, but=caller.session_id)

    def _count_address(self, ip: str) -> None:
        self._rate_limit.count(self._settings.rate_sign_in_ip, "sign-in", network_of(ip))

    def _begin(self, user: User) -> Session:
        return self._session(user, self._sessions.begin(user.user_id))

    def _session(self, user: User, token: RefreshToken) -> Session:
        access_token = self._tokens.sign(
            user.user_id, token.session_id, token_id=secrets.token_urlsafe(16)
        )
        return Session(
            access_token=access_token,
            expires_in=ACCESS_TOKEN_TTL_S,
            refresh_token=token.text,
            user=user,
        )
