"""Uploaded files in a Django view.

    SLUICEGATE = {"GATE": "http://127.0.0.1:8080", "AUDIENCE": "http://127.0.0.1:8000"}
    MIDDLEWARE = [..., "sluicegate.django.ReceiptsMiddleware"]

    def create(request):
        picture = request.sluicegate_files.one("picture")

or, without the middleware, ``@receives("picture") def create(request, picture)``.

In: what the gate delivers for a flow with ``deliver: receipt``. Out: an ``UploadedFile`` whose receipt was checked
against the request at hand, or an answer 401, 422 or 503 as an RFC 9457 problem. A receipt is verified when the view
asks
for its file; a view that does not ask is not touched. Sync and async.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import cache, wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, cast

from asgiref.sync import iscoroutinefunction as is_marked_coroutine
from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from sluicegate.database_calls import count_django_calls
from sluicegate.errors import ReceiptError
from sluicegate.gate import Gate
from sluicegate.in_thread import in_thread
from sluicegate.receipt_answers import headers_of, problem_of
from sluicegate.received_parts import ReceivedParts, raw_path_of
from sluicegate.replay import ReplayStore, SqliteReplayStore
from sluicegate.request_watch import RequestWatch, TimedReader, log_as_json
from sluicegate.uploaded_file import UploadedFile

__all__ = [
    "Gate",
    "ReceiptsMiddleware",
    "ReceivedFiles",
    "TimingMiddleware",
    "UploadedFile",
    "configured_gate",
    "receives",
]

GetResponse = Callable[[HttpRequest], Any]
View = Callable[..., Any]

_SETTING = "SLUICEGATE"
_OPTIONS = {
    "GATE": "url",
    "AUDIENCE": "audience",
    "ISSUER": "issuer",
    "STORE_ROOT": "store_root",
    "REPLAY": "replay",
    "TIMEOUT_SECONDS": "timeout_seconds",
}
_FILES = "sluicegate_files"
_WATCH = "_sluicegate_watch"
_ERROR = "_sluicegate_error"


@cache
def configured_gate() -> Gate:
    """The gate of ``settings.SLUICEGATE``: a ``Gate``, or a mapping with these keys, of which the first two must be
    there.

    ``GATE`` (its URL), ``AUDIENCE``, ``ISSUER``, ``STORE_ROOT``, ``TIMEOUT_SECONDS``: as the arguments of ``Gate``.
    ``REPLAY``: a store, or
    the path of a file that the workers of one machine share. Raises ``ImproperlyConfigured``.
    """
    written: Any = getattr(settings, _SETTING, None)
    if isinstance(written, Gate):
        return written
    if not isinstance(written, Mapping):
        raise ImproperlyConfigured(f"settings.{_SETTING} is missing: {{'GATE': 'http://…', 'AUDIENCE': 'http://…'}}")
    unknown = sorted(set(written) - set(_OPTIONS))
    if unknown:
        raise ImproperlyConfigured(f"settings.{_SETTING} has no {', '.join(unknown)}; there are {', '.join(_OPTIONS)}")
    for name in ("GATE", "AUDIENCE"):
        if not written.get(name):
            raise ImproperlyConfigured(f"settings.{_SETTING} needs {name}")
    arguments = {_OPTIONS[name]: value for name, value in written.items()}
    return Gate(**{**arguments, "replay": _replay_store(written.get("REPLAY"))})


def _replay_store(written: Any) -> ReplayStore | None:
    return SqliteReplayStore(Path(written)) if isinstance(written, str | Path) else written


def _forget_gate(*, setting: str, **_: Any) -> None:
    if setting == _SETTING:
        configured_gate.cache_clear()


# Tests change settings.
setting_changed.connect(_forget_gate)


class ReceivedFiles:
    """The files of a request: ``request.sluicegate_files``.

    Each is verified when it is asked for, and only once. All methods raise ``ReceiptError``, of which the middleware
    makes the answer. They block for as long as the gate's keys are fetched: each has a twin with ``a`` before its name
    for ``async`` views.
    """

    def __init__(self, request: HttpRequest, gate: Gate | None = None) -> None:
        self._request = request
        self._gate = gate
        self._known: ReceivedParts | None = None

    def __getitem__(self, field: str) -> UploadedFile:
        return self.one(field)

    def one(self, field: str) -> UploadedFile:
        """The file in the form field ``field``, which must be there exactly once."""
        return self._parts().one(field)

    def optional(self, field: str) -> UploadedFile | None:
        """As ``one``; ``None`` where the field is not in the form."""
        return self._parts().optional(field)

    def many(self, field: str) -> list[UploadedFile]:
        """All files in the form field ``field``, in the client's order; at least one."""
        return self._parts().many(field)

    def one_or_plain(self, field: str) -> Any:
        """As ``one``, and Django's own ``UploadedFile`` where the client's own bytes come.

        They come while the flow's mode is ``observe`` or ``off``. Nobody has verified them, and whoever reaches the
        service past the gate can send some.
        """
        return self._parts().one_or_plain(field)

    def body(self, field: str | None = None) -> UploadedFile:
        """The file of a request whose whole body is the file, as a ``raw`` flow has it."""
        return self._parts().body(field)

    async def aone(self, field: str) -> UploadedFile:
        """``one`` for async views."""
        return await in_thread(lambda: self.one(field))

    async def aoptional(self, field: str) -> UploadedFile | None:
        """``optional`` for async views."""
        return await in_thread(lambda: self.optional(field))

    async def amany(self, field: str) -> list[UploadedFile]:
        """``many`` for async views."""
        return await in_thread(lambda: self.many(field))

    async def aone_or_plain(self, field: str) -> Any:
        """``one_or_plain`` for async views."""
        return await in_thread(lambda: self.one_or_plain(field))

    async def abody(self, field: str | None = None) -> UploadedFile:
        """``body`` for async views."""
        return await in_thread(lambda: self.body(field))

    def _parts(self) -> ReceivedParts:
        if self._known is None:
            request = self._request
            form = _Form(request)
            self._known = ReceivedParts(
                gate=self._gate or configured_gate(),
                method=request.method or "",
                raw_path=_raw_path(request),
                content_type=request.META.get("CONTENT_TYPE", ""),
                texts=form.texts,
                files=form.files,
                read_body=request.read,
            )
        return self._known


class _Form:
    """Django reads a form where the method is POST; here it is read for PUT and PATCH, too."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._parsed: tuple[Any, Any] | None = None

    def texts(self, field: str) -> list[str]:
        return [str(text) for text in self._both()[0].getlist(field)]

    def files(self, field: str) -> list[Any]:
        return list(self._both()[1].getlist(field))

    def _both(self) -> tuple[Any, Any]:
        request = self._request
        if self._parsed is None:
            if request.method != "POST" and request.content_type == "multipart/form-data":
                self._parsed = request.parse_file_upload(request.META, request)
            else:
                self._parsed = request.POST, request.FILES
        return self._parsed


def _raw_path(request: HttpRequest) -> str:
    scope = getattr(request, "scope", None)
    if scope is None:
        return raw_path_of(request.META)
    raw: bytes | None = scope.get("raw_path")
    return str(scope["path"]) if raw is None else raw.partition(b"?")[0].decode("latin-1")


def _refused(error: ReceiptError) -> HttpResponse:
    headers = headers_of(error)
    return JsonResponse(
        problem_of(error), status=error.status, content_type=headers.pop("Content-Type"), headers=headers
    )


def receives(*fields: str, gate: Gate | None = None) -> Callable[[View], View]:
    """Gives the view one file for each field, under the field's name. Sync and async views; no middleware is needed.

    For a class: ``@method_decorator(receives("picture"), name="post")``. ``gate``: another one than the settings'.
    """

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def areceiving(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                received = _files_of(request, gate)
                try:
                    files = {field: await received.aone(field) for field in fields}
                except ReceiptError as error:
                    return _refused(error)
                return await view(request, *args, **kwargs, **files)

            return areceiving

        @wraps(view)
        def receiving(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            received = _files_of(request, gate)
            try:
                files = {field: received.one(field) for field in fields}
            except ReceiptError as error:
                return _refused(error)
            return view(request, *args, **kwargs, **files)

        return receiving

    return decorate


def _files_of(request: HttpRequest, gate: Gate | None) -> ReceivedFiles:
    known = getattr(request, _FILES, None)
    if gate is None and isinstance(known, ReceivedFiles):
        return known
    made = ReceivedFiles(request, gate)
    if gate is None:
        setattr(request, _FILES, made)
    return made


class _Middleware:
    """What both kinds of middleware have: one object for sync and async."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = is_marked_coroutine(get_response)
        if self.is_async:
            markcoroutinefunction(cast(Any, self))


class ReceiptsMiddleware(_Middleware):
    """Puts ``sluicegate_files`` on each request, and answers where a view asked for a file that is not to be had."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        configured_gate()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        _files_of(request, None)
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django calls it with what a view raised."""
        return _refused(exception) if isinstance(exception, ReceiptError) else None


class TimingMiddleware(_Middleware):
    """Measures each request: as ``sluicegate.timing.TimingMiddleware``, with the same headers and log line.

    Stands first in ``MIDDLEWARE``, so that the others' time counts. Database calls are those of all of Django's
    connections. Under ASGI Django has read the body before any middleware is called: ``recv`` is then about nothing.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        count_django_calls()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._acall(request)
        watch = _watch(request)
        response: HttpResponseBase = self.get_response(request)
        return _told(watch, request, response)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        watch = _watch(request)
        response: HttpResponseBase = await self.get_response(request)
        return _told(watch, request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Django calls it with what a view raised; it makes a 500 of it all the same."""
        setattr(request, _ERROR, exception)


def _watch(request: HttpRequest) -> RequestWatch:
    watch = RequestWatch(
        method=request.method or "",
        path=request.path,
        request_id=request.META.get("HTTP_X_REQUEST_ID"),
        traceparent=request.META.get("HTTP_TRACEPARENT"),
    )
    watch.make_current()
    stream = getattr(request, "_stream", None)
    if stream is not None:
        # The request has taken hold of the server's stream by now: there is no other place to stand in between.
        setattr(request, "_stream", TimedReader(stream, watch))  # noqa: B010 - private, and unknown to its types
    return watch


def _told(watch: RequestWatch, request: HttpRequest, response: Any) -> HttpResponseBase:
    watch.start_answer(response.status_code)
    for name, value in watch.answer_headers({name.lower() for name in response.headers}, with_timing=True):
        response.headers[name] = value
    if not response.streaming:
        watch.answer_bytes = len(response.content)
        _log(watch, request)
    elif response.is_async:
        response.streaming_content = _acounted(response.streaming_content, watch, request)
    else:
        response.streaming_content = _counted(response.streaming_content, watch, request)
    answered: HttpResponseBase = response
    return answered


def _counted(chunks: Iterator[bytes], watch: RequestWatch, request: HttpRequest) -> Iterator[bytes]:
    watch.answer_bytes = 0
    try:
        for chunk in chunks:
            watch.answer_bytes += len(chunk)
            yield chunk
    finally:
        _log(watch, request)


async def _acounted(chunks: AsyncIterator[bytes], watch: RequestWatch, request: HttpRequest) -> AsyncIterator[bytes]:
    watch.answer_bytes = 0
    try:
        async for chunk in chunks:
            watch.answer_bytes += len(chunk)
            yield chunk
    finally:
        _log(watch, request)


def _log(watch: RequestWatch, request: HttpRequest) -> None:
    watch.leave()
    match = request.resolver_match
    route = None if match is None else f"/{match.route}"
    log_as_json(watch.log_line(getattr(request, _ERROR, None), route))
