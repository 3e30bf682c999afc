"""The example service: takes files in seven ways, and has something of everything that passes through a gate.

``uploads.py``      one route for each flow of ``examples/flows``
``permissions.py``  sessions, tokens, grants, download links, and what the gate asks

Start it alone with ``uvicorn examples.service.app:app`` at the root of the checkout.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse
from sluicegate.fastapi import add_problem_answers
from sluicegate.health import health_router
from sluicegate.timing import TimingMiddleware

from examples.service import permissions, uploads
from examples.service.page import CONTENT_SECURITY_POLICY, FOLDER, render_page
from examples.service.parts import people, received

app = FastAPI(title="Example service", summary="Takes files, and shows what it got.")
app.add_middleware(TimingMiddleware)
app.include_router(health_router({"database": received.check}))
app.include_router(uploads.router)
app.include_router(permissions.router)
add_problem_answers(app)

request_log = logging.getLogger("sluicegate.request")
request_log.setLevel(logging.INFO)
request_log.addHandler(logging.StreamHandler(sys.stdout))
request_log.propagate = False


@app.get("/api/received", summary="What the service got, newest first")
def list_received(count: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[dict[str, Any]]:
    return received.newest(count)


@app.get("/", include_in_schema=False)
def page(request: Request) -> HTMLResponse:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(render_page(received.newest(20), people.who(request)), headers=headers)


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
