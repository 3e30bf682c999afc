"""Routes for tests of permissions: they keep what they got to the letter, and say who may send when they are asked.

Who may is known by a cookie ``session``: the principal is what stands before its first dot, until
``POST /may-end?session=`` ends it, or lets the answer be another one.
"""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

router = APIRouter()
ended: dict[str, tuple[int, str]] = {}

KEPT_BYTES_MAX = 8192


@router.put("/may/{flow}/{name}")
async def take(request: Request, flow: str, name: str, status: int = 201) -> Response:
    """Takes an upload and answers with ``status``."""
    content = await request.body()
    entry = request.state.entry
    entry["fields"].append(["sha256", hashlib.sha256(content).hexdigest()])
    if len(content) <= KEPT_BYTES_MAX:
        entry["fields"].append(["body", content.decode("latin-1")])
    headers = {"access-control-allow-origin": "*", "vary": "Accept-Language", "sluicegate-principal": "nobody"}
    return Response(f"{flow} {name}", status_code=status, headers=headers)


@router.get("/may-ask")
async def ask(session: Annotated[str | None, Cookie()] = None) -> Response:
    """The gate's question before an upload, and once more before its release."""
    if session is None:
        return Response(status_code=401, headers={"www-authenticate": 'Session realm="service"'})
    if session in ended:
        status, says = ended[session]
        headers = {"location": "/login"} if status == 302 else {}
        return Response(says, status_code=status, headers=headers, media_type="application/json")
    return Response(f'{{"principal": "{session.split(".", 1)[0]}"}}', media_type="application/json")


@router.post("/may-end")
async def end(session: str, status: int = 403, says: str = "") -> dict[str, bool]:
    """Ends a session: from now on the answer is no, or what is asked for."""
    ended[session] = (status, says)
    return {"ok": True}
