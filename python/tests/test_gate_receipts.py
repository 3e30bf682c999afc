"""Receipts signed by the gate's own code, read by ours: the one test that knows both sides."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Form

from sluicegate.fastapi import Gate, UploadedFile, add_problem_answers, uploaded_body, uploaded_file
from sluicegate.receipts import ReceiptVerifier
from tests.receipt_maker import AUDIENCE, BODY, ISSUER

pytestmark = pytest.mark.anyio

CHECKOUT = Path(__file__).resolve().parents[2]
NODE = CHECKOUT / "node_modules" / ".bin" / "node"
STORED = "store/ab/object-1"


@dataclass(frozen=True)
class Signed:
    """What the gate would send."""

    root: Path
    jwks: dict[str, Any]
    requests: dict[str, Any]

    def request(self, name: str) -> httpx.Request:
        made = self.requests[name]
        headers = list(zip(made["headers"][0::2], made["headers"][1::2], strict=True))
        url = f"http://service{made['target']}"
        return httpx.Request(made["method"], url, headers=headers, content=base64.b64decode(made["body"]))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    root = tmp_path_factory.mktemp("data")
    (root / STORED).parent.mkdir(parents=True)
    (root / STORED).write_bytes(BODY)
    script = Path(__file__).with_name("sign_receipts.ts")
    command: list[str | Path] = [NODE, script, root / "keys", ISSUER, AUDIENCE, STORED, root]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    return Signed(root, printed.pop("jwks"), printed)


@pytest.fixture
def app(signed: Signed) -> FastAPI:
    verifier = ReceiptVerifier(signed.jwks, issuer=ISSUER, audience=AUDIENCE)
    gate = Gate("http://127.0.0.1:1", verifier=verifier, store_root=signed.root)
    app = FastAPI()
    add_problem_answers(app)

    @app.post("/api/avatars")
    async def avatar(
        picture: Annotated[UploadedFile, uploaded_file(gate, "picture")], caption: Annotated[str, Form()]
    ) -> dict[str, Any]:
        return {**await shown(picture), "caption": caption}

    @app.put("/api/imports/{name}")
    async def table(name: str, content: Annotated[UploadedFile, uploaded_body(gate, "content")]) -> dict[str, Any]:
        return {**await shown(content), "path": name}

    return app


async def shown(file: UploadedFile) -> dict[str, Any]:
    body = await file.aread()
    return {"upload": file.upload_id, "name": file.filename, "type": file.content_type, "whole": body == BODY}


async def send(app: FastAPI, request: httpx.Request) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return await client.send(request)


@pytest.mark.parametrize("name", ["multipart", "rotated"])
async def test_a_form_from_the_gate_is_taken_with_each_key_of_the_set(app: FastAPI, signed: Signed, name: str) -> None:
    answer = await send(app, signed.request(name))
    upload = signed.requests[name]["uploadId"]
    expected = {"upload": upload, "name": "Zoë.jpg", "type": "image/jpeg", "whole": True, "caption": "Größe & Farbe"}
    assert answer.json() == expected


async def test_a_raw_body_from_the_gate_is_taken(app: FastAPI, signed: Signed) -> None:
    answer = await send(app, signed.request("raw"))
    expected = {"upload": signed.requests["raw"]["uploadId"], "name": "Zoë.jpg", "type": "image/jpeg", "whole": True}
    assert answer.json() == {**expected, "path": "a b.csv"}


async def test_the_same_request_a_second_time_is_refused(app: FastAPI, signed: Signed) -> None:
    assert (await send(app, signed.request("multipart"))).status_code == 200
    again = await send(app, signed.request("multipart"))
    assert (again.status_code, again.json()["code"]) == (401, "RECEIPT_USED")


async def test_a_key_set_without_the_key_refuses(signed: Signed) -> None:
    newest_only = {"keys": signed.jwks["keys"][:1]}
    verifier = ReceiptVerifier(newest_only, issuer=ISSUER, audience=AUDIENCE)
    gate = Gate("http://127.0.0.1:1", verifier=verifier)
    service = FastAPI()

    @service.post("/api/avatars")
    async def avatar(picture: Annotated[UploadedFile, uploaded_file(gate, "picture")]) -> str:
        return picture.upload_id

    assert (await send(service, signed.request("rotated"))).status_code == 200
    assert (await send(service, signed.request("multipart"))).status_code == 401
