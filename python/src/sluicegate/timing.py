"""Response time, database calls and cache status on each answer and in one log line. Pure ASGI, no dependency.

    app.add_middleware(TimingMiddleware)

On the answer: ``Server-Timing: recv;dur=1.2, app;dur=8.4, db;dur=3.1;desc="7 calls"``, ``X-Request-Id``, and
``Cache-Status`` where a cache was asked (``report_cache``). ``recv`` is the time spent waiting for the request's body,
``app`` the rest up to the start of the answer, ``db`` the part of it in the database. What happens after the answer has
started is not in the header; the log line, written when the answer has ended, has the final figures.

Bodies and chunks pass untouched, so streaming stays streaming. WebSockets and lifespan pass as if this were not here.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sluicegate.cache_status import report_cache
from sluicegate.database_calls import count_sqlalchemy_calls, counted_call, counted_connection
from sluicegate.request_stats import RequestStats, current_stats
from sluicegate.request_watch import LogLine, RequestWatch, log_as_json

__all__ = [
    "LogLine",
    "RequestStats",
    "TimingMiddleware",
    "count_sqlalchemy_calls",
    "counted_call",
    "counted_connection",
    "current_stats",
    "log_as_json",
    "report_cache",
]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class TimingMiddleware:
    """Measures each HTTP request of ``app``.

    ``log``      gets the finished line of a request; ``None`` for no log.
    ``headers``  whether the answer carries ``Server-Timing`` and ``Cache-Status``.
    ``clock``    seconds, only ever forward.
    """

    def __init__(
        self,
        app: App,
        *,
        log: Callable[[LogLine], None] | None = log_as_json,
        headers: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._log = log
        self._headers = headers
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _MeasuredRequest(scope, receive, send, clock=self._clock, with_headers=self._headers)
        request.watch.make_current()
        error: BaseException | None = None
        try:
            await self._app(scope, request.receive, request.send)
        except BaseException as raised:
            error = raised
            raise
        finally:
            if self._log is not None:
                self._log(request.watch.log_line(error, _route(scope)))


class _MeasuredRequest:
    """The three ASGI parts of one request, with a watch in each hand."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, clock: Callable[[], float], with_headers: bool
    ) -> None:
        self._receive = receive
        self._send = send
        self._with_headers = with_headers
        self._body_is_complete = False
        self._answer_bytes = 0
        sent = _first_headers(scope, (b"x-request-id", b"traceparent"))
        self.watch = RequestWatch(
            method=scope["method"],
            path=scope["path"],
            request_id=sent.get(b"x-request-id"),
            traceparent=sent.get(b"traceparent"),
            clock=clock,
        )

    async def receive(self) -> Message:
        # After the body a handler may go on waiting, for a disconnect: that is none of the sender's time.
        if self._body_is_complete:
            return await self._receive()
        started = self.watch.now()
        message = await self._receive()
        if message["type"] == "http.request":
            self.watch.received(started, len(message.get("body", b"")))
            self._body_is_complete = not message.get("more_body", False)
        else:
            self.watch.received(started, 0)
            self._body_is_complete = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.watch.start_answer(message["status"])
            message = {**message, "headers": [*message.get("headers", ()), *self._answer_headers(message)]}
        elif message["type"] == "http.response.body":
            self._answer_bytes += len(message.get("body", b""))
        self.watch.answer_bytes = self._answer_bytes
        await self._send(message)

    def _answer_headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        named = {bytes(name).lower().decode("latin-1") for name, _ in message.get("headers", ())}
        added = self.watch.answer_headers(named, with_timing=self._with_headers)
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in added]


def _first_headers(scope: Scope, names: tuple[bytes, ...]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in scope.get("headers", ()):
        if name in names:
            found.setdefault(name, value.decode("latin-1"))
    return found


def _route(scope: Scope) -> str | None:
    """The template that the framework matched, where it says so."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None
