"""Uploaded files in a Flask view.

    gate = Gate("http://127.0.0.1:8080", audience="http://127.0.0.1:8000")

    @app.post("/api/avatars")
    @receives(gate, "picture")
    def create(picture: UploadedFile): ...

In: what the gate delivers for a flow with ``deliver: receipt``. Out: an ``UploadedFile`` whose receipt was checked
against the request at hand, or an answer 401, 422 or 503 as an RFC 9457 problem. The functions below are for inside
of a
view, where a field is optional or has many files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, got_request_exception, request
from flask import json as flask_json
from werkzeug.exceptions import HTTPException

from sluicegate.errors import ReceiptError
from sluicegate.gate import Gate
from sluicegate.receipt_answers import headers_of, problem_of
from sluicegate.received_parts import ReceivedParts, raw_path_of
from sluicegate.request_watch import LogLine, RequestWatch, TimedReader, log_as_json
from sluicegate.uploaded_file import UploadedFile

__all__ = [
    "Gate",
    "ReceiptRefused",
    "UploadedFile",
    "optional_file",
    "receives",
    "time_requests",
    "uploaded_body",
    "uploaded_file",
    "uploaded_file_or_plain",
    "uploaded_files",
]

View = Callable[..., Any]
T = TypeVar("T")

_PARTS = "_sluicegate_parts"
_WATCH = "_sluicegate_watch"
_ERROR = "_sluicegate_error"


class ReceiptRefused(HTTPException):
    """The answer to a receipt that is not good for this request: a whole problem, without a handler.

    ``app.register_error_handler(ReceiptRefused, …)`` makes another of it.
    """

    def __init__(self, error: ReceiptError) -> None:
        body = flask_json.dumps(problem_of(error))
        super().__init__(error.message, Response(body, error.status, headers_of(error)))
        self.code = error.status
        self.receipt_code = error.code


def receives(gate: Gate, *fields: str) -> Callable[[View], View]:
    """Gives the view one file for each field, under the field's name. Plain and async views.

    Stands below the route: ``@app.post(…)`` first, then ``@receives(…)``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def receiving(*args: Any, **kwargs: Any) -> Any:
            files = {field: uploaded_file(gate, field) for field in fields}
            return current_app.ensure_sync(view)(*args, **kwargs, **files)

        return receiving

    return decorate


def uploaded_file(gate: Gate, field: str) -> UploadedFile:
    """The file in the form field ``field``, which must be there exactly once. Raises ``ReceiptRefused``, as all of
    these."""
    return _or_refuse(lambda: _parts(gate).one(field))


def optional_file(gate: Gate, field: str) -> UploadedFile | None:
    """As ``uploaded_file``; ``None`` where the field is not in the form."""
    return _or_refuse(lambda: _parts(gate).optional(field))


def uploaded_files(gate: Gate, field: str) -> list[UploadedFile]:
    """All files in the form field ``field``, in the client's order; at least one."""
    return _or_refuse(lambda: _parts(gate).many(field))


def uploaded_file_or_plain(gate: Gate, field: str) -> Any:
    """As ``uploaded_file``, and Werkzeug's ``FileStorage`` where the client's own bytes come.

    They come while the flow's mode is ``observe`` or ``off``. Nobody has verified them, and whoever reaches the service
    past the gate can send some.
    """
    return _or_refuse(lambda: _parts(gate).one_or_plain(field))


def uploaded_body(gate: Gate, field: str | None = None) -> UploadedFile:
    """The file of a request whose whole body is the file, as a ``raw`` flow has it."""
    return _or_refuse(lambda: _parts(gate).body(field))


def _or_refuse(take: Callable[[], T]) -> T:
    try:
        return take()
    except ReceiptError as error:
        raise ReceiptRefused(error) from error


def _parts(gate: Gate) -> ReceivedParts:
    """One for each gate and request, so that a receipt that is asked for twice is taken once."""
    known: dict[int, ReceivedParts] = g.setdefault(_PARTS, {})
    if id(gate) not in known:
        known[id(gate)] = ReceivedParts(
            gate=gate,
            method=request.method,
            raw_path=raw_path_of(request.environ),
            content_type=request.headers.get("Content-Type", ""),
            # The form is parsed when it is asked for: a raw body is none.
            texts=lambda name: request.form.getlist(name),  # noqa: PLW0108
            files=lambda name: request.files.getlist(name),  # noqa: PLW0108
            read_body=lambda size: request.stream.read(size),  # noqa: PLW0108
        )
    return known[id(gate)]


def time_requests(app: Flask, *, log: Callable[[LogLine], None] | None = log_as_json, headers: bool = True) -> None:
    """Measures each request of ``app``: as ``sluicegate.timing.TimingMiddleware``, with the same headers and log line.

    Call it before other functions are registered for before a request, so that their time counts.
    """

    @app.before_request
    def start() -> None:
        watch = RequestWatch(
            method=request.method,
            path=request.path,
            request_id=request.headers.get("X-Request-Id"),
            traceparent=request.headers.get("traceparent"),
        )
        watch.make_current()
        setattr(g, _WATCH, watch)
        request.environ["wsgi.input"] = TimedReader(request.environ["wsgi.input"], watch)

    def note(_: Flask, exception: BaseException, **__: Any) -> None:
        setattr(g, _ERROR, exception)

    # Weak, it would be forgotten at the end of this function.
    got_request_exception.connect(note, app, weak=False)

    @app.after_request
    def tell(response: Response) -> Response:
        watch: RequestWatch | None = g.get(_WATCH)
        if watch is None:
            return response
        watch.start_answer(response.status_code)
        named = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - a list of pairs, no mapping
        response.headers.extend(watch.answer_headers(named, with_timing=headers))
        watch.answer_bytes = response.calculate_content_length()
        error, route = g.get(_ERROR), _route()
        setattr(g, _WATCH, None)

        def end() -> None:
            watch.leave()
            if log is not None:
                log(watch.log_line(error, route))

        response.call_on_close(end)
        return response

    @app.teardown_request
    def fail(error: BaseException | None) -> None:
        # Only an exception that nobody made an answer of comes here before `tell`.
        watch: RequestWatch | None = g.get(_WATCH)
        if watch is None or error is None:
            return
        watch.leave()
        if log is not None:
            log(watch.log_line(error, _route()))


def _route() -> str | None:
    return None if request.url_rule is None else request.url_rule.rule
