"""What is counted for one request while it is worked on.

One mutable object a request, in a context variable: threads and tasks that a handler starts get a copy of the context,
so they find the same object and add to it, and no other request's.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field

_current: ContextVar[RequestStats | None] = ContextVar("sluicegate_request_stats", default=None)


@dataclass
class CacheUse:
    """How often one cache answered, and how often it could not."""

    hits: int = 0
    misses: int = 0
    reason: str = "miss"


@dataclass
class RequestStats:
    """Times in seconds. Change it by its methods only: they may be called from several threads."""

    request_id: str = ""
    traceparent: str | None = None
    database_calls: int = 0
    database_seconds: float = 0.0
    caches: dict[str, CacheUse] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_database_call(self) -> None:
        with self._lock:
            self.database_calls += 1

    def add_database_seconds(self, seconds: float) -> None:
        with self._lock:
            self.database_seconds += seconds

    def add_cache_use(self, cache: str, *, hit: bool, reason: str) -> None:
        with self._lock:
            use = self.caches.setdefault(cache, CacheUse())
            if hit:
                use.hits += 1
            else:
                use.misses += 1
                use.reason = reason


def current_stats() -> RequestStats | None:
    """The request that is being worked on here; ``None`` outside of one."""
    return _current.get()


def set_current_stats(stats: RequestStats | None) -> None:
    """For the middleware. ASGI needs no reset: a server gives each request a context of its own, or sets this anew."""
    _current.set(stats)
