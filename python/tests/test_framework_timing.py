"""What a request cost, told by Flask and by Django, sync and async, behind real servers."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
import httpx
import pytest
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from sluicegate.checks.serve_app import serve_app
from sluicegate.django import ReceiptsMiddleware, configured_gate
from sluicegate.flask import time_requests
from sluicegate.gate import Gate
from sluicegate.replay import SqliteReplayStore
from sluicegate.timing import counted_call, current_stats, report_cache
from tests.receipt_services import set_up_django

TIMING = re.compile(r'recv;dur=[\d.]+, app;dur=[\d.]+, db;dur=([\d.]+);desc="(\d+) calls?"')
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ask_database(calls: int) -> None:
    with connection.cursor() as cursor:
        for _ in range(calls):
            cursor.execute("SELECT 1")


@contextmanager
def flask_service() -> Iterator[str]:
    app = flask.Flask("timed")
    time_requests(app)

    @app.post("/calls/<int:count>")
    def calls(count: int) -> str:
        for _ in range(count):
            with counted_call():
                pass
        report_cache("thumbnails", hit=False)
        return str(len(flask.request.get_data()))

    @app.get("/stream")
    def stream() -> flask.Response:
        def chunks() -> Iterator[bytes]:
            with counted_call():
                yield b"chunk"

        return flask.Response(chunks())

    @app.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("the reason")

    with serve_app(app) as served:
        yield served.origin


def _calls(request: HttpRequest, count: int) -> HttpResponse:
    ask_database(count)
    report_cache("thumbnails", hit=False)
    return HttpResponse(str(len(request.body)))


async def _acalls(request: HttpRequest, count: int) -> HttpResponse:
    await sync_to_async(ask_database)(count)
    report_cache("thumbnails", hit=False)
    return HttpResponse(str(len(request.body)))


def _stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[bytes]:
        with counted_call():
            yield b"chunk"

    return StreamingHttpResponse(chunks())


async def _astream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> Any:
        with counted_call():
            yield b"chunk"

    return StreamingHttpResponse(chunks())


def _breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the reason")


class _Urls:
    def __init__(self, calls: Any, stream: Any) -> None:
        self.urlpatterns = [path("calls/<int:count>", calls), path("stream", stream), path("breaks", _breaks)]


@contextmanager
def django_service(urls: _Urls, make_app: Callable[[], Any]) -> Iterator[str]:
    set_up_django()
    middleware = ["sluicegate.django.TimingMiddleware"]
    with override_settings(ROOT_URLCONF=urls, MIDDLEWARE=middleware), serve_app(make_app()) as served:
        yield served.origin


SERVICES: dict[str, Callable[[], Any]] = {
    "flask": flask_service,
    "django-wsgi": lambda: django_service(_Urls(_calls, _stream), get_wsgi_application),
    "django-asgi": lambda: django_service(_Urls(_acalls, _astream), get_asgi_application),
}


@pytest.fixture(params=SERVICES)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged, to be asked for when the server has stopped."""
    with caplog.at_level(logging.INFO, "sluicegate.request"):
        yield lambda: [
            json.loads(record.getMessage()) for record in caplog.records if record.name == "sluicegate.request"
        ]


Lines = Callable[[], list[dict[str, Any]]]


def calls_of(answer: httpx.Response) -> int:
    found = TIMING.fullmatch(answer.headers["server-timing"])
    assert found, answer.headers["server-timing"]
    return int(found[2])


def test_each_request_counts_its_own_calls(framework: str, lines: Lines) -> None:
    headers = {"x-request-id": "abc-123", "traceparent": TRACEPARENT}
    with SERVICES[framework]() as origin, httpx.Client(base_url=origin) as client:
        answers = [client.post(f"/calls/{count}", content=b"12345", headers=headers) for count in (3, 0, 1)]
    assert [(answer.text, calls_of(answer)) for answer in answers] == [("5", 3), ("5", 0), ("5", 1)]
    assert answers[0].headers["x-request-id"] == "abc-123"
    assert answers[0].headers["cache-status"] == "thumbnails; fwd=miss"
    line = lines()[0]
    assert line["http.route"] == "/calls/<int:count>"
    assert line["http.request.body.size"] == 5
    expected = {
        "request.id": "abc-123",
        "trace.id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "http.request.method": "POST",
        "url.path": "/calls/3",
        "http.response.status_code": 200,
        "http.response.body.size": 1,
        "flow.db.calls": 3,
        "flow.cache.state": "miss",
        "error.type": None,
    }
    assert {name: line[name] for name in expected} == expected


def test_a_streamed_answer_is_logged_when_it_has_ended(framework: str, lines: Lines) -> None:
    with SERVICES[framework]() as origin:
        answer = httpx.get(f"{origin}/stream")
    assert (answer.text, calls_of(answer)) == ("chunk", 0)
    assert [line["flow.db.calls"] for line in lines()] == [1]


def test_an_exception_is_a_500_in_the_log_and_says_nothing_of_its_text(framework: str, lines: Lines) -> None:
    with SERVICES[framework]() as origin:
        answer = httpx.get(f"{origin}/breaks")
        missing = httpx.get(f"{origin}/nowhere")
    assert [answer.status_code, missing.status_code] == [500, 404]
    told = [(line["http.response.status_code"], line["http.route"], line["error.type"]) for line in lines()]
    assert told == [(500, "/breaks", "RuntimeError"), (404, None, None)]
    assert "the reason" not in json.dumps(lines())


def test_an_exception_that_nobody_answers_is_logged(lines: Lines) -> None:
    app = flask.Flask("testing")
    app.testing = True
    time_requests(app)

    @app.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("the reason")

    with pytest.raises(RuntimeError):
        app.test_client().get("/breaks")
    [line] = lines()
    assert current_stats() is None
    assert (line["http.response.status_code"], line["error.type"]) == (500, "RuntimeError")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "is missing"),
        ({"GATE": "http://127.0.0.1:8080"}, "needs AUDIENCE"),
        ({"GATE": "http://127.0.0.1:8080", "AUDIENCE": "http://a", "STORE": "x"}, "has no STORE; there are GATE, "),
    ],
)
def test_djangos_settings_are_checked_when_the_service_starts(written: Any, said: str) -> None:
    set_up_django()
    with override_settings(SLUICEGATE=written), pytest.raises(ImproperlyConfigured, match=said):
        ReceiptsMiddleware(lambda request: None)


def test_djangos_settings_make_the_gate(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up_django()
    given: dict[str, Any] = {}

    def init(self: Gate, url: str, **options: Any) -> None:
        given.update(options, url=url)

    monkeypatch.setattr(Gate, "__init__", init)
    written = {
        "GATE": "http://127.0.0.1:8080",
        "AUDIENCE": "http://127.0.0.1:8000",
        "ISSUER": "https://uploads.example.com",
        "STORE_ROOT": tmp_path,
        "REPLAY": tmp_path / "used.sqlite",
        "TIMEOUT_SECONDS": 5,
    }
    with override_settings(SLUICEGATE=written):
        assert configured_gate() is configured_gate()
    assert isinstance(given.pop("replay"), SqliteReplayStore)
    assert given == {
        "url": "http://127.0.0.1:8080",
        "audience": "http://127.0.0.1:8000",
        "issuer": "https://uploads.example.com",
        "store_root": tmp_path,
        "timeout_seconds": 5,
    }
