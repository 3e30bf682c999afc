"""Uploaded files as parameters of a FastAPI route.

    gate = Gate("http://127.0.0.1:8080", audience="http://127.0.0.1:8000")

    @app.post("/api/avatars")
    def create(picture: Annotated[UploadedFile, uploaded_file(gate, "picture")]) -> ...:

In: what the gate delivers for a flow with ``deliver: receipt``. Out: an ``UploadedFile`` whose receipt was checked
against the request at hand, or an answer 401, 422 or 503. In the OpenAPI document the parameter is a file, which is
what a client of the gate sends.
"""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, File, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from sluicegate.errors import ReceiptError
from sluicegate.gate import Gate
from sluicegate.in_thread import in_thread
from sluicegate.jws import TOKEN_CHARS_MAX
from sluicegate.receipt_answers import (
    PROBLEM_TYPE,
    headers_of,
    is_receipt_media_type,
    not_a_receipt,
    problem_of,
    second_file,
    token_of,
)
from sluicegate.uploaded_file import UploadedFile

# `from __future__ import annotations` is left out on purpose: FastAPI reads the annotations below as objects.

__all__ = [
    "Gate",
    "ReceiptRefused",
    "UploadedFile",
    "add_problem_answers",
    "optional_file",
    "raw_body_openapi",
    "uploaded_body",
    "uploaded_file",
    "uploaded_file_or_plain",
    "uploaded_files",
]

_BINARY = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}


class ReceiptRefused(HTTPException):
    """The answer to a receipt that is not good for this request.

    FastAPI's own handler makes ``{"detail": sentence}`` of it; ``add_problem_answers`` adds the other members.
    """

    def __init__(self, error: ReceiptError) -> None:
        super().__init__(error.status, error.message, headers_of(error))
        self.code = error.code
        self.problem = problem_of(error)


def add_problem_answers(app: FastAPI) -> None:
    """Makes refused receipts answer with a whole RFC 9457 problem: type, title, status, detail and code."""
    app.add_exception_handler(ReceiptRefused, _answer_refused)


async def _answer_refused(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ReceiptRefused):
        raise error
    return JSONResponse(error.problem, error.status_code, error.headers, PROBLEM_TYPE)


def uploaded_file(gate: Gate, field: str) -> Any:
    """One file in the form field ``field``, which must be there exactly once."""

    async def take(
        request: Request, part: Annotated[Any, File(alias=field, json_schema_extra=_BINARY)]
    ) -> UploadedFile:
        await _refuse_second(request, field)
        return await _accept(gate, request, part, field)

    return Depends(take)


def optional_file(gate: Gate, field: str) -> Any:
    """As ``uploaded_file``; ``None`` where the field is not in the form."""

    async def take(
        request: Request, part: Annotated[Any, File(alias=field, json_schema_extra=_BINARY)] = None
    ) -> UploadedFile | None:
        await _refuse_second(request, field)
        return None if part is None else await _accept(gate, request, part, field)

    return Depends(take)


def uploaded_file_or_plain(gate: Gate, field: str) -> Any:
    """As ``uploaded_file``, and a plain ``UploadFile`` where the client's own bytes come.

    They come while the flow's mode is ``observe`` or ``off``: a service that takes both needs no change when the mode
    is moved, there or back. What is in an ``UploadFile`` nobody has verified, and whoever reaches the service past the
    gate can send one.
    """

    async def take(
        request: Request, part: Annotated[Any, File(alias=field, json_schema_extra=_BINARY)]
    ) -> UploadedFile | UploadFile:
        await _refuse_second(request, field)
        if isinstance(part, UploadFile):
            return part
        return await _accept(gate, request, part, field)

    return Depends(take)


async def _refuse_second(request: Request, field: str) -> None:
    # FastAPI would take the last one and say nothing. The form was parsed already: this is no second reading.
    if len((await request.form()).getlist(field)) > 1:
        raise ReceiptRefused(second_file(field))


def uploaded_files(gate: Gate, field: str) -> Any:
    """All files in the form field ``field``, in the client's order; at least one."""

    async def take(
        request: Request,
        parts: Annotated[list[Any], File(alias=field, json_schema_extra={"items": _BINARY})],
    ) -> list[UploadedFile]:
        return [await _accept(gate, request, part, field) for part in parts]

    return Depends(take)


def uploaded_body(gate: Gate, field: str | None = None) -> Any:
    """The file of a request whose whole body is the file, as a ``raw`` flow has it.

    ``field`` is the name that the flow file gives it; not compared where not given. FastAPI cannot know of the body:
    ``openapi_extra=raw_body_openapi()`` on the route puts it into the OpenAPI document.
    """

    async def take(request: Request) -> UploadedFile:
        if not is_receipt_media_type(request.headers.get("content-type", "")):
            raise ReceiptRefused(not_a_receipt())
        return await _accept(gate, request, await _read_token(request), field)

    return Depends(take)


def raw_body_openapi(media_type: str = "application/octet-stream") -> dict[str, Any]:
    """What a route with ``uploaded_body`` gives as ``openapi_extra``."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": _BINARY}}}}


async def _read_token(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > TOKEN_CHARS_MAX:
            raise ReceiptRefused(not_a_receipt())
    return body.decode("latin-1").strip()


async def _accept(gate: Gate, request: Request, part: object, field: str | None) -> UploadedFile:
    raw_path = _raw_path(request)
    try:
        token = token_of(part)
        return await in_thread(lambda: gate.accept(token, method=request.method, raw_path=raw_path, field=field))
    except ReceiptError as error:
        raise ReceiptRefused(error) from error


def _raw_path(request: Request) -> str:
    """As it was on the wire. A server that does not tell gives the decoded path, good for all but encoded slashes."""
    raw: bytes | None = request.scope.get("raw_path")
    return request.scope["path"] if raw is None else raw.partition(b"?")[0].decode("latin-1")
