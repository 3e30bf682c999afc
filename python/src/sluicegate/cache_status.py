"""Cache status of one request: reported by the service's code, written as RFC 9211 says.

A cache that was asked several times has one member: a hit only if every question was one.
"""

from __future__ import annotations

import re
from typing import Literal

from sluicegate.request_stats import CacheUse, RequestStats, current_stats

ForwardReason = Literal["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial"]
"""Why a cache did not answer itself: RFC 9211 section 2.2."""

# RFC 9651 section 3.3.4
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_NOT_IN_STRING = re.compile(r"[^\x20-\x7e]")


def report_cache(cache: str, *, hit: bool, reason: ForwardReason = "miss") -> None:
    """Says that the request at hand asked ``cache``, and whether it answered. Does nothing outside of a request."""
    stats = current_stats()
    if stats is not None:
        stats.add_cache_use(cache, hit=hit, reason=reason)


def format_cache_status(stats: RequestStats) -> str | None:
    """The value of ``Cache-Status``; ``None`` where no cache was asked."""
    members = [_member(name, use) for name, use in list(stats.caches.items())]
    return ", ".join(members) or None


def cache_state(stats: RequestStats) -> str | None:
    """One word for the log: ``hit``, ``miss`` or ``mixed``; ``None`` where no cache was asked."""
    uses = list(stats.caches.values())
    if not uses:
        return None
    if not any(use.misses for use in uses):
        return "hit"
    return "mixed" if any(use.hits for use in uses) else "miss"


def _member(name: str, use: CacheUse) -> str:
    status = "hit" if use.misses == 0 else f"fwd={use.reason}"
    detail = f'; detail="{use.hits} of {use.hits + use.misses} hit"' if use.hits + use.misses > 1 else ""
    return f"{_item(name)}; {status}{detail}"


def _item(name: str) -> str:
    if _TOKEN.fullmatch(name):
        return name
    plain = _NOT_IN_STRING.sub("?", name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
