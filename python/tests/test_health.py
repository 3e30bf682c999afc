import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from sluicegate.health import Check, NotReady, health_router

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def client_of(
    checks: Mapping[str, Check] | None = None, deadline_seconds: float = 5
) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(health_router(checks, deadline_seconds=deadline_seconds))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


def all_well() -> None:
    pass


async def all_well_async() -> str:
    return "what it returns does not matter"


def no_disk() -> None:
    raise NotReady("the disk is full")


async def no_database() -> None:
    raise ConnectionError("db.internal:5432 refused user admin")


async def test_the_process_answers() -> None:
    async with client_of({"disk": no_disk}) as client:
        assert (await client.get("/health")).json() == {"ok": True}
        assert (await client.get("/health/live")).json() == {"ok": True}


async def test_ready_without_checks_is_ready() -> None:
    async with client_of() as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "checks": {}})


async def test_ready_names_each_check() -> None:
    async with client_of({"disk": all_well, "database": all_well_async}) as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert {name: check["ok"] for name, check in answer.json()["checks"].items()} == {"disk": True, "database": True}


async def test_one_check_that_fails_makes_it_not_ready_and_shows_no_inner_text() -> None:
    async with client_of({"disk": no_disk, "database": no_database, "cache": all_well}) as client:
        answer = await client.get("/health/ready")
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (503, False)
    assert body["checks"]["disk"]["reason"] == "the disk is full"
    assert body["checks"]["database"]["reason"] == "failed with ConnectionError"
    assert body["checks"]["cache"]["ok"]


async def test_a_check_that_hangs_is_given_up_at_its_deadline_and_not_started_twice() -> None:
    let_go = threading.Event()
    started = 0

    def hangs() -> None:
        nonlocal started
        started += 1
        assert let_go.wait(10)

    async with client_of({"disk": hangs, "cache": all_well}, deadline_seconds=0.05) as client:
        for _ in range(3):
            answer = await client.get("/health/ready")
            assert answer.status_code == 503
            assert answer.json()["checks"]["disk"]["reason"] == "no answer within 0.05 s"
            assert answer.json()["checks"]["cache"]["ok"]
        assert started == 1
        let_go.set()
        while (await client.get("/health/ready")).status_code != 200:
            pass


async def test_checks_run_at_the_same_time() -> None:
    arrived = 0
    everybody = asyncio.Event()

    async def waits_for_the_other() -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 2:
            everybody.set()
        await everybody.wait()

    async with client_of({"one": waits_for_the_other, "two": waits_for_the_other}) as client:
        assert (await client.get("/health/ready")).status_code == 200
