"""A ``/health`` router for FastAPI.

    app.include_router(health_router({"database": check_database}))

``/health`` and ``/health/live`` say that the process answers; ``/health/ready`` runs the named checks, each under a
deadline, and is 503 while one of them fails. A check is a function, plain or async, that returns when all is well and
raises when not; what ``NotReady`` says is shown, of any other exception the log alone has the text. A check that hangs
is not started a second time.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

__all__ = ["Check", "NotReady", "health_router"]

Check = Callable[[], object] | Callable[[], Awaitable[object]]

logger = logging.getLogger("sluicegate.health")


class NotReady(Exception):  # noqa: N818 - reads as what it says, at the place where it is raised
    """Raised by a check, with one sentence that may be shown."""


@dataclass
class _NamedCheck:
    name: str
    check: Check
    deadline_seconds: float
    running: "asyncio.Task[object] | None" = field(default=None)

    async def result(self) -> dict[str, Any]:
        started = time.perf_counter()
        reason = await self._reason()
        result: dict[str, Any] = {"ok": reason is None, "ms": round((time.perf_counter() - started) * 1000, 1)}
        return result if reason is None else {**result, "reason": reason}

    async def _reason(self) -> str | None:
        if self.running is None or self.running.done():
            self.running = asyncio.ensure_future(self._run())
        # The task is not cancelled at the deadline: a thread cannot be, and a second one must not join it.
        done, _ = await asyncio.wait([self.running], timeout=self.deadline_seconds)
        if not done:
            return f"no answer within {self.deadline_seconds:g} s"
        error = self.running.exception()
        if error is None:
            return None
        if isinstance(error, NotReady):
            return str(error)
        logger.warning("health check %s failed", self.name, exc_info=error)
        return f"failed with {type(error).__name__}"

    async def _run(self) -> object:
        if inspect.iscoroutinefunction(self.check):
            return await self.check()
        return await asyncio.to_thread(self.check)


def health_router(checks: Mapping[str, Check] | None = None, *, deadline_seconds: float = 2) -> APIRouter:
    """Makes the router. ``deadline_seconds`` holds for each check; all run at the same time."""
    named = [_NamedCheck(name, check, deadline_seconds) for name, check in (checks or {}).items()]
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("", summary="Is the process answering?")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @router.get("/live", summary="Is the process answering?")
    async def live() -> dict[str, bool]:
        return {"ok": True}

    @router.get("/ready", summary="Can it do its work?", responses={503: {"description": "A check fails."}})
    async def ready() -> JSONResponse:
        results = await asyncio.gather(*(check.result() for check in named))
        ok = all(result["ok"] for result in results)
        body = {"ok": ok, "checks": {check.name: result for check, result in zip(named, results, strict=True)}}
        return JSONResponse(body, 200 if ok else 503, {"Cache-Control": "no-store"})

    return router
