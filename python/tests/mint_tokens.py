"""Prints, as one JSON line, grants and links as a service mints them, for the gate's own tests to read.

Arguments: the gate's issuer, the shared secret.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.downloads import download_url
from sluicegate.grants import mint_grant, public_jwk_set

NARROW: dict[str, Any] = {
    "max_bytes": 2_000_000,
    "max_files": 2,
    "types": ["image/png", "Image/JPEG"],
    "sha256": "0F" * 32,
}
UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y"


def minted(gate: str, **signer: Any) -> dict[str, Any]:
    common: dict[str, Any] = {"gate": gate, "flow": "avatars"}
    return {
        "plain": mint_grant(**common, principal="Zoë ✓ 7", **signer),
        "narrow": mint_grant(**common, principal="7", lifetime=timedelta(hours=1), **NARROW, **signer),
        "tooLong": mint_grant(**common, principal="7", lifetime=timedelta(hours=1, milliseconds=1), **signer),
        "other": mint_grant(gate="https://other.example.com", flow="avatars", principal="7", **signer),
        "link": download_url(gate=f"{gate}/", upload_id=UPLOAD_ID, file=1, name="Übersicht.pdf", **signer),
        "behind": download_url(gate="http://127.0.0.1:8080", issuer=gate, upload_id=UPLOAD_ID, **signer),
    }


def main() -> None:
    gate, secret = sys.argv[1:]
    ed25519 = Ed25519PrivateKey.generate()
    p256 = ec.generate_private_key(ec.SECP256R1())
    pem = p256.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    printed = {
        "secret": minted(gate, secret=secret),
        "ed25519": minted(gate, key=ed25519),
        "p256": minted(gate, key=pem.decode()),
        "jwks": public_jwk_set(ed25519, pem),
    }
    sys.stdout.write(json.dumps(printed) + "\n")


if __name__ == "__main__":
    main()
