"""Routes whose every effect is told apart: for tests of retries.

An effect is an entry of ``/received`` with a field ``token``; its answer carries the same token. The query says how a
route behaves.
"""

import asyncio
import json
import secrets

from fastapi import APIRouter, Request, Response

router = APIRouter()
tries: dict[str, int] = {}
held = asyncio.Semaphore(0)


@router.post("/keyed/{rest:path}")
@router.put("/keyed/{rest:path}")
async def keyed(
    request: Request, rest: str, fails: int = 0, holds: bool = False, size: int = 0, status: int = 201
) -> Response:
    """Has one effect, but for the first ``fails`` requests of its URL; ``holds`` its answer until ``/keyed-next``."""
    await request.body()
    url = str(request.url)
    tries[url] = tries.get(url, 0) + 1
    if tries[url] <= fails:
        return Response("not now", status_code=503)
    token = secrets.token_hex(16)
    request.state.entry["fields"].append(["token", token])
    if holds:
        await held.acquire()
    content = json.dumps({"token": token, "padding": "x" * size})
    headers = {"location": f"/made/{token}", "set-cookie": f"session={token}"}
    return Response(content, status_code=status, headers=headers, media_type="application/json")


@router.post("/keyed-next")
async def keyed_next() -> dict[str, bool]:
    """Lets one held answer go."""
    held.release()
    return {"ok": True}
