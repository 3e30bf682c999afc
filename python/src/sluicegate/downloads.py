"""Download links: a URL at the gate that hands out one stored file for a short time.

    @app.get("/api/avatars/{avatar_id}")
    def avatar(avatar_id: str, user: Annotated[User, Depends(current_user)]) -> RedirectResponse:
        upload_id = find_avatar(avatar_id, user)  # the service decides who may read
        return RedirectResponse(
            download_url(gate="https://uploads.example.com", secret=os.environ["GRANT_SECRET"], upload_id=upload_id)
        )

Whoever has the URL has the file, until it expires: hand it out when it is asked for, and do not store it. The gate
answers with an attachment and takes ranges, so that a download that broke off can go on.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sluicegate.minting import PrivateKey, Secret, gate_issuer, is_whole_number, sign_token, utf16_length, validity

__all__ = ["DOWNLOAD_LINK_TYPE", "download_url"]

DOWNLOAD_LINK_TYPE = "sluicegate-download+jwt"
LINK_LIFETIME = timedelta(minutes=5)

_UPLOAD_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_FILES_MAX = 1_000_000
_NAME_CHARS_MAX = 255


def download_url(  # noqa: PLR0913 - each is one thing that the link says
    *,
    gate: str,
    upload_id: str,
    file: int = 0,
    name: str | None = None,
    secret: Secret | None = None,
    key: PrivateKey | str | bytes | None = None,
    key_id: str | None = None,
    lifetime: timedelta = LINK_LIFETIME,
    issuer: str | None = None,
) -> str:
    """Makes a URL for one file.

    ``gate``       where the client reaches the gate: its public URL.
    ``issuer``     ``receipts.issuer`` of the gate's settings; ``gate`` where left out.
    ``upload_id``  ``UploadedFile.upload_id``, or the header ``Sluicegate-Upload`` of a delivery.
    ``file``       which file of the upload, counted from 0.
    ``name``       file name to offer; the file's own, cleaned, where left out.
    ``secret``, ``key``, ``key_id``, ``lifetime``
                   as for ``mint_grant``.

    Raises ``ValueError`` or ``TypeError`` for what the gate would refuse.
    """
    base = gate_issuer(gate)
    if not isinstance(upload_id, str) or not _UPLOAD_ID.fullmatch(upload_id):
        raise ValueError("upload_id is the id of an upload: 26 characters, such as 01jqzx4v0k5t8m3n7p9r2s6w4y")
    if not is_whole_number(file, 0) or file >= _FILES_MAX:
        raise ValueError("file is the number of a file of the upload, counted from 0")
    claims: dict[str, Any] = {
        "aud": base if issuer is None else gate_issuer(issuer),
        "sub": upload_id,
        "file": file,
        **({} if name is None else {"name": _checked_name(name)}),
        **validity(lifetime),
    }
    token = sign_token(DOWNLOAD_LINK_TYPE, claims, secret=secret, key=key, key_id=key_id)
    return f"{base}/.sluicegate/files/{upload_id}?token={token}"


def _checked_name(name: str) -> str:
    length = utf16_length(name) if isinstance(name, str) else None
    if length is None or not 1 <= length <= _NAME_CHARS_MAX:
        raise ValueError(f"name is a file name of 1 to {_NAME_CHARS_MAX} characters")
    return name
