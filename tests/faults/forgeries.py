"""Access tokens that are none: each like a good one in all but what its name says."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from prosa.claims import LEEWAY
from prosa.ids import UserId
from prosa.tokens import SigningKey

_NO_KIDS: Mapping[str, Any] = {"null": None, "list": [], "object": {}, "number": 1}
_LONG = timedelta(minutes=5)
_JUST_BEYOND = LEEWAY + timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True)
class Forger:
    """Knows all that anybody may know, and for most of its tokens even our key."""

    key: SigningKey
    public_pem: str
    user_id: UserId
    refresh_token: str
    chance: random.Random

    def good(self) -> str:
        """What all others are measured against."""
        return self._signed()

    def headers(self) -> Mapping[str, str | None]:
        """`Authorization` headers that must get nobody in, each by its name."""
        tokens = {**self._unsigned(), **self._of_other_keys(), **self._changed(), **self._claims()}
        good = self.good()
        return {
            **{name: f"Bearer {token}" for name, token in tokens.items()},
            "refresh_token": f"Bearer {self.refresh_token}",
            "no_header": None,
            "empty_header": "",
            "scheme_alone": "Bearer",
            "basic": f"Basic {base64.b64encode(good.encode()).decode()}",
            "no_scheme": good,
            "two_tokens": f"Bearer {good} {good}",
            "comma": f"Bearer {good},{good}",
        }

    def _unsigned(self) -> dict[str, str]:
        """No signature, or one that anybody can make of what is public."""
        head, body, _ = self._signed().split(".")
        found = {f"alg_{name}": f"{_with(head, alg=name)}.{body}." for name in ("none", "NoNe", "")}
        raw = jwt.get_algorithm_by_name("EdDSA").prepare_key(self.public_pem)
        secrets = {"pem": self.public_pem.encode(), "raw": raw.public_bytes_raw(), "empty": b""}
        for name, secret in secrets.items():
            signing = f"{_with(head, alg='HS256')}.{body}".encode()
            algorithm = jwt.get_algorithm_by_name("HS256")
            signature = _base64url(algorithm.sign(signing, secret))
            found[f"hs256_{name}"] = f"{signing.decode()}.{signature}"
        return found

    def _of_other_keys(self) -> dict[str, str]:
        """A stranger's signature, whatever the header says of the key."""
        pem, public = _strange_key()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public)}
        return {
            "strange_key": self._signed(pem=pem),
            "jwk": self._signed(pem=pem, headers={"jwk": jwk}),
            "jku": self._signed(pem=pem, headers={"jku": "http://127.0.0.1:1/keys"}),
            "x5u": self._signed(pem=pem, headers={"x5u": "http://127.0.0.1:1/keys"}),
            **{
                f"kid_{name}": self._signed(pem=pem, headers={"kid": kid})
                for name, kid in {
                    "unknown": "another",
                    "path": "../../dev/null",
                    "empty": "",
                }.items()
            },
            "our_key_unknown_kid": self._signed(headers={"kid": "another"}),
            **{
                f"kid_{name}": _with_head(self._signed(), kid=kid) for name, kid in _NO_KIDS.items()
            },
        }

    def _changed(self) -> dict[str, str]:
        """A good token that was touched."""
        head, body, signature = self._signed().split(".")
        other = self._signed(sid="another").split(".")[2]
        cut = self.chance.randint(1, len(signature) - 1)
        return {
            "other_user": _with_body(self._signed(), sub="usr_01J00000000000000000000000"),
            "longer_life": _with_body(self._signed(), exp=4102444800),
            "truncated": f"{head}.{body}.{signature[:cut]}",
            "no_signature": f"{head}.{body}.",
            "bit_flipped": f"{head}.{body}.{self._flipped(signature)}",
            "signature_of_another": f"{head}.{body}.{other}",
            "four_parts": f"{head}.{body}.{signature}.{signature}",
            "two_parts": f"{head}.{body}",
            "swapped": f"{body}.{head}.{signature}",
            "not_base64": f"{head}.€.{signature}",
            "deep": f"{_base64url(b'[' * 5000)}.{body}.{signature}",
            "long": "a" * 9000,
        }

    def _claims(self) -> dict[str, str]:
        """Signed by us, and still no access token, or not now."""
        now = datetime.now(UTC)
        wrong: dict[str, Any] = {
            "aud": "prosa-refresh",
            "iss": "another",
            "exp": now - _JUST_BEYOND,
            "iat": now + _JUST_BEYOND + _LONG,
            "nbf": now + _LONG,
            "sub": 7,
        }
        nonsense: dict[str, Any] = {"exp": "never", "iat": "once", "aud": 7, "iss": ["prosa"]}
        required = ("exp", "iat", "sub", "aud", "iss", "jti", "sid")
        return {
            **{f"wrong_{name}": self._signed(**{name: value}) for name, value in wrong.items()},
            **{f"odd_{name}": self._signed(**{name: value}) for name, value in nonsense.items()},
            "endless": self._signed(exp=10**30),
            **{f"without_{name}": self._signed(**{name: None}) for name in required},
            **{f"typ_{typ}": self._signed(headers={"typ": typ}) for typ in ("JWT", "rt+jwt", None)},
        }

    def _signed(
        self, *, pem: str | None = None, headers: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """A good token but for what is given; a claim of None is left out."""
        now = datetime.now(UTC)
        all_claims: dict[str, Any] = {
            "iss": "prosa",
            "aud": "prosa-api",
            "sub": self.user_id,
            "sid": "session",
            "jti": f"{self.chance.getrandbits(64):x}",
            "iat": now,
            "exp": now + _LONG,
        } | claims
        sent = {name: value for name, value in all_claims.items() if value is not None}
        # PyJWT makes no token with claims that are none: so these are signed as they are.
        head = {"alg": "EdDSA", "kid": self.key.kid, "typ": "at+jwt"} | dict(headers or {})
        signing = f"{_encoded(head)}.{_encoded(sent)}"
        algorithm = jwt.get_algorithm_by_name("EdDSA")
        private = algorithm.prepare_key(pem or self.key.private_pem)
        return f"{signing}.{_base64url(algorithm.sign(signing.encode(), private))}"

    def _flipped(self, signature: str) -> str:
        raw = bytearray(_raw(signature))
        raw[self.chance.randrange(len(raw))] ^= 1 << self.chance.randrange(8)
        return _base64url(bytes(raw))


def _strange_key() -> tuple[str, bytes]:
    """A key that is not ours: PEM, and the raw public half."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, key.public_key().public_bytes_raw()


def _with_head(token: str, **fields: Any) -> str:
    head, body, signature = token.split(".")
    return f"{_with(head, **fields)}.{body}.{signature}"


def _with_body(token: str, **claims: Any) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{_with(body, **claims)}.{signature}"


def _with(part: str, **fields: Any) -> str:
    return _encoded(json.loads(_raw(part)) | fields)


def _encoded(fields: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(fields, default=_seconds).encode())


def _seconds(value: object) -> int:
    assert isinstance(value, datetime), value
    return int(value.timestamp())


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
