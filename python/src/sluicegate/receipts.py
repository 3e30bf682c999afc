"""Receipts: what the gate says about a file that it released, checked before a word of it is believed.

In: a token from a request, and the request that it came with. Out: a ``Receipt``, whose every member is proven to come
from the gate, for this service, this method, this path and this field, in time, and for the first time. This module
does not touch the bytes of the file: that is ``uploaded_file``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import ReceiptError
from sluicegate.jwks import KeyRing, KeySource
from sluicegate.jws import verify_jws
from sluicegate.replay import MemoryReplayStore, ReplayStore
from sluicegate.route_template import path_matches, same_path

RECEIPT_TYPE = "sluicegate-receipt+jwt"
"""The header ``typ`` of every receipt."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

__all__ = [
    "RECEIPT_TYPE",
    "KeyRing",
    "MemoryReplayStore",
    "Receipt",
    "ReceiptError",
    "ReceiptVerifier",
    "ReplayStore",
]


@dataclass(frozen=True)
class Receipt:
    """One released file, as the gate describes it. Times in seconds since 1970, sizes in bytes."""

    id: str
    """Unique for this receipt (``jti``)."""
    upload_id: str
    issuer: str
    audience: str
    issued_at: float
    expires_at: float
    flow: str
    method: str
    route: str
    """Template of the flow's path."""
    target: str
    """Path of the request as the gate sent it, without query."""
    field: str
    index: int
    """Order of the file in the request, from 0."""
    filename: str | None
    """Cleaned name; still the client's choice: for showing, never for a path."""
    sha256: str
    """Lower-case hexadecimal."""
    size: int
    content_type: str | None
    """The type that the content has been shown to be; ``None`` where the flow takes any octets."""
    declared_type: str | None
    """What the client called it; nobody has checked it where ``content_type`` is ``None``."""
    verdict: str
    policy: str
    """Version of the flow file by which the file was accepted."""
    principal: str
    key: str
    """The gate's name for the stored object."""
    path: str | None
    """Where the bytes are below the gate's storage root; ``None`` where they are not in a file of their own."""
    url: str
    """Path on the gate where the bytes can be fetched with the receipt as bearer token."""


class ReceiptVerifier:
    """Checks receipts for one service. Safe to use from any number of threads.

    ``jwks``      where the gate's keys are: a URL, the JWK set itself, a function that returns it, or a ``KeyRing``.
    ``issuer``    as in the gate's settings, ``receipts.issuer``.
    ``audience``  this service's origin as the gate knows it: the ``url`` of its upstream, such as ``http://127.0.0.1:8000``.
    ``leeway``    seconds by which the gate's clock and ours may differ.
    """

    def __init__(
        self,
        jwks: KeySource | KeyRing,
        *,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
        leeway: float = 5,
        replay: ReplayStore | None = None,
    ) -> None:
        self._keys = jwks if isinstance(jwks, KeyRing) else KeyRing(jwks)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._leeway = leeway
        self._replay = replay if replay is not None else MemoryReplayStore(clock=clock)

    def verify(self, token: str, *, method: str, raw_path: str, field: str | None) -> Receipt:
        """Checks everything and takes the receipt, so that it is good no second time.

        ``raw_path`` is the request's path as it was on the wire; ``field`` the form field, or ``None`` for a raw body.
        Raises ``ReceiptError``; a receipt that is refused is not taken.
        """
        claims = verify_jws(token, typ=RECEIPT_TYPE, find_key=self._keys.find)
        receipt = read_receipt(claims)
        self._check_parties(receipt)
        self._check_time(receipt)
        _check_request(receipt, method, raw_path, field)
        if not self._replay.take(receipt.id, receipt.expires_at + self._leeway):
            raise ReceiptError("RECEIPT_USED", "The receipt was used before; each is good for one request.")
        return receipt

    def _check_parties(self, receipt: Receipt) -> None:
        if receipt.issuer != self._issuer:
            raise ReceiptError("RECEIPT_ISSUER", "The receipt is from another gate.")
        if receipt.audience != self._audience:
            raise ReceiptError("RECEIPT_AUDIENCE", "The receipt is for another service.")

    def _check_time(self, receipt: Receipt) -> None:
        now = self._clock()
        if now >= receipt.expires_at + self._leeway:
            raise ReceiptError("RECEIPT_EXPIRED", "The receipt has expired.")
        if now < receipt.issued_at - self._leeway:
            raise ReceiptError("RECEIPT_NOT_YET_VALID", "The receipt is from the future: compare the clocks.")


def _check_request(receipt: Receipt, method: str, raw_path: str, field: str | None) -> None:
    is_same_path = path_matches(receipt.route, raw_path) and same_path(receipt.target, raw_path)
    if receipt.method != method.upper() or not is_same_path:
        raise ReceiptError("RECEIPT_OTHER_ROUTE", "The receipt is for another method or path.")
    if field is not None and receipt.field != field:
        raise ReceiptError("RECEIPT_OTHER_FIELD", "The receipt is for another form field.")


def read_receipt(claims: Mapping[str, Any]) -> Receipt:
    """From the claims of a token whose signature was checked. Raises ``ReceiptError`` RECEIPT_CLAIMS."""
    receipt = Receipt(
        id=_text(claims, "jti"),
        upload_id=_text(claims, "sub"),
        issuer=_text(claims, "iss"),
        audience=_text(claims, "aud"),
        issued_at=_number(claims, "iat"),
        expires_at=_number(claims, "exp"),
        flow=_text(claims, "flow"),
        method=_text(claims, "method"),
        route=_text(claims, "route"),
        target=_text(claims, "target"),
        field=_text(claims, "field"),
        index=_count(claims, "index"),
        filename=_text_or_none(claims, "name"),
        sha256=_text(claims, "sha256"),
        size=_count(claims, "size"),
        content_type=_text_or_none(claims, "type"),
        declared_type=_text_or_none(claims, "declared_type"),
        verdict=_text(claims, "verdict"),
        policy=_text(claims, "policy"),
        principal=_text(claims, "principal"),
        key=_text(claims, "key"),
        path=_text_or_none(claims, "path"),
        url=_text(claims, "url"),
    )
    if not _SHA256.fullmatch(receipt.sha256):
        raise _claim_error("sha256")
    # A target on the gate and nothing else: never an address of its own.
    if not receipt.url.startswith("/") or receipt.url.startswith("//"):
        raise _claim_error("url")
    return receipt


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _claim_error(name)
    return value


def _text_or_none(claims: Mapping[str, Any], name: str) -> str | None:
    return None if claims.get(name) is None else _text(claims, name)


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _claim_error(name)
    return float(value)


def _count(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _claim_error(name)
    return value


def _claim_error(name: str) -> ReceiptError:
    return ReceiptError("RECEIPT_CLAIMS", f"The receipt's claim `{name}` is missing or not of its kind.")
