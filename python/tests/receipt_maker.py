"""Makes receipts as the gate does, and as somebody who wants to be taken for the gate would."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.jws import encode_base64url
from sluicegate.receipts import RECEIPT_TYPE

ISSUER = "https://uploads.example.com"
AUDIENCE = "http://127.0.0.1:8000"
NOW = 1_800_000_000.0
BODY = b"the bytes of a small picture"

Json = dict[str, Any]


def claims_of(body: bytes = BODY, **changes: Any) -> Json:
    """Good claims of a receipt for ``POST /api/avatars``, with changes; ``None`` leaves a claim out."""
    claims: Json = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "jti": "receipt-1",
        "sub": "01jqzx4v0k5t8m3n7p9r2s6w4y",
        "flow": "avatars",
        "method": "POST",
        "route": "/api/avatars",
        "target": changes.get("route", "/api/avatars"),
        "field": "picture",
        "index": 0,
        "name": "me.jpg",
        "sha256": hashlib.sha256(body).hexdigest(),
        "size": len(body),
        "type": "image/jpeg",
        "declared_type": "image/pjpeg",
        "verdict": "accept",
        "policy": "00112233aabbccdd",
        "principal": "public",
        "key": "object-1",
        "path": "store/ab/object-1",
        "url": "/.sluicegate/files/object-1",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def segment(value: Json) -> str:
    return encode_base64url(json.dumps(value).encode())


class Signer:
    """A key pair with a key id."""

    def __init__(self, key_id: str = "key-1") -> None:
        self.key_id = key_id
        self.private_key = Ed25519PrivateKey.generate()

    @property
    def public_bytes(self) -> bytes:
        return self.private_key.public_key().public_bytes_raw()

    def jwk(self) -> Json:
        x = encode_base64url(self.public_bytes)
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.key_id, "x": x}

    def jwks(self) -> Json:
        return {"keys": [self.jwk()]}

    def header(self, **changes: Any) -> Json:
        header = {"alg": "EdDSA", "typ": RECEIPT_TYPE, "kid": self.key_id, **changes}
        return {name: value for name, value in header.items() if value is not None}

    def sign(self, header: Json, claims: Json) -> str:
        return self.sign_text(f"{segment(header)}.{segment(claims)}")

    def sign_text(self, signed: str) -> str:
        return f"{signed}.{encode_base64url(self.private_key.sign(signed.encode()))}"

    def receipt(self, body: bytes = BODY, **changes: Any) -> str:
        return self.sign(self.header(), claims_of(body, **changes))
