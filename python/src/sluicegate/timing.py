"""Response time, database calls and cache status on each answer and in one log line. Pure ASGI, no dependency.

    app.add_middleware(TimingMiddleware)

On the answer: ``Server-Timing: recv;dur=1.2, app;dur=8.4, db;dur=3.1;desc="7 calls"``, ``X-Request-Id``, and
``Cache-Status`` where a cache was asked (``report_cache``). ``recv`` is the time spent waiting for the request's body,
``app`` the rest up to the start of the answer, ``db`` the part of it in the database. What happens after the answer has
started is not in the header; the log line, written when the answer has ended, has the final figures.

Bodies and chunks pass untouched, so streaming stays streaming. WebSockets and lifespan pass as if this were not here.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from sluicegate.cache_status import cache_state, format_cache_status, report_cache
from sluicegate.database_calls import count_sqlalchemy_calls, counted_call, counted_connection
from sluicegate.request_stats import RequestStats, current_stats, set_current_stats

__all__ = [
    "RequestStats",
    "TimingMiddleware",
    "count_sqlalchemy_calls",
    "counted_call",
    "counted_connection",
    "current_stats",
    "report_cache",
]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
LogLine = Mapping[str, str | int | float | None]

logger = logging.getLogger("sluicegate.request")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def log_as_json(line: LogLine) -> None:
    """One JSON object at level INFO of the logger ``sluicegate.request``."""
    logger.info(json.dumps(line))


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
        set_current_stats(request.stats)
        error: BaseException | None = None
        try:
            await self._app(scope, request.receive, request.send)
        except BaseException as raised:
            error = raised
            raise
        finally:
            if self._log is not None:
                self._log(request.log_line(error))


class _MeasuredRequest:
    """The three ASGI parts of one request, with a watch in each hand."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, clock: Callable[[], float], with_headers: bool
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._clock = clock
        self._with_headers = with_headers
        self._started = clock()
        self._receive_seconds = 0.0
        self._body_is_complete = False
        self._body_bytes = 0
        self._answer_bytes = 0
        self._status: int | None = None
        self._app_seconds: float | None = None
        sent = _first_headers(scope, (b"x-request-id", b"traceparent"))
        self.stats = RequestStats(
            request_id=_valid(_REQUEST_ID, sent.get(b"x-request-id")) or uuid.uuid4().hex,
            traceparent=_valid(_TRACEPARENT, sent.get(b"traceparent")),
        )

    async def receive(self) -> Message:
        # After the body a handler may go on waiting, for a disconnect: that is none of the sender's time.
        if self._body_is_complete:
            return await self._receive()
        started = self._clock()
        message = await self._receive()
        self._receive_seconds += self._clock() - started
        if message["type"] == "http.request":
            self._body_bytes += len(message.get("body", b""))
            self._body_is_complete = not message.get("more_body", False)
        else:
            self._body_is_complete = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._app_seconds = self._clock() - self._started - self._receive_seconds
            message = {**message, "headers": [*message.get("headers", ()), *self._answer_headers(message)]}
        elif message["type"] == "http.response.body":
            self._answer_bytes += len(message.get("body", b""))
        await self._send(message)

    def _answer_headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        named = {bytes(name).lower() for name, _ in message.get("headers", ())}
        added: list[tuple[bytes, bytes]] = []
        if b"x-request-id" not in named:
            added.append((b"x-request-id", self.stats.request_id.encode("ascii")))
        if self._with_headers:
            added.append((b"server-timing", self._server_timing().encode("ascii")))
            cache = format_cache_status(self.stats)
            if cache is not None:
                added.append((b"cache-status", cache.encode("ascii")))
        return added

    def _server_timing(self) -> str:
        calls = self.stats.database_calls
        return (
            f"recv;dur={_ms(self._receive_seconds)}, app;dur={_ms(self._app_seconds or 0)}, "
            f'db;dur={_ms(self.stats.database_seconds)};desc="{calls} call{"" if calls == 1 else "s"}"'
        )

    def log_line(self, error: BaseException | None) -> LogLine:
        """Names of OpenTelemetry where it has one. Times in milliseconds."""
        total = self._clock() - self._started
        app = self._app_seconds if self._app_seconds is not None else total - self._receive_seconds
        trace = self.stats.traceparent
        return {
            "event": "request",
            "request.id": self.stats.request_id,
            "trace.id": None if trace is None else trace.split("-")[1],
            "traceparent": trace,
            "http.request.method": self._scope["method"],
            "url.path": self._scope["path"],
            "http.route": _route(self._scope),
            # An exception before the answer has begun becomes a 500 outside of this middleware.
            "http.response.status_code": 500 if self._status is None and error is not None else self._status,
            "error.type": None if error is None else type(error).__qualname__,
            "http.request.body.size": self._body_bytes,
            "http.response.body.size": self._answer_bytes,
            "flow.recv.ms": _ms(self._receive_seconds),
            "flow.app.ms": _ms(app),
            "flow.total.ms": _ms(total),
            "flow.db.calls": self.stats.database_calls,
            "flow.db.ms": _ms(self.stats.database_seconds),
            "flow.cache.state": cache_state(self.stats),
        }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _first_headers(scope: Scope, names: tuple[bytes, ...]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for name, value in scope.get("headers", ()):
        if name in names:
            found.setdefault(name, value.decode("latin-1"))
    return found


def _valid(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value is not None and pattern.fullmatch(value) else None


def _route(scope: Scope) -> str | None:
    """The template that the framework matched, where it says so."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None
