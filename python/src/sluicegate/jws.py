"""Compact JWS with Ed25519 signatures, and nothing else of JOSE.

In: a token from outside. Out: header and payload of a token whose signature holds. The header is looked at before the
signature is checked for three things only: algorithm, type and key id. Key material in a header (``jwk``, ``jku``,
``x5c`` ...) is never looked at.

See RFC 7515 section 5.2, RFC 8037 section 3.1, RFC 8725 sections 3.1 and 3.11.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sluicegate.errors import ReceiptError

TOKEN_CHARS_MAX = 8192
ALGORITHM = "EdDSA"

KeyFinder = Callable[[str], Ed25519PublicKey]


def verify_jws(token: str, *, typ: str, find_key: KeyFinder) -> dict[str, Any]:
    """Checks the signature and returns the payload, a JSON object.

    ``find_key`` gets the key id and raises ``ReceiptError`` where there is no such key.
    Raises ``ReceiptError``: RECEIPT_TOO_LARGE, RECEIPT_MALFORMED, RECEIPT_ALGORITHM, RECEIPT_TYPE, RECEIPT_SIGNATURE.
    """
    if len(token) > TOKEN_CHARS_MAX:
        raise ReceiptError("RECEIPT_TOO_LARGE", f"A receipt has at most {TOKEN_CHARS_MAX} characters.")
    segments = token.split(".")
    if len(segments) != 3:
        raise ReceiptError("RECEIPT_MALFORMED", "A receipt has three parts with a dot between them.")
    header = _json_object(decode_base64url(segments[0]))
    key = find_key(_checked_key_id(header, typ))
    _check_signature(key, segments)
    return _json_object(decode_base64url(segments[1]))


def _checked_key_id(header: dict[str, Any], typ: str) -> str:
    # RFC 8725 section 3.1: the algorithm is ours to choose, never the token's.
    if header.get("alg") != ALGORITHM:
        raise ReceiptError("RECEIPT_ALGORITHM", f"A receipt is signed with {ALGORITHM}.")
    if header.get("typ") != typ:
        raise ReceiptError("RECEIPT_TYPE", "This token is not a receipt.")
    # RFC 7515 section 4.1.11: an extension that is not understood must be refused, and none is.
    if "crit" in header:
        raise ReceiptError("RECEIPT_MALFORMED", "A receipt has no critical header extensions.")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise ReceiptError("RECEIPT_MALFORMED", "A receipt names its key.")
    return key_id


def _check_signature(key: Ed25519PublicKey, segments: list[str]) -> None:
    signed = f"{segments[0]}.{segments[1]}".encode("ascii")
    try:
        key.verify(decode_base64url(segments[2]), signed)
    except InvalidSignature:
        raise ReceiptError("RECEIPT_SIGNATURE", "The receipt's signature does not hold.") from None


def decode_base64url(text: str) -> bytes:
    """Decodes base64url without padding; one text for one value, so a token cannot be respelt.

    Raises ``ReceiptError`` RECEIPT_MALFORMED. See RFC 7515 section 2, RFC 4648 section 3.5.
    """
    try:
        value = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        value = b""
    if encode_base64url(value) != text:
        raise ReceiptError("RECEIPT_MALFORMED", "A part of the receipt is not base64url.")
    return value


def encode_base64url(value: bytes) -> str:
    """Encodes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _json_object(value: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(value, object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ReceiptError("RECEIPT_MALFORMED", "A part of the receipt is not JSON.") from None
    if not isinstance(parsed, dict):
        raise ReceiptError("RECEIPT_MALFORMED", "A part of the receipt is not a JSON object.")
    return parsed


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 8725 section 3.10 and RFC 7519 section 4: two readings of one token must not exist.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
