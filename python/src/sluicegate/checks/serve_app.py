"""An app of this process behind a real server, on a free port of loopback, in a thread of its own.

ASGI: uvicorn. WSGI: waitress, and where that is not installed ``wsgiref`` with threads, which is nobody's server in
production.
The server is stopped, its connections are closed and its thread has ended when the context ends.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from socketserver import ThreadingMixIn
from typing import Any, Literal, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from sluicegate.checks.catalogue import CheckingError

HOST = "127.0.0.1"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 5
IDLE_SECONDS = 15
THREADS = 16

Interface = Literal["asgi", "wsgi"]


@dataclass(frozen=True)
class ServedApp:
    """A running server. ``is_for_production``: whether what it does on the wire says something about a service that
    is run for real."""

    origin: str
    server: str
    is_for_production: bool


def load_app(app: object) -> object:
    """The app itself, or what ``module:name`` names. Raises ``CheckingError``."""
    if not isinstance(app, str):
        return app
    module, _, name = app.partition(":")
    if not name:
        raise CheckingError(f"app={app!r}: write it as module:name, such as myservice.app:app")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise CheckingError(f"app={app!r} cannot be loaded: {error}") from error


def interface_of(app: object) -> Interface:
    """Raises ``CheckingError`` for what is neither."""
    call = app if inspect.isfunction(app) or inspect.ismethod(app) else getattr(app, "__call__", None)  # noqa: B004
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call):
        return "asgi"
    try:
        taken = [
            parameter
            for parameter in inspect.signature(cast(Callable[..., object], call)).parameters.values()
            if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
            and parameter.default is parameter.empty
        ]
    except (TypeError, ValueError):
        taken = []
    found: Interface | None = {3: "asgi", 2: "wsgi"}.get(len(taken))  # type: ignore[assignment]
    if found is None:
        raise CheckingError(f"app={app!r} is neither an ASGI nor a WSGI app that can be told by its parameters")
    return found


def framework_of(app: object) -> str | None:
    """Whose app it is: ``fastapi``, ``django``, ``flask``, or ``None``."""
    packages = {base.__module__.partition(".")[0] for base in type(app).__mro__}
    return next((name for name in ("fastapi", "django", "flask") if name in packages), None)


def server_for(interface: Interface) -> str:
    """The distribution that will serve it; ``wsgiref`` where there is no other. Raises ``CheckingError``."""
    if interface == "wsgi":
        return "waitress" if find_spec("waitress") else "wsgiref"
    if find_spec("uvicorn"):
        return "uvicorn"
    raise CheckingError("an ASGI app is served by uvicorn, and it is not installed: pip install uvicorn")


@contextmanager
def serve_app(app: object) -> Iterator[ServedApp]:
    """Serves until the context ends. Raises ``CheckingError`` where it does not start."""
    name = server_for(interface_of(app))
    serve = {"uvicorn": _uvicorn, "waitress": _waitress, "wsgiref": _wsgiref}[name]
    with serve(app) as port:
        server = name if name == "wsgiref" else f"{name} {version(name)}"
        yield ServedApp(f"http://{HOST}:{port}", server, is_for_production=name != "wsgiref")


@contextmanager
def _uvicorn(app: Any) -> Iterator[int]:
    import uvicorn  # noqa: PLC0415

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS_MAX)
    server = uvicorn.Server(config)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(server.serve(sockets=[listening]))
        except BaseException as error:  # noqa: BLE001, RUF100 - told in the thread that waits
            failures.append(error)

    with socket.create_server((HOST, 0), backlog=128) as listening:
        port = int(listening.getsockname()[1])
        thread = threading.Thread(target=work, name="sluicegate-uvicorn")
        thread.start()
        try:
            _wait_for_start(lambda: server.started, thread)
            if not server.started:
                why = f": {failures[0]!r}" if failures else "; its log says why (lifespan startup)"
                raise CheckingError(f"the app did not start in uvicorn{why}")
            yield port
        finally:
            server.should_exit = True
            thread.join()


def _wait_for_start(has_started: Callable[[], bool], thread: threading.Thread) -> None:
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while not has_started() and thread.is_alive() and time.monotonic() < give_up_at:
        time.sleep(0.005)


@contextmanager
def _waitress(app: Any) -> Iterator[int]:
    from waitress import wasyncore  # noqa: PLC0415
    from waitress.server import create_server  # noqa: PLC0415

    # The map is ours, and so is the loop over it: the server's own has no way to end.
    connections: dict[int, Any] = {}
    server = create_server(app, map=connections, host=HOST, port=0, threads=THREADS, channel_timeout=IDLE_SECONDS)
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            wasyncore.loop(timeout=0.05, map=connections, count=1)
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=STOP_SECONDS_MAX)
        wasyncore.close_all(connections, ignore_all=True)

    thread = threading.Thread(target=work, name="sluicegate-waitress")
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        is_over.set()
        thread.join()


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # Only two bytes of a refused body were read, perhaps: what is left must not hold up the end.
    block_on_close = False


class _QuietHandler(WSGIRequestHandler):
    timeout = IDLE_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Hostile requests are what is sent here; a line for each is of no use to a test."""


@contextmanager
def _wsgiref(app: Any) -> Iterator[int]:
    server = _ThreadingServer((HOST, 0), _QuietHandler)
    server.set_app(app)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.05), name="sluicegate-wsgiref")
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
