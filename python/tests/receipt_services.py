"""The same small service with each framework, behind a real server: what comes by receipt, told back."""

# `from __future__ import annotations` is left out on purpose: FastAPI reads annotations as objects.

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any

import django as django_package
import fastapi
import flask
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.test import override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from sluicegate import django as for_django
from sluicegate import fastapi as for_fastapi
from sluicegate import flask as for_flask
from sluicegate.checks.serve_app import serve_app
from sluicegate.gate import Gate
from sluicegate.uploaded_file import UploadedFile

Running = Callable[[Gate], AbstractContextManager[str]]


def told(file: UploadedFile, caption: str = "") -> dict[str, Any]:
    return {"name": file.filename, "size": len(file.read()), "caption": caption, "upload": file.upload_id}


@contextmanager
def fastapi_service(gate: Gate) -> Iterator[str]:
    app = fastapi.FastAPI()
    for_fastapi.add_problem_answers(app)

    @app.post("/api/avatars")
    def one(
        picture: Annotated[UploadedFile, for_fastapi.uploaded_file(gate, "picture")],
        caption: Annotated[str, fastapi.Form()] = "",
    ) -> dict[str, Any]:
        return told(picture, caption)

    @app.post("/api/users/{user}/avatar")
    def of_user(user: str, picture: Annotated[UploadedFile, for_fastapi.uploaded_file(gate, "picture")]) -> str:
        return user

    @app.post("/api/perhaps")
    def perhaps(picture: Annotated[UploadedFile | None, for_fastapi.optional_file(gate, "picture")]) -> str | None:
        return picture.filename if picture else None

    @app.post("/api/many")
    def many(pictures: Annotated[list[UploadedFile], for_fastapi.uploaded_files(gate, "pictures")]) -> list[str | None]:
        return [picture.filename for picture in pictures]

    @app.post("/api/either")
    def either(picture: Annotated[Any, for_fastapi.uploaded_file_or_plain(gate, "picture")]) -> bool:
        return isinstance(picture, UploadedFile)

    @app.put("/api/imports/{name}")
    def raw(name: str, table: Annotated[UploadedFile, for_fastapi.uploaded_body(gate)]) -> dict[str, Any]:
        return told(table)

    with serve_app(app) as served:
        yield served.origin


@contextmanager
def flask_service(gate: Gate) -> Iterator[str]:
    app = flask.Flask("service")

    @app.post("/api/avatars")
    @for_flask.receives(gate, "picture")
    def one(picture: UploadedFile) -> dict[str, Any]:
        return told(picture, flask.request.form.get("caption", ""))

    @app.post("/api/users/<user>/avatar")
    @for_flask.receives(gate, "picture")
    async def of_user(user: str, picture: UploadedFile) -> flask.Response:
        return flask.jsonify(user)

    @app.post("/api/perhaps")
    def perhaps() -> flask.Response:
        picture = for_flask.optional_file(gate, "picture")
        return flask.jsonify(picture.filename if picture else None)

    @app.post("/api/many")
    def many() -> flask.Response:
        return flask.jsonify([picture.filename for picture in for_flask.uploaded_files(gate, "pictures")])

    @app.post("/api/either")
    def either() -> flask.Response:
        return flask.jsonify(isinstance(for_flask.uploaded_file_or_plain(gate, "picture"), UploadedFile))

    @app.put("/api/imports/<name>")
    def raw(name: str) -> dict[str, Any]:
        return told(for_flask.uploaded_body(gate))

    with serve_app(app) as served:
        yield served.origin


def _json(value: Any) -> JsonResponse:
    return JsonResponse(value, safe=False)


@for_django.receives("picture")
def _one(request: HttpRequest, picture: UploadedFile) -> JsonResponse:
    return _json(told(picture, request.POST.get("caption", "")))


@for_django.receives("picture")
async def _aone(request: HttpRequest, picture: UploadedFile) -> JsonResponse:
    assert await request.sluicegate_files.aone("picture") is picture
    return _json({**told(picture, request.POST.get("caption", "")), "size": len(await picture.aread())})


@method_decorator(for_django.receives("picture"), name="post")
class _OfUser(View):  # type: ignore[misc]
    def post(self, request: HttpRequest, user: str, picture: UploadedFile) -> JsonResponse:
        return _json(user)


def _perhaps(request: HttpRequest) -> JsonResponse:
    picture = request.sluicegate_files.optional("picture")
    return _json(picture.filename if picture else None)


async def _amany(request: HttpRequest) -> JsonResponse:
    return _json([picture.filename for picture in await request.sluicegate_files.amany("pictures")])


def _many(request: HttpRequest) -> JsonResponse:
    return _json([picture.filename for picture in request.sluicegate_files.many("pictures")])


def _either(request: HttpRequest) -> JsonResponse:
    return _json(isinstance(request.sluicegate_files.one_or_plain("picture"), UploadedFile))


def _raw(request: HttpRequest, name: str) -> JsonResponse:
    return _json(told(request.sluicegate_files.body()))


def _put(request: HttpRequest) -> JsonResponse:
    assert request.sluicegate_files["picture"] is request.sluicegate_files["picture"]
    return _json(told(request.sluicegate_files["picture"]))


class _Urls:
    """A Django URL configuration."""

    def __init__(self, one: Any, many: Any) -> None:
        self.urlpatterns = [
            path("api/avatars", one),
            path("api/users/<user>/avatar", _OfUser.as_view()),
            path("api/users/<path:user>/avatar", _OfUser.as_view()),
            path("api/perhaps", _perhaps),
            path("api/many", many),
            path("api/either", _either),
            path("api/imports/<name>", _raw),
            path("api/put", _put),
        ]


def set_up_django() -> None:
    """Once in a process."""
    if not settings.configured:
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        settings.configure(
            ALLOWED_HOSTS=["*"], DATABASES={"default": database}, SECRET_KEY="for tests", LOGGING_CONFIG=None
        )
        django_package.setup()


def _django_settings(gate: Gate, urls: _Urls) -> Any:
    middleware = ["sluicegate.django.ReceiptsMiddleware"]
    return override_settings(SLUICEGATE=gate, ROOT_URLCONF=urls, MIDDLEWARE=middleware)


@contextmanager
def django_wsgi_service(gate: Gate) -> Iterator[str]:
    set_up_django()
    with _django_settings(gate, _Urls(_one, _many)), serve_app(get_wsgi_application()) as served:
        yield served.origin


@contextmanager
def django_asgi_service(gate: Gate) -> Iterator[str]:
    set_up_django()
    with _django_settings(gate, _Urls(_aone, _amany)), serve_app(get_asgi_application()) as served:
        yield served.origin


SERVICES: dict[str, Running] = {
    "fastapi": fastapi_service,
    "flask": flask_service,
    "django-wsgi": django_wsgi_service,
    "django-asgi": django_asgi_service,
}
