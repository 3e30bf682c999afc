"""Signed statements of the service to the gate, made with nothing but a secret or a private key.

In: claims and what to sign them with. Out: a JWT in compact form, which names its kind in the header, so that one kind
is never taken for another. Here is what grants and download links have in common; import ``sluicegate.grants`` and
``sluicegate.downloads``.

A shared secret signs with HS256 and needs the standard library only. A private key, Ed25519 (EdDSA) or P-256 (ES256),
never leaves the service: the gate gets ``public_jwk_set(key)``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sluicegate.jws import encode_base64url

SECRET_BYTES_MIN = 32
INTEGER_MAX = 2**53 - 1

Secret = str | bytes
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey
"""Ed25519, or an elliptic curve key on P-256."""


def sign_token(
    typ: str, claims: dict[str, Any], *, secret: Secret | None, key: PrivateKey | str | bytes | None, key_id: str | None
) -> str:
    """Signs with exactly one of ``secret`` and ``key`` (an object, or PEM). Raises ``ValueError``, ``TypeError``."""
    if (secret is None) == (key is None):
        raise ValueError("give either a secret or a key to sign with")
    header = {"typ": typ} if key_id is None else {"typ": typ, "kid": key_id}
    if secret is not None:
        secret_bytes = _checked_secret(secret)
        signed = _signed_text({"alg": "HS256", **header}, claims)
        signature = hmac.new(secret_bytes, signed, hashlib.sha256).digest()
    else:
        private_key = _private_key(key)
        signed = _signed_text({"alg": _algorithm(private_key), **header}, claims)
        signature = _signature(private_key, signed)
    return f"{signed.decode('ascii')}.{encode_base64url(signature)}"


def public_jwk_set(*keys: PrivateKey | str | bytes) -> dict[str, Any]:
    """The public halves of private keys, as the gate reads them from a file or URL (RFC 7517).

    Write it with ``json.dump``. While keys are being exchanged, give the new one and the old one.
    """
    if not keys:
        raise ValueError("give at least one key")
    return {"keys": [_public_jwk(_private_key(key)) for key in keys]}


def validity(lifetime: timedelta) -> dict[str, int]:
    """The claims ``iat`` and ``exp`` of a token that is valid from now on for so long."""
    if not isinstance(lifetime, timedelta):
        raise TypeError("lifetime is a timedelta, such as timedelta(minutes=5)")
    seconds = math.ceil(lifetime.total_seconds())
    if seconds < 1:
        raise ValueError("lifetime has to be longer than nothing")
    now = int(time.time())
    return {"iat": now, "exp": now + seconds}


def gate_issuer(url: str) -> str:
    """The gate's URL as it writes it itself, without a slash at the end."""
    parts = urlsplit(url)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise ValueError("the gate is named by its URL, such as https://uploads.example.com")
    return url.rstrip("/")


def is_whole_number(value: object, least: int) -> bool:
    """Whether a value is an integer from ``least`` to what JSON keeps exact (RFC 8259 section 6)."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= INTEGER_MAX


def utf16_length(text: str) -> int | None:
    """Characters as the gate counts them; ``None`` for a text that cannot be written down (a lone surrogate)."""
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        return None


def _checked_secret(secret: Secret) -> bytes:
    value = secret.encode() if isinstance(secret, str) else bytes(secret)
    # RFC 7518 section 3.2: a key for HS256 is at least as long as its hash.
    if len(value) < SECRET_BYTES_MIN:
        raise ValueError(f"the secret has {len(value)} bytes; at least {SECRET_BYTES_MIN} are needed")
    return value


def _private_key(key: PrivateKey | str | bytes | None) -> PrivateKey:
    if isinstance(key, str | bytes):
        pem = key.encode() if isinstance(key, str) else key
        try:
            loaded: object = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            # Without the cause: its text may quote what is no key but a secret.
            raise ValueError("the key is not an unencrypted private key in PEM") from None
    else:
        loaded = key
    if isinstance(loaded, Ed25519PrivateKey):
        return loaded
    if isinstance(loaded, ec.EllipticCurvePrivateKey) and isinstance(loaded.curve, ec.SECP256R1):
        return loaded
    raise ValueError("the key is neither an Ed25519 nor a P-256 private key")


def _algorithm(key: PrivateKey) -> str:
    return "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"


def _signature(key: PrivateKey, signed: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(signed)
    # RFC 7518 section 3.4: R and S, 32 bytes each, and not the ASN.1 around them.
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _signed_text(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    return f"{_segment(header)}.{_segment(claims)}".encode("ascii")


def _segment(value: dict[str, Any]) -> str:
    return encode_base64url(json.dumps(value, separators=(",", ":")).encode())


def _public_jwk(key: PrivateKey) -> dict[str, str]:
    named = {"use": "sig", "alg": _algorithm(key)}
    if isinstance(key, Ed25519PrivateKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(key.public_key().public_bytes_raw()), **named}
    numbers = key.public_key().public_numbers()
    x, y = (encode_base64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **named}
