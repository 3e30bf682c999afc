import asyncio
import json
import logging
import re
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import httpx
import pytest
from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from sluicegate.timing import (
    LogLine,
    RequestStats,
    TimingMiddleware,
    count_sqlalchemy_calls,
    counted_call,
    counted_connection,
    current_stats,
    report_cache,
)
from tests.servers import uvicorn_server

pytestmark = pytest.mark.anyio

TIMING = re.compile(r'recv;dur=([\d.]+), app;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+) calls?"')
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Parts:
    """What a ``Server-Timing`` header says."""

    def __init__(self, header: str) -> None:
        found = TIMING.fullmatch(header)
        assert found, header
        self.receive_ms, self.app_ms, self.database_ms = map(float, found.groups()[:3])
        self.calls = int(found[4])


def make_app(folder: Path) -> FastAPI:
    app = FastAPI()
    engine = create_engine(f"sqlite:///{folder}/sync.sqlite", poolclass=NullPool)
    async_engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/async.sqlite", poolclass=NullPool)
    count_sqlalchemy_calls()
    count_sqlalchemy_calls()

    @app.get("/threaded/{calls}")
    def threaded(calls: int) -> int:
        with engine.connect() as connection:
            for _ in range(calls):
                connection.execute(text("SELECT 1"))
        return calls

    @app.get("/async/{calls}")
    async def asynchronous(calls: int) -> int:
        async with async_engine.connect() as connection:
            for _ in range(calls):
                await connection.execute(text("SELECT 1"))
                await asyncio.sleep(0)
        return calls

    @app.get("/dbapi/{calls}")
    def dbapi(calls: int) -> int:
        with counted_connection(sqlite3.connect(folder / "dbapi.sqlite")) as connection:
            cursor = connection.cursor()
            for _ in range(calls):
                cursor.execute("SELECT 1")
            cursor.close()
        connection.close()
        return calls

    @app.get("/wrong-query")
    def wrong_query() -> str:
        with engine.connect() as connection:
            try:
                connection.execute(text("SELECT * FROM nowhere"))
            except SQLAlchemyError:
                return "caught"
        return "not caught"

    @app.get("/spread")
    async def spread() -> int:
        """Work in tasks and threads that the handler starts counts for the request."""

        def work() -> None:
            with counted_call():
                pass

        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(20)))
        return 20

    @app.get("/cache")
    async def cache(hits: Annotated[list[int], Query()]) -> str:
        for hit in hits:
            report_cache("thumbnails", hit=bool(hit), reason="stale")
        report_cache("a name; with=signs", hit=True)
        return "done"

    @app.post("/slow-sender")
    async def slow_sender(request: Request) -> int:
        return len(await request.body())

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for number in range(3):
                with counted_call():
                    yield f"chunk {number}\n".encode()

        return StreamingResponse(chunks())

    @app.get("/breaks")
    async def breaks() -> None:
        with counted_call():
            raise RuntimeError("the reason")

    @app.get("/breaks-later")
    async def breaks_later() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("too late")

        return StreamingResponse(chunks())

    @app.get("/who")
    async def who() -> str:
        stats = current_stats()
        assert isinstance(stats, RequestStats)
        return stats.request_id

    @app.websocket("/ws")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return app


class Lines:
    """Log lines by request id; a line may come after its answer has."""

    def __init__(self) -> None:
        self._by_id: dict[object, LogLine] = {}
        self._changed = threading.Condition()

    def add(self, line: LogLine) -> None:
        with self._changed:
            self._by_id[line["request.id"]] = line
            self._changed.notify_all()

    def of(self, request_id: str) -> LogLine:
        with self._changed:
            assert self._changed.wait_for(lambda: request_id in self._by_id, timeout=10)
            return self._by_id[request_id]

    def paths(self) -> set[object]:
        with self._changed:
            return {line["url.path"] for line in self._by_id.values()}


class Service:
    """A running service, its log, and a client of it."""

    def __init__(self, lines: Lines, client: httpx.Client) -> None:
        self.lines = lines
        self.client = client
        self.url = str(client.base_url)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def line_of(self, answer: httpx.Response) -> LogLine:
        return self.lines.of(answer.headers["x-request-id"])


@contextmanager
def running(app: FastAPI) -> Iterator[Service]:
    lines = Lines()
    app.add_middleware(TimingMiddleware, log=lines.add)
    with uvicorn_server(app) as url, httpx.Client(base_url=url) as client:
        yield Service(lines, client)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(make_app(tmp_path_factory.mktemp("databases"))) as service:
        yield service


@pytest.mark.parametrize("kind", ["threaded", "async", "dbapi"])
def test_sixteen_requests_at_once_count_their_own_calls(service: Service, kind: str) -> None:
    def ask(calls: int) -> tuple[int, int, object]:
        answer = service.get(f"/{kind}/{calls}")
        return calls, Parts(answer.headers["server-timing"]).calls, service.line_of(answer)["flow.db.calls"]

    with ThreadPoolExecutor(16) as pool:
        for calls, in_header, in_log in pool.map(ask, [1 + number % 16 for number in range(64)]):
            assert (in_header, in_log) == (calls, calls)


def test_no_calls_and_one_call_read_well(service: Service) -> None:
    assert 'desc="1 call"' in service.get("/threaded/1").headers["server-timing"]
    assert 'desc="0 calls"' in service.get("/who").headers["server-timing"]


def test_a_call_that_fails_counts_too(service: Service) -> None:
    parts = Parts(service.get("/wrong-query").headers["server-timing"])
    assert parts.calls == 1
    assert parts.database_ms > 0


def test_work_in_threads_and_tasks_counts_for_the_request_that_started_it(service: Service) -> None:
    assert Parts(service.get("/spread").headers["server-timing"]).calls == 20


@pytest.mark.parametrize(
    ("hits", "member", "state"),
    [
        ([1], "thumbnails; hit", "hit"),
        ([0], "thumbnails; fwd=stale", "mixed"),
        ([1, 0, 1], 'thumbnails; fwd=stale; detail="2 of 3 hit"', "mixed"),
        ([1, 1], 'thumbnails; hit; detail="2 of 2 hit"', "hit"),
    ],
)
def test_cache_status_names_each_cache_once(service: Service, hits: list[int], member: str, state: str) -> None:
    answer = service.get("/cache", params={"hits": hits})
    assert answer.headers["cache-status"] == f'{member}, "a name; with=signs"; hit'
    assert service.line_of(answer)["flow.cache.state"] == state


def test_no_cache_asked_is_no_cache_status(service: Service) -> None:
    assert "cache-status" not in service.get("/who").headers


async def test_a_slow_sender_is_not_the_apps_time() -> None:
    """By a clock that the sender moves: no real waiting."""
    now = 0.0
    parts = [b"one", b"two", b""]
    sent: list[Any] = []
    lines: list[LogLine] = []

    async def receive() -> dict[str, Any]:
        nonlocal now
        now += 2.0
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal now
        while (await receive())["more_body"]:
            pass
        now += 0.5
        await send({"type": "http.response.start", "status": 201, "headers": []})
        now += 3.0
        await send({"type": "http.response.body", "body": b"answer"})

    scope = {"type": "http", "method": "POST", "path": "/slow", "headers": []}
    await TimingMiddleware(app, log=lines.append, clock=lambda: now)(scope, receive, send)
    timing = dict(sent[0]["headers"])[b"server-timing"].decode()
    assert timing == 'recv;dur=6000.0, app;dur=500.0, db;dur=0.0;desc="0 calls"'
    assert lines[0]["flow.recv.ms"] == 6000
    assert lines[0]["flow.app.ms"] == 500
    assert lines[0]["flow.total.ms"] == 9500
    assert (lines[0]["http.request.body.size"], lines[0]["http.response.body.size"]) == (6, 6)


def test_a_streamed_answer_stays_streamed_and_the_log_has_the_final_count(service: Service) -> None:
    with service.client.stream("GET", "/stream") as answer:
        assert Parts(answer.headers["server-timing"]).calls == 0
        assert "".join(answer.iter_text()) == "chunk 0\nchunk 1\nchunk 2\n"
    assert service.line_of(answer)["flow.db.calls"] == 3


def test_an_exception_before_the_answer_is_logged_as_500_and_goes_on(service: Service) -> None:
    answer = httpx.get(f"{service.url}/breaks", headers={"x-request-id": "breaks"})
    assert answer.status_code == 500
    line = service.lines.of("breaks")
    assert (line["http.response.status_code"], line["error.type"], line["flow.db.calls"]) == (500, "RuntimeError", 1)
    assert "the reason" not in json.dumps(line)


def test_an_exception_in_the_middle_of_an_answer_is_logged_with_its_status(service: Service) -> None:
    # On a connection of its own: the server closes one on which an exception has been.
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{service.url}/breaks-later", headers={"x-request-id": "breaks-later"})
    line = service.lines.of("breaks-later")
    assert (line["http.response.status_code"], line["error.type"]) == (200, "RuntimeError")


async def test_websockets_pass(service: Service) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{service.url}/ws") as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"
    assert "/ws" not in service.lines.paths()


def test_request_id_and_trace_are_carried_from_end_to_end(service: Service) -> None:
    headers = {"x-request-id": "abc-123", "traceparent": TRACEPARENT}
    answer = service.get("/who", headers=headers)
    assert answer.json() == "abc-123"
    assert answer.headers["x-request-id"] == "abc-123"
    line = service.line_of(answer)
    assert line["request.id"] == "abc-123"
    assert (line["trace.id"], line["traceparent"]) == ("4bf92f3577b34da6a3ce929d0e0e4736", TRACEPARENT)
    assert (line["http.route"], line["http.request.method"]) == ("/who", "GET")


@pytest.mark.parametrize("sent", ["", "a b", 'a"b', "x" * 129, "é"])
def test_a_request_id_that_is_not_plain_is_replaced(service: Service, sent: str) -> None:
    raw = sent.encode("utf-8")
    headers = [(b"x-request-id", raw), (b"traceparent", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01")]
    answer = service.get("/who", headers=headers)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    line = service.line_of(answer)
    assert line["request.id"] == answer.headers["x-request-id"]
    assert line["traceparent"] is None


def test_by_default_a_line_is_one_json_object_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()
    app.add_middleware(TimingMiddleware)
    with caplog.at_level(logging.INFO, "sluicegate.request"), uvicorn_server(app) as url:
        httpx.get(f"{url}/no%0Asuch")
    [record] = [record for record in caplog.records if record.name == "sluicegate.request"]
    message = record.getMessage()
    assert "\n" not in message
    assert json.loads(message)["http.response.status_code"] == 404


async def test_headers_can_be_switched_off_and_lifespan_passes() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": [(b"X-Request-Id", b"own")]})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    middleware = TimingMiddleware(app, log=None, headers=False)
    await middleware({"type": "lifespan"}, receive, send)
    await middleware({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    assert seen == ["lifespan", "http"]
    assert sent[0]["headers"] == [(b"X-Request-Id", b"own")]


def test_the_middleware_costs_little() -> None:
    """A loose bound, against something growing with each request: far above what it takes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(message: Any = None) -> Any:
        return {"type": "http.request"}

    async def ask(count: int) -> float:
        middleware = TimingMiddleware(app, log=lambda line: None)
        started = time.process_time()
        for _ in range(count):
            await middleware({"type": "http", "method": "GET", "path": "/", "headers": []}, nothing, nothing)
        return (time.process_time() - started) / count

    assert asyncio.run(ask(1000)) < 0.001


def test_outside_of_a_request_nothing_is_counted() -> None:
    assert current_stats() is None
    report_cache("thumbnails", hit=True)
    with counted_call():
        pass
    connection = counted_connection(sqlite3.connect(":memory:"))
    assert connection.execute("SELECT 7").fetchone() == (7,)
    connection.close()


def counted_in(work: Callable[[], object]) -> int:
    """How many calls ``work`` makes, when a request does it."""
    stats = RequestStats()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal stats
        found = current_stats()
        assert found is not None
        stats = found
        work()

    async def nothing(message: Any = None) -> Any:
        return {}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(TimingMiddleware(app, log=None)(scope, nothing, nothing))
    return stats.database_calls


def test_a_counted_connection_is_used_as_the_connection_itself() -> None:
    raw = sqlite3.connect(":memory:")
    connection = counted_connection(raw)

    def work() -> None:
        with connection as same:
            assert same is connection
            cursor = same.cursor()
            assert cursor.execute("CREATE TABLE t (n)") is cursor
            cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
        rows = connection.execute("SELECT n FROM t ORDER BY n")
        assert next(rows) == (1,)
        assert list(rows) == [(2,)]
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("SELECT * FROM nowhere")

    assert counted_in(work) == 4
    connection.row_factory = sqlite3.Row
    assert raw.row_factory is sqlite3.Row
    connection.close()
