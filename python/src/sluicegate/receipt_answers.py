"""What is answered to a receipt that is refused, and how a receipt is known before it is verified. The same for every
framework."""

from __future__ import annotations

import re

from sluicegate.errors import ReceiptError

PROBLEM_TYPE = "application/problem+json"
RECEIPT_MEDIA_TYPE = "application/jwt"

_LOOKS_LIKE_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_NOT_A_RECEIPT = "A receipt is expected here. Send the file to the gate, which puts a receipt in its place."


def problem_of(error: ReceiptError) -> dict[str, str | int]:
    """The body of the answer: RFC 9457."""
    return {
        "type": "about:blank",
        "title": "The uploaded file cannot be taken",
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "retry": "later" if error.status == 503 else "never",
    }


def headers_of(error: ReceiptError) -> dict[str, str]:
    """The headers of the answer, its media type among them."""
    headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store"}
    # RFC 9110 section 15.5.2: a 401 names what would be let in.
    if error.status == 401:
        headers["WWW-Authenticate"] = f'Sluicegate-Receipt error="{error.code}"'
    if error.status == 503:
        headers["Retry-After"] = "5"
    return headers


def token_of(part: object) -> str:
    """The part itself where it can be a receipt. Raises ``ReceiptError``.

    A receipt comes as a text field: a part with a file name is somebody's bytes, and no ``str``.
    """
    if not isinstance(part, str) or not _LOOKS_LIKE_TOKEN.fullmatch(part):
        raise not_a_receipt()
    return part


def not_a_receipt() -> ReceiptError:
    """For whatever stands where a receipt should."""
    return ReceiptError("RECEIPT_EXPECTED", _NOT_A_RECEIPT)


def second_file(field: str) -> ReceiptError:
    """For a field that takes one file and got more."""
    return ReceiptError("RECEIPT_EXPECTED", f"Only one file is taken in {field!r}.")


def is_receipt_media_type(content_type: str) -> bool:
    """Of a whole body: whether it says that it is a receipt."""
    return content_type.partition(";")[0].strip().lower() == RECEIPT_MEDIA_TYPE
