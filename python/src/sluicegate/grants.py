"""Grants: the service's signed permission for one upload straight to the gate.

    @app.post("/api/avatar-grants")
    def grant(user: Annotated[User, Depends(current_user)]) -> dict[str, str]:
        token = mint_grant(
            secret=os.environ["GRANT_SECRET"],
            gate="https://uploads.example.com",
            flow="avatars",
            principal=user.id,
            max_bytes=2_000_000,
        )
        return {"upload_to": "https://uploads.example.com/api/avatars", "token": token}

The client then sends the upload to the gate with ``Authorization: Bearer <token>``. The gate takes it once: a refused
or broken upload can be tried again with the same grant until it expires; after one that went through it is used up.

The flow has ``permissions: { caller: grant }``; the gate's settings name the secret, or the public keys, under
``callers.grant``.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sluicegate.minting import (
    INTEGER_MAX,
    PrivateKey,
    Secret,
    gate_issuer,
    is_whole_number,
    public_jwk_set,
    sign_token,
    utf16_length,
    validity,
)

__all__ = ["GRANT_TYPE", "mint_grant", "public_jwk_set"]

GRANT_TYPE = "sluicegate-grant+jwt"
GRANT_LIFETIME = timedelta(minutes=5)

_PRINCIPAL_CHARS_MAX = 200
_TYPES_MAX = 50
_NOT_IN_NAMES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}/[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def mint_grant(  # noqa: PLR0913 - each is one thing that the grant says
    *,
    gate: str,
    flow: str,
    principal: str,
    secret: Secret | None = None,
    key: PrivateKey | str | bytes | None = None,
    key_id: str | None = None,
    lifetime: timedelta = GRANT_LIFETIME,
    max_bytes: int | None = None,
    max_files: int | None = None,
    types: Sequence[str] | None = None,
    sha256: str | None = None,
) -> str:
    """Makes a permission for one upload.

    ``gate``       ``receipts.issuer`` of the gate's settings: its URL.
    ``flow``       name of the one flow that the grant opens.
    ``principal``  who sends; stands in the gate's records and in receipts. An id is better than a name.
    ``secret``     the one of ``callers.grant`` in the gate's settings, at least 32 bytes; or
    ``key``        a private key, Ed25519 or P-256, as an object or PEM; ``key_id`` where the public set names it.
    ``lifetime``   until the upload has to begin; the gate refuses more than its settings allow.
    ``max_bytes``, ``max_files``, ``types``, ``sha256``
                   the largest file, how many files, which media types, the SHA-256 of the one file: each only ever
                   narrows what the flow takes.

    Raises ``ValueError`` or ``TypeError`` for what the gate would refuse.
    """
    claims: dict[str, Any] = {
        "aud": gate_issuer(gate),
        "sub": _checked_principal(principal),
        "flow": _checked_flow(flow),
        "jti": secrets.token_urlsafe(18),
        **validity(lifetime),
        "max_bytes": _checked_number("max_bytes", max_bytes, 0),
        "max_files": _checked_number("max_files", max_files, 1),
        "types": _checked_types(types),
        "sha256": _checked_digest(sha256),
    }
    said = {name: value for name, value in claims.items() if value is not None}
    return sign_token(GRANT_TYPE, said, secret=secret, key=key, key_id=key_id)


def _checked_flow(flow: str) -> str:
    if not isinstance(flow, str) or not flow:
        raise ValueError("flow is the name of a flow, such as avatars")
    return flow


def _checked_principal(principal: str) -> str:
    if not isinstance(principal, str):
        raise TypeError("principal is a text; write str(user.id) for a number")
    length = utf16_length(principal)
    is_plain = not any(unicodedata.category(char) in _NOT_IN_NAMES for char in principal)
    if length is None or not 1 <= length <= _PRINCIPAL_CHARS_MAX or not is_plain or principal.strip() != principal:
        raise ValueError(
            f"principal has 1 to {_PRINCIPAL_CHARS_MAX} characters, none of them invisible, and no space around it"
        )
    return principal


def _checked_number(name: str, value: int | None, least: int) -> int | None:
    if value is not None and not is_whole_number(value, least):
        raise ValueError(f"{name} is a whole number from {least} to {INTEGER_MAX}")
    return value


def _checked_types(types: Sequence[str] | None) -> list[str] | None:
    if types is None:
        return None
    if isinstance(types, str):
        raise TypeError('types is a list of media types, such as ["image/png"]')
    listed = [str(name).lower() for name in types]
    bad = [name for name in listed if not _MEDIA_TYPE.fullmatch(name)]
    if bad:
        raise ValueError(f"{bad[0]!r} is not a media type without parameters, such as image/png")
    if not 1 <= len(listed) <= _TYPES_MAX:
        raise ValueError(f"types has 1 to {_TYPES_MAX} media types; leave it out to take what the flow takes")
    return listed


def _checked_digest(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    digest = sha256.lower() if isinstance(sha256, str) else ""
    if not _SHA256.fullmatch(digest):
        raise ValueError("sha256 is the SHA-256 of the file as 64 hexadecimal digits: hashlib.sha256(data).hexdigest()")
    return digest
