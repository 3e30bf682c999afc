"""The example service: three ways to take files, and something of everything that passes through a gate.

``POST /api/avatars``        behind a flow that delivers receipts: the picture is an ``UploadedFile``, or in
                             mode ``observe`` and ``off`` a plain ``UploadFile``
``POST /api/documents``      behind a flow that forwards: plain FastAPI, written with no thought of a gate
``PUT /api/imports/{name}``  behind a flow that forwards a raw body: read as a stream

Start it alone with ``uvicorn examples.service.app:app`` at the root of the checkout.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import FastAPI, Form, Query, Request, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from sluicegate.fastapi import Gate, UploadedFile, add_problem_answers, uploaded_file_or_plain
from sluicegate.health import health_router
from sluicegate.timing import TimingMiddleware

from examples.service.page import CONTENT_SECURITY_POLICY, FOLDER, render_page
from examples.service.received import Counted, Received, ReceivedFiles
from examples.service.settings import Settings

settings = Settings.read()
received = ReceivedFiles(settings.database)
gate = Gate(settings.gate_url, audience=settings.audience, issuer=settings.issuer, store_root=settings.store_root)

BINARY = {"type": "string", "format": "binary"}

app = FastAPI(title="Example service", summary="Takes files, and shows what it got.")
app.add_middleware(TimingMiddleware)
app.include_router(health_router({"database": received.check}))
add_problem_answers(app)

request_log = logging.getLogger("sluicegate.request")
request_log.setLevel(logging.INFO)
request_log.addHandler(logging.StreamHandler(sys.stdout))
request_log.propagate = False


@app.post("/api/avatars", status_code=201, summary="Take a profile picture")
def take_avatar(
    request: Request,
    picture: Annotated[UploadedFile | UploadFile, uploaded_file_or_plain(gate, "picture")],
    caption: Annotated[str, Form()] = "",
) -> Response:
    counted = Counted()
    for chunk in picture.chunks() if isinstance(picture, UploadedFile) else plain_chunks(picture):
        counted.add(chunk)
    row = received.add(
        Received(
            route="avatars",
            who=picture.receipt.principal if isinstance(picture, UploadedFile) else who_sent(request),
            name=picture.filename or "",
            type=picture.content_type or "",
            size=counted.size,
            sha256=counted.sha256,
            upload_id=picture.upload_id if isinstance(picture, UploadedFile) else None,
            caption=caption or None,
        )
    )
    return answer_created(request, row)


@app.post("/api/documents", status_code=201, summary="Take a document")
def take_document(request: Request, document: UploadFile) -> Response:
    counted = Counted()
    for chunk in plain_chunks(document):
        counted.add(chunk)
    row = received.add(
        Received(
            route="documents",
            who=who_sent(request),
            name=document.filename or "",
            type=document.content_type or "",
            size=counted.size,
            sha256=counted.sha256,
        )
    )
    return answer_created(request, row)


@app.put(
    "/api/imports/{name}",
    status_code=201,
    summary="Take a table, or any bytes",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": BINARY}}}},
)
async def take_import(request: Request, name: str) -> Response:
    counted = Counted()
    async for chunk in request.stream():
        counted.add(chunk)
    file = Received(
        route="imports",
        who=who_sent(request),
        name=name,
        type=request.headers.get("content-type", ""),
        size=counted.size,
        sha256=counted.sha256,
    )
    return answer_created(request, await run_in_threadpool(received.add, file))


@app.get("/api/received", summary="What the service got, newest first")
def list_received(count: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
    return received.newest(count)


@app.get("/", include_in_schema=False)
def page() -> HTMLResponse:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(render_page(received.newest(20)), headers=headers)


@app.get("/page.css", include_in_schema=False)
def page_style() -> FileResponse:
    return FileResponse(FOLDER / "page.css")


@app.get("/page.js", include_in_schema=False)
def page_script() -> FileResponse:
    return FileResponse(FOLDER / "page.js")


@app.get("/events", summary="A tick every second, as server-sent events")
async def events(ticks: Annotated[int, Query(ge=1, le=3600)] = 3600) -> StreamingResponse:
    async def tick() -> AsyncIterator[str]:
        for number in range(1, ticks + 1):
            yield f"event: tick\ndata: {number}\n\n"
            await asyncio.sleep(1 if number < ticks else 0)

    return StreamingResponse(tick(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@app.websocket("/ws")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


def plain_chunks(file: UploadFile) -> Iterator[bytes]:
    return iter(lambda: file.file.read(256 * 1024), b"")


def who_sent(request: Request) -> str:
    return "somebody with credentials" if "authorization" in request.headers else "anybody"


def answer_created(request: Request, row: dict[str, Any]) -> Response:
    """A program gets the row; a browser that sent a form goes back to the page that shows it."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/#received", status_code=303)
    return JSONResponse(row, status_code=201)
