"""Routes for the check catalogue that take receipts, and the answer to who may upload.

They take nothing but receipts, as the package ``sluicegate`` checks them; what these say of a file stands in
``/received`` as if the file had come. Whoever is asked about (``/checked-may``) is known by the cookie ``session``.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from sluicegate.errors import ReceiptError
from sluicegate.gate import Gate
from sluicegate.in_thread import in_thread

router = APIRouter()
sessions: dict[str, str] = {"of-ann": "ann", "of-bob": "bob", "of-a-reader": ""}
gates: list[Gate] = []


@router.post("/checked-gate")
async def know_gate(origin: str, issuer: str, audience: str) -> dict[str, bool]:
    """Says by which gate receipts have to be signed."""
    gates[:] = [Gate(origin, issuer=issuer, audience=audience)]
    return {"ok": True}


@router.post("/checked-sessions/{name}")
async def begin_session(name: str, principal: str) -> dict[str, bool]:
    sessions[name] = principal
    return {"ok": True}


@router.delete("/checked-sessions/{name}")
async def end_session(name: str) -> dict[str, bool]:
    return {"ok": sessions.pop(name, None) is not None}


@router.get("/checked-may")
async def may(request: Request) -> Response:
    principal = sessions.get(request.cookies.get("session", ""))
    if principal is None:
        return Response(status_code=401, headers={"WWW-Authenticate": 'Cookie realm="checked"'})
    if principal == "":
        return Response(status_code=403)
    return Response(headers={"Sluicegate-Principal": principal})


def keep(entry: dict[str, Any], file: dict[str, Any]) -> None:
    entry["files"].append(file)


def made(request: Request) -> dict[str, Any]:
    return {"files": len(request.state.entry["files"])}


@router.post("/checked/receipt/{flow}", status_code=201)
async def form_of_receipts(request: Request, response: Response, flow: str) -> Any:
    entry = request.state.entry
    for field, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            return refused(entry, response, "bytes where a receipt is expected")
        if field != "picture":
            entry["fields"].append([field, value])
        elif (problem := await keep_receipt(request, field, value)) is not None:
            return refused(entry, response, problem)
    return made(request)


@router.put("/checked/receipt/{flow}/{name}", status_code=201)
async def raw_receipt(request: Request, response: Response, flow: str, name: str) -> Any:
    problem = await keep_receipt(request, "body", (await request.body()).decode("latin-1"), name)
    return made(request) if problem is None else refused(request.state.entry, response, problem)


def refused(entry: dict[str, Any], response: Response, problem: str) -> dict[str, str]:
    """Says no, and forgets what it had taken of the request until then."""
    entry["files"].clear()
    response.status_code = 401
    return {"detail": problem}


async def keep_receipt(request: Request, field: str, token: str, shown: str = "file") -> str | None:
    """Writes down the file of a receipt; what is wrong with it where it is none."""
    path = request.scope["raw_path"].decode("latin-1")
    try:
        file = await in_thread(lambda: gates[0].accept(token, method=request.method, raw_path=path, field=field))
    except ReceiptError as error:
        return error.message
    # A raw body without a name of its own is called "file"; the service knows it by the path.
    named = shown if file.filename == "file" else file.filename
    said = {"name": named, "mediaType": file.content_type, "sizeBytes": file.size, "sha256": file.sha256}
    keep(request.state.entry, {"field": field, **said})
    return None
