"""What can be wrong with a receipt or with the bytes it stands for.

Every error has a code that never changes, an HTTP status that fits it, and one sentence that may be shown to a client.
"""

from __future__ import annotations

from typing import Literal

ReceiptCode = Literal[
    "RECEIPT_MISSING",
    "RECEIPT_EXPECTED",
    "RECEIPT_TOO_LARGE",
    "RECEIPT_MALFORMED",
    "RECEIPT_ALGORITHM",
    "RECEIPT_TYPE",
    "RECEIPT_KEY_UNKNOWN",
    "RECEIPT_KEYS_UNAVAILABLE",
    "RECEIPT_SIGNATURE",
    "RECEIPT_CLAIMS",
    "RECEIPT_ISSUER",
    "RECEIPT_AUDIENCE",
    "RECEIPT_EXPIRED",
    "RECEIPT_NOT_YET_VALID",
    "RECEIPT_OTHER_ROUTE",
    "RECEIPT_OTHER_FIELD",
    "RECEIPT_USED",
    "RECEIPT_STORE_UNAVAILABLE",
]

_STATUS: dict[ReceiptCode, int] = {
    "RECEIPT_MISSING": 422,
    "RECEIPT_EXPECTED": 422,
    "RECEIPT_KEYS_UNAVAILABLE": 503,
    "RECEIPT_STORE_UNAVAILABLE": 503,
}


class SluicegateError(Exception):
    """Root of everything that this package raises on purpose."""


class ReceiptError(SluicegateError):
    """A receipt that is not good for this request.

    ``code`` is stable, ``status`` is 401 unless the client sent no receipt at all (422) or the check itself was
    impossible (503), ``message`` is one sentence without secrets.
    """

    def __init__(self, code: ReceiptCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code: ReceiptCode = code
        self.message = message
        self.status = _STATUS.get(code, 401)


class FileUnavailableError(SluicegateError):
    """The bytes of a released file cannot be read: not at the path, and not from the gate."""


class FileIntegrityError(SluicegateError):
    """The bytes that were read are not the bytes that the receipt speaks of. Nothing of them may be used."""
