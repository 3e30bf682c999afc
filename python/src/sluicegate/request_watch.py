"""One request as it is measured: two watches, what was counted, and how both are told. Needs no framework and no kind
of server.

``recv`` is the time spent waiting for the request's body, ``app`` the rest up to the start of the answer.
"""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sluicegate.cache_status import cache_state, format_cache_status
from sluicegate.request_stats import RequestStats, current_stats, set_current_stats

LogLine = Mapping[str, str | int | float | None]

logger = logging.getLogger("sluicegate.request")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def log_as_json(line: LogLine) -> None:
    """One JSON object at level INFO of the logger ``sluicegate.request``."""
    logger.info(json.dumps(line))


class RequestWatch:
    """Starts when it is made. ``clock``: seconds, only ever forward."""

    def __init__(
        self,
        *,
        method: str,
        path: str,
        request_id: str | None,
        traceparent: str | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._method = method
        self._path = path
        self._clock = clock
        self._started = clock()
        self._receive_seconds = 0.0
        self._body_bytes = 0
        self._app_seconds: float | None = None
        self._status: int | None = None
        self.answer_bytes: int | None = None
        """Of the answer's body; ``None`` where it is not known."""
        self.stats = RequestStats(
            request_id=_valid(_REQUEST_ID, request_id) or uuid.uuid4().hex,
            traceparent=_valid(_TRACEPARENT, traceparent),
        )

    def make_current(self) -> None:
        """From now on what this thread or task counts is counted for this request."""
        set_current_stats(self.stats)

    def leave(self) -> None:
        """When the request is over, on a thread that goes on: what follows there is no part of it."""
        if current_stats() is self.stats:
            set_current_stats(None)

    def now(self) -> float:
        """What the clock says."""
        return self._clock()

    def received(self, since: float, body_bytes: int) -> None:
        """After a wait for the body that began at ``since`` and brought so many bytes."""
        self._receive_seconds += self._clock() - since
        self._body_bytes += body_bytes

    def start_answer(self, status: int) -> None:
        """When the answer begins."""
        self._status = status
        self._app_seconds = self._clock() - self._started - self._receive_seconds

    def answer_headers(self, named: Collection[str], *, with_timing: bool) -> list[tuple[str, str]]:
        """What the answer is to carry beside what it has. ``named``: names of its headers, lower-case."""
        added: list[tuple[str, str]] = []
        if "x-request-id" not in named:
            added.append(("x-request-id", self.stats.request_id))
        if with_timing:
            added.append(("server-timing", self._server_timing()))
            cache = format_cache_status(self.stats)
            if cache is not None:
                added.append(("cache-status", cache))
        return added

    def _server_timing(self) -> str:
        calls = self.stats.database_calls
        return (
            f"recv;dur={_ms(self._receive_seconds)}, app;dur={_ms(self._app_seconds or 0)}, "
            f'db;dur={_ms(self.stats.database_seconds)};desc="{calls} call{"" if calls == 1 else "s"}"'
        )

    def log_line(self, error: BaseException | None, route: str | None) -> LogLine:
        """Names of OpenTelemetry where it has one. Times in milliseconds."""
        total = self._clock() - self._started
        app = self._app_seconds if self._app_seconds is not None else total - self._receive_seconds
        trace = self.stats.traceparent
        return {
            "event": "request",
            "request.id": self.stats.request_id,
            "trace.id": None if trace is None else trace.split("-")[1],
            "traceparent": trace,
            "http.request.method": self._method,
            "url.path": self._path,
            "http.route": route,
            # An exception before the answer has begun becomes a 500 outside of what is measured.
            "http.response.status_code": 500 if self._status is None and error is not None else self._status,
            "error.type": None if error is None else type(error).__qualname__,
            "http.request.body.size": self._body_bytes,
            "http.response.body.size": self.answer_bytes,
            "flow.recv.ms": _ms(self._receive_seconds),
            "flow.app.ms": _ms(app),
            "flow.total.ms": _ms(total),
            "flow.db.calls": self.stats.database_calls,
            "flow.db.ms": _ms(self.stats.database_seconds),
            "flow.cache.state": cache_state(self.stats),
        }


class TimedReader:
    """A file to read a body from, whose waits are the sender's time. Everything else goes to the file itself."""

    def __init__(self, inner: Any, watch: RequestWatch) -> None:
        self._inner = inner
        self._watch = watch

    def read(self, *size: int) -> bytes:
        return self._timed(lambda: self._inner.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._timed(lambda: self._inner.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        return list(self)

    def readinto(self, buffer: Any) -> int:
        started = self._watch.now()
        count = int(self._inner.readinto(buffer) or 0)
        self._watch.received(started, count)
        return count

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _timed(self, read: Callable[[], bytes]) -> bytes:
        started = self._watch.now()
        data = read()
        self._watch.received(started, len(data))
        return data


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _valid(pattern: re.Pattern[str], value: str | None) -> str | None:
    return value if value is not None and pattern.fullmatch(value) else None
