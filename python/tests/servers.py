"""Real servers for tests, on loopback, each in a thread of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import uvicorn


class GateStandIn:
    """What a service sees of a gate over HTTP: keys, and files for the bearer of a receipt."""

    def __init__(self) -> None:
        self.jwks: dict[str, Any] = {"keys": []}
        self.jwks_status = 200
        self.jwks_requests = 0
        self.files: dict[str, bytes] = {}
        self.bearers: list[str] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/.well-known/jwks.json":
            self.jwks_requests += 1
            self._send(request, self.jwks_status, json.dumps(self.jwks).encode())
            return
        self.bearers.append(request.headers.get("authorization", ""))
        body = self.files.get(request.path)
        self._send(request, 404 if body is None else 200, body or b"no such file")

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@contextmanager
def gate_stand_in() -> Iterator[GateStandIn]:
    gate = GateStandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            gate.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gate.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    thread.start()
    try:
        yield gate
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def uvicorn_server(app: Any) -> Iterator[str]:
    """Yields the origin on which ``app`` is served."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
