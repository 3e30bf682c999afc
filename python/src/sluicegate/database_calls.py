"""Counts database calls for the request that makes them.

Three ways in, of which a service uses one for each database, or it counts double: ``count_sqlalchemy_calls`` for
everything that goes through SQLAlchemy, ``count_django_calls`` for Django's connections, ``counted_connection`` for any
DB-API connection. None keeps SQL text or parameters. A call counts when it starts; its time is added when it ends,
whether well or with an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sluicegate.request_stats import current_stats

_STARTED = "_sluicegate_started"
_CURSOR_CALLS = frozenset({"execute", "executemany", "executescript", "callproc"})


@contextmanager
def counted_call() -> Iterator[None]:
    """Counts what is done inside as one database call; for drivers of other kinds."""
    stats = current_stats()
    if stats is None:
        yield
        return
    stats.add_database_call()
    started = time.perf_counter()
    try:
        yield
    finally:
        stats.add_database_seconds(time.perf_counter() - started)


def counted_connection(connection: Any) -> Any:
    """Wraps a DB-API 2.0 connection (PEP 249) so that the calls of its cursors are counted.

    Everything else goes to the connection itself, so it can be used wherever the connection could.
    """
    return _Counted(connection)


class _Counted:
    """A connection or cursor whose calls are counted; what they return is counted too where it is a cursor."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Any) -> None:
        object.__setattr__(self, "_inner", inner)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name in _CURSOR_CALLS:
            return _counting(self, value)
        if name == "cursor" and callable(value):
            return lambda *args, **kwargs: _Counted(value(*args, **kwargs))
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)

    def __iter__(self) -> Any:
        return iter(self._inner)

    def __next__(self) -> Any:
        return next(self._inner)

    def __enter__(self) -> Any:
        entered = self._inner.__enter__()
        return self if entered is self._inner else _Counted(entered)

    def __exit__(self, *error: Any) -> Any:
        return self._inner.__exit__(*error)


def _counting(owner: _Counted, call: Any) -> Any:
    inner = object.__getattribute__(owner, "_inner")

    def counted(*args: Any, **kwargs: Any) -> Any:
        with counted_call():
            result = call(*args, **kwargs)
        if result is inner:
            return owner
        # A connection's own `execute` (sqlite3, psycopg) makes a cursor.
        return _Counted(result) if hasattr(result, "fetchone") else result

    return counted


def count_sqlalchemy_calls() -> None:
    """From now on counts the calls of all SQLAlchemy engines of this process, async ones too. Once is enough.

    ``executemany`` is one call. Needs SQLAlchemy.
    """
    from sqlalchemy import event  # noqa: PLC0415
    from sqlalchemy.engine import Engine  # noqa: PLC0415

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": _before_cursor_execute,
        "after_cursor_execute": _after_cursor_execute,
        "handle_error": _handle_error,
    }
    for name, listener in listeners.items():
        if not event.contains(Engine, name, listener):
            event.listen(Engine, name, listener)


def count_django_calls() -> None:
    """From now on counts the calls of all of Django's database connections, in every thread. Once is enough.

    ``executemany`` is one call. Needs Django, with its settings.
    """
    from django.db import connections  # noqa: PLC0415
    from django.db.backends.signals import connection_created  # noqa: PLC0415

    # Not all connections at once: each belongs to the thread that opens it, and is made there.
    connection_created.connect(_watch_connection, dispatch_uid=_STARTED)
    for connection in connections.all(initialized_only=True):
        _watch_connection(connection=connection)


def _watch_connection(*, connection: Any, **_: Any) -> None:
    if _count_execution not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count_execution)


def _count_execution(execute: Callable[..., Any], sql: Any, values: Any, many: Any, context: Any) -> Any:
    with counted_call():
        return execute(sql, values, many, context)


def _before_cursor_execute(_connection: Any, _cursor: Any, _sql: Any, _values: Any, context: Any, _many: Any) -> None:
    stats = current_stats()
    if stats is not None and context is not None:
        stats.add_database_call()
        setattr(context, _STARTED, time.perf_counter())


def _after_cursor_execute(_connection: Any, _cursor: Any, _sql: Any, _values: Any, context: Any, _many: Any) -> None:
    _add_time(context)


def _handle_error(error_context: Any) -> None:
    _add_time(error_context.execution_context)


def _add_time(context: Any) -> None:
    stats = current_stats()
    started = getattr(context, _STARTED, None)
    if stats is not None and started is not None:
        stats.add_database_seconds(time.perf_counter() - started)
        setattr(context, _STARTED, None)
