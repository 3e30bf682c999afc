"""The gate's public keys, by key id.

In: where the key set (RFC 7517) is: a URL, the document itself, or a function that returns it. Out: one Ed25519 key.
A fetched set is kept for ``fresh_seconds``. A key id that is not in it makes it be fetched again at once, so a rotation
needs no restart, but never more often than every ``pause_seconds``, so strangers' tokens cannot make us flood the gate.
While the gate does not answer, the set already held goes on being used for ``stale_seconds``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sluicegate.errors import ReceiptError
from sluicegate.http_get import GetError, get_bytes
from sluicegate.jws import ALGORITHM, decode_base64url

JWKS_BYTES_MAX = 64 * 1024
KEYS_MAX = 100

KeySource = str | Mapping[str, Any] | Callable[[], Mapping[str, Any]]
Keys = Mapping[str, Ed25519PublicKey]


def read_keys(document: Mapping[str, Any]) -> Keys:
    """Takes the usable keys out of a JWK set; keys of other kinds or uses are left out, as RFC 7517 section 5 says.

    Raises ``ValueError`` where it is no JWK set.
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > KEYS_MAX:
        raise ValueError("not a JWK set: it has no list `keys`, or too long a one")
    keys: dict[str, Ed25519PublicKey] = {}
    for entry in entries:
        if isinstance(entry, Mapping) and _is_receipt_key(entry):
            keys[entry["kid"]] = _public_key(entry["x"])
    return keys


def _is_receipt_key(entry: Mapping[str, Any]) -> bool:
    """RFC 8037 section 2: OKP, Ed25519, `x`; and nothing that says it is for another purpose."""
    return (
        entry.get("kty") == "OKP"
        and entry.get("crv") == "Ed25519"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", ALGORITHM) == ALGORITHM
        and isinstance(entry.get("kid"), str)
        and isinstance(entry.get("x"), str)
    )


def _public_key(x: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(decode_base64url(x))
    except (ValueError, ReceiptError):
        raise ValueError("a key of the JWK set has an `x` that is no Ed25519 key") from None


class KeyRing:
    """Keys by id, fetched when needed. Safe to use from any number of threads."""

    def __init__(
        self,
        source: KeySource,
        *,
        fresh_seconds: float = 300,
        stale_seconds: float = 3600,
        pause_seconds: float = 10,
        timeout_seconds: float = 5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = _fetcher(source, timeout_seconds)
        self._fresh_seconds = fresh_seconds
        self._stale_seconds = stale_seconds
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def find(self, key_id: str) -> Ed25519PublicKey:
        """Returns the key. Raises ``ReceiptError``: RECEIPT_KEY_UNKNOWN, RECEIPT_KEYS_UNAVAILABLE."""
        key = self._keys.get(key_id)
        if key is not None and self._is_younger_than(self._fresh_seconds):
            return key
        # A key that is known only has to be looked after: one caller does, and no other waits for the network.
        if self._lock.acquire(blocking=key is None):
            try:
                self._refresh_for(key_id)
            finally:
                self._lock.release()
        if not self._is_younger_than(self._stale_seconds):
            raise ReceiptError("RECEIPT_KEYS_UNAVAILABLE", "The gate's keys cannot be fetched now.")
        key = self._keys.get(key_id)
        if key is None:
            raise ReceiptError("RECEIPT_KEY_UNKNOWN", "The receipt's key is none of the gate's.")
        return key

    def _refresh_for(self, key_id: str) -> None:
        if key_id not in self._keys or not self._is_younger_than(self._fresh_seconds):
            self._refresh()

    def _is_younger_than(self, seconds: float) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < seconds

    def _refresh(self) -> None:
        now = self._clock()
        # Without any keys a shorter pause will do: the gate may be starting at this moment.
        pause = self._pause_seconds if self._fetched_at is not None else min(1.0, self._pause_seconds)
        if self._tried_at is not None and now - self._tried_at < pause:
            return
        self._tried_at = now
        try:
            self._keys = read_keys(self._fetch())
        except (GetError, ValueError, OSError):
            return
        self._fetched_at = now


def _fetcher(source: KeySource, timeout_seconds: float) -> Callable[[], Mapping[str, Any]]:
    if isinstance(source, str):
        url = source
        return lambda: _fetch_document(url, timeout_seconds)
    if isinstance(source, Mapping):
        document = source
        read_keys(document)
        return lambda: document
    return source


def _fetch_document(url: str, timeout_seconds: float) -> Mapping[str, Any]:
    document = json.loads(get_bytes(url, bytes_max=JWKS_BYTES_MAX, timeout_seconds=timeout_seconds))
    if not isinstance(document, dict):
        raise ValueError("not a JWK set: not a JSON object")
    return document
