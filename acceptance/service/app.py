"""An ordinary FastAPI service with upload routes, written as one writes such a service.

It remembers what it got, so that a test can ask: ``GET /received``, and ``DELETE /received`` to forget. It fails when
it is told to: ``POST /fail?how=reset&times=2`` lets the next two uploads go wrong after they were taken.
"""

import asyncio
import hashlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Annotated, Any
from urllib.parse import unquote

import checked
import keyed
import may
from fastapi import FastAPI, Form, Request, Response, UploadFile, WebSocket
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData

app = FastAPI()
received: list[dict[str, Any]] = []
failures: list[str] = []
NOT_KEPT = re.compile(r"/(received|alive|fail)$|/checked-")
UPLOADS = re.compile(r"/(raw|receipts|retry|retry-receipts|down-retry|checked/forward|checked/receipt)/")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Remember:
    """Keeps method, path and headers of every request, also of those that no route answers."""

    def __init__(self, inner: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not NOT_KEPT.match(scope["path"]):
            query = scope["query_string"].decode("latin-1")
            path = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
            headers = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in scope["headers"]]
            entry = {"method": scope["method"], "path": path, "headers": headers, "fields": [], "files": []}
            received.append(entry)
            scope["state"]["entry"] = entry
        if scope["type"] == "http" and failures and UPLOADS.match(scope["path"]):
            await fail(failures.pop(0), lambda: self.inner(scope, receive, nowhere), receive, send)
        else:
            await self.inner(scope, receive, send)


app.add_middleware(Remember)


async def nowhere(message: MutableMapping[str, Any]) -> None:
    """Where an answer goes that nobody gets."""


async def fail(how: str, take: Callable[[], Awaitable[None]], receive: Receive, send: Send) -> None:
    """Takes the upload as always, then says something else: a status, a reset, bytes that are no HTTP, or nothing."""
    await take()
    if how == "later":
        await turn.acquire()
    if how == "slow":
        await asyncio.sleep(0.3)
    if how.isdigit() or how in ("later", "slow"):
        status = int(how) if how.isdigit() else 201
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    transport = receive.__self__.transport  # type: ignore[attr-defined]
    if how == "rubbish":
        transport.write(b"\x00\x01 this is no HTTP at all\r\n\r\n")
    if how == "half":
        transport.write(b"HTTP/1.1 201 Crea")
    if how == "silence":
        await asyncio.sleep(3600)
    if how == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how in ("rubbish", "half"):
        transport.close()
    else:
        transport.abort()


app.include_router(keyed.router)
app.include_router(checked.router)
app.include_router(may.router)


async def keep_form(request: Request, form: FormData) -> dict[str, Any]:
    """Writes down a form's texts, and of its files the digest."""
    entry = request.state.entry
    for name, value in form.multi_items():
        if isinstance(value, str):
            entry["fields"].append([name, value])
        else:
            keep_file(entry, name, value.filename, value.content_type, await value.read())
    return {"files": len(entry["files"])}


def keep_file(entry: dict[str, Any], field: str, name: str | None, media_type: str | None, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    entry["files"].append(
        {"field": field, "name": name, "mediaType": media_type, "sizeBytes": len(content), "sha256": digest}
    )


def named_by(disposition: str | None) -> str | None:
    """The file name of a Content-Disposition, the extended one first (RFC 6266)."""
    if disposition is None:
        return None
    extended = re.search(r"filename\*=utf-8''([^;]+)", disposition, re.IGNORECASE)
    plain = re.search(r'filename="((?:[^"\\]|\\.)*)"', disposition)
    if extended is not None:
        return unquote(extended[1])
    return None if plain is None else re.sub(r"\\(.)", r"\1", plain[1])


@app.get("/alive")
async def alive() -> dict[str, bool]:
    return {"ok": True}


@app.get("/received")
async def get_received() -> list[dict[str, Any]]:
    return received


@app.delete("/received")
async def forget() -> dict[str, bool]:
    received.clear()
    return {"ok": True}


@app.post("/fail")
async def fail_next(how: str, times: int = 1) -> dict[str, bool]:
    failures.extend([how] * times)
    return {"ok": True}


@app.post("/photos", status_code=201)
async def photos(
    request: Request,
    picture: UploadFile,
    caption: Annotated[str, Form()],
    note: Annotated[str | None, Form()] = None,
) -> dict[str, Any]:
    return await keep_form(request, await request.form())


@app.post("/papers", status_code=201)
async def papers(request: Request, papers: list[UploadFile]) -> dict[str, Any]:
    return await keep_form(request, await request.form())


@app.post("/objects", status_code=201)
async def objects(
    request: Request, objects: list[UploadFile], label: Annotated[str | None, Form()] = None
) -> dict[str, Any]:
    return await keep_form(request, await request.form())


@app.post("/checked/forward/{flow}", status_code=201)
async def checked_form(request: Request) -> dict[str, Any]:
    return await keep_form(request, await request.form())


@app.put("/checked/forward/{flow}/{name}", status_code=201)
@app.put("/raw/{name}", status_code=201)
@app.put("/tables/{name}", status_code=201)
@app.put("/receipts/{name}", status_code=201)
@app.put("/retry/{name}", status_code=201)
@app.put("/retry-receipts/{name}", status_code=201)
@app.put("/down-retry/{name}", status_code=201)
async def raw(request: Request, name: str) -> dict[str, Any]:
    content = b"".join([chunk async for chunk in request.stream()])
    name = named_by(request.headers.get("content-disposition")) or name
    field = "table" if request.url.path.startswith("/tables") else "body"
    keep_file(request.state.entry, field, name, request.headers.get("content-type"), content)
    return {"files": 1}


@app.put("/receipts/{name}", status_code=201)
async def receipts(request: Request, name: str) -> dict[str, Any]:
    """Takes the receipt that a gate sends in place of the bytes."""
    request.state.entry["fields"].append(["receipt", (await request.body()).decode()])
    return {"files": 0}


@app.get("/large/{size}")
async def large(size: int) -> StreamingResponse:
    """So many bytes, counting up, a chunk at a time."""

    async def chunks() -> AsyncIterator[bytes]:
        block = bytes(range(256)) * 256
        for start in range(0, size, len(block)):
            yield block[: size - start]

    return StreamingResponse(chunks(), media_type="application/octet-stream", headers={"content-length": str(size)})


@app.get("/events")
async def events() -> StreamingResponse:
    """Server-sent events: each one only after somebody has asked for ``/next``."""

    async def lines() -> AsyncIterator[str]:
        for number in range(3):
            yield f"id: {number}\ndata: event {number}\n\n"
            await turn.acquire()

    return StreamingResponse(lines(), media_type="text/event-stream")


turn = asyncio.Semaphore(0)


@app.post("/next")
async def next_event() -> dict[str, bool]:
    turn.release()
    return {"ok": True}


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(f"echo: {text}")


@app.api_route("/any/{rest:path}", methods=["GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"])
async def anything(request: Request, rest: str) -> Response:
    body = await request.body()
    digest = hashlib.sha256(body).hexdigest()
    return Response(f"{request.method} {rest}?{request.url.query} {digest}", headers={"x-seen": request.method})
