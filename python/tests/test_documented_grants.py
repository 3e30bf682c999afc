"""The Python of ``docs/grants.md`` runs, and does what the page says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import RedirectResponse

from sluicegate.jws import decode_base64url

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).resolve().parents[2] / "docs" / "grants.md"
UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y"


@dataclass(frozen=True)
class User:
    id: str
    is_premium: bool = False
    may_upload: frozenset[str] = field(default=frozenset({"avatars"}))


def current_user(authorization: Annotated[str | None, Header()] = None) -> User:
    if authorization is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return User(authorization.removeprefix("Bearer "))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    monkeypatch.setenv("GRANT_SECRET", "0123456789abcdef" * 2)
    app = FastAPI()
    names: dict[str, Any] = {
        "app": app,
        "User": User,
        "current_user": current_user,
        "find_avatar": lambda avatar_id, user: (UPLOAD_ID, f"{user.id}-{avatar_id}.png"),
        "Annotated": Annotated,
        "Depends": Depends,
        "RedirectResponse": RedirectResponse,
    }
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, str(PAGE), "exec", dont_inherit=True), names)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decode_base64url(token.split(".")[1]))
    return claims


async def test_the_service_gives_out_a_grant(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/avatar-grants", headers={"Authorization": "Bearer zoe"})
    assert answer.status_code == 200
    claims = claims_of(answer.json()["token"])
    assert (claims["sub"], claims["flow"], claims["max_bytes"]) == ("zoe", "avatars", 2_000_000)


async def test_the_service_sends_the_client_to_a_link(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/avatars/9", headers={"Authorization": "Bearer zoe"})
    assert answer.status_code == 303
    url = httpx.URL(answer.headers["location"])
    assert url.path == f"/.sluicegate/files/{UPLOAD_ID}"
    assert claims_of(url.params["token"])["name"] == "zoe-9.png"


async def test_the_service_answers_the_gates_question(client: httpx.AsyncClient) -> None:
    asked = {"Sluicegate-Question": "upload", "Sluicegate-Flow": "avatars", "Sluicegate-Content-Length": "77"}
    known = {"Authorization": "Bearer zoe"}
    answer = await client.get("/internal/may-upload", headers={**asked, **known})
    assert answer.json() == {"principal": "zoe", "max_bytes": 5_000_000}
    state = {"Sluicegate-Question": "state", "Sluicegate-Flow": "avatars"}
    assert (await client.get("/internal/may-upload", headers={**state, **known})).status_code == 200
    other = {**asked, "Sluicegate-Flow": "imports"}
    assert (await client.get("/internal/may-upload", headers={**other, **known})).status_code == 403
    assert (await client.get("/internal/may-upload", headers=asked)).status_code == 401
