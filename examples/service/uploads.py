"""Seven ways to take files, one for each flow.

``POST /api/avatars``            by receipt: an ``UploadedFile``; while the flow does not enforce, an ``UploadFile``
``POST /api/documents``          forwarded: plain FastAPI, written with no thought of a gate
``PUT  /api/imports/{name}``     forwarded raw: read as a stream
``PUT  /api/statements/{name}``  as imports, of partners with a key; may come twice, and is taken once
``POST /api/reports``            as documents, of employees with a token
``POST /api/attachments``        as avatars, of whoever has a grant
``POST /api/notes``              as documents, of whoever is signed in
"""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sluicegate.fastapi import UploadedFile, raw_body_openapi, uploaded_file_or_plain

from examples.service.parts import gate, received
from examples.service.received import Counted, Received

router = APIRouter()

MaybeReceipt = UploadedFile | UploadFile


@router.post("/api/avatars", status_code=201, summary="Take a profile picture")
def take_avatar(
    request: Request,
    picture: Annotated[MaybeReceipt, uploaded_file_or_plain(gate, "picture")],
    caption: Annotated[str, Form()] = "",
) -> Response:
    return answer_created(request, keep(request, "avatars", picture, caption or None))


@router.post("/api/documents", status_code=201, summary="Take a document")
def take_document(request: Request, document: UploadFile) -> Response:
    return answer_created(request, keep(request, "documents", document))


@router.put(
    "/api/imports/{name}", status_code=201, summary="Take a table, or any bytes", openapi_extra=raw_body_openapi()
)
async def take_import(request: Request, name: str) -> Response:
    return answer_created(request, await keep_body(request, "imports", name))


@router.put(
    "/api/statements/{name}", status_code=201, summary="Take a statement", openapi_extra=raw_body_openapi("text/csv")
)
async def take_statement(request: Request, name: str) -> Response:
    # The gate sends again what it has no answer to, always with the same id: the table has one row for it.
    upload_id = request.headers.get("sluicegate-upload")
    return answer_created(request, await keep_body(request, "statements", name, upload_id))


@router.post("/api/reports", status_code=201, summary="Take a report")
def take_report(request: Request, report: UploadFile) -> Response:
    return answer_created(request, keep(request, "reports", report))


@router.post("/api/attachments", status_code=201, summary="Take an attachment")
def take_attachment(
    request: Request, attachment: Annotated[MaybeReceipt, uploaded_file_or_plain(gate, "attachment")]
) -> Response:
    return answer_created(request, keep(request, "attachments", attachment))


@router.post("/api/notes", status_code=201, summary="Take a note")
def take_note(request: Request, note: UploadFile) -> Response:
    return answer_created(request, keep(request, "notes", note))


def keep(request: Request, route: str, file: MaybeReceipt, caption: str | None = None) -> dict[str, Any]:
    """Reads one file of a form to its end, by its receipt or as it came, and keeps a row about it."""
    counted = Counted()
    for chunk in file.chunks() if isinstance(file, UploadedFile) else plain_chunks(file):
        counted.add(chunk)
    return received.add(
        Received(
            route=route,
            who=file.receipt.principal if isinstance(file, UploadedFile) else who_sent(request),
            name=file.filename or "",
            type=file.content_type or "",
            size=counted.size,
            sha256=counted.sha256,
            upload_id=file.upload_id if isinstance(file, UploadedFile) else None,
            caption=caption,
        )
    )


async def keep_body(request: Request, route: str, name: str, upload_id: str | None = None) -> dict[str, Any]:
    """Reads a raw body as it comes, and keeps a row about it."""
    counted = Counted()
    async for chunk in request.stream():
        counted.add(chunk)
    file = Received(
        route=route,
        who=who_sent(request),
        name=name,
        type=request.headers.get("content-type", ""),
        size=counted.size,
        sha256=counted.sha256,
        upload_id=upload_id,
    )
    return await run_in_threadpool(received.add, file)


def plain_chunks(file: UploadFile) -> Iterator[bytes]:
    return iter(lambda: file.file.read(256 * 1024), b"")


def who_sent(request: Request) -> str:
    """Who the gate says it is. It takes this header off every client, so it is to be believed of the gate alone."""
    return unquote(request.headers.get("sluicegate-principal", "unknown"))


def answer_created(request: Request, row: dict[str, Any]) -> Response:
    """A program gets the row; a browser that sent a form goes back to the page that shows it."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/#received", status_code=303)
    return JSONResponse(row, status_code=201)
