"""The example service as `npm start` runs it, and files to it without a gate."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sluicegate.jws import decode_base64url
from tests.receipt_maker import BODY, Signer
from tests.servers import GateStandIn, gate_stand_in

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "0123456789abcdef0123456789abcdef"
FLOWS = CHECKOUT / "examples" / "flows"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Example:
    def __init__(self, url: str, gate: GateStandIn, seconds_to_start: float) -> None:
        self.gate = gate
        self.url = url
        self.seconds_to_start = seconds_to_start
        self.client = httpx.Client(base_url=url)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    port = free_port()
    with gate_stand_in() as gate:
        settings = {
            "SERVICE_PORT": str(port),
            "GATE_URL": gate.url,
            "STORE_ROOT": "",
            "SERVICE_DATABASE": str(tmp_path_factory.mktemp("service") / "service.sqlite"),
            "JWT_SECRET": SECRET,
            "GRANT_SECRET": SECRET[::-1],
        }
        command = [sys.executable, "-m", "examples.service"]
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        try:
            wait_until_listening(port, process)
            made = Example(f"http://127.0.0.1:{port}", gate, time.monotonic() - started)
            yield made
            made.client.close()
        finally:
            process.terminate()
            process.wait(10)


def wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    while True:
        assert process.poll() is None, "the service has ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)


def test_it_is_ready_soon(example: Example) -> None:
    assert example.client.get("/health/ready").json()["ok"]
    # 0.9 s on two idle cores; the bound leaves room for a busy machine.
    assert example.seconds_to_start < 10


def test_an_avatar_comes_by_receipt(example: Example) -> None:
    signer = Signer()
    example.gate.jwks = signer.jwks()
    example.gate.files["/.sluicegate/files/object-1"] = BODY
    now = int(time.time())
    receipt = signer.receipt(iss=example.gate.url, aud=example.url, iat=now, exp=now + 60)
    answer = example.client.post("/api/avatars", files={"picture": (None, receipt), "caption": (None, "Me")})
    assert answer.status_code == 201
    assert 'desc="1 call"' in answer.headers["server-timing"]
    row = answer.json()
    assert (row["name"], row["type"], row["size"], row["who"]) == ("me.jpg", "image/jpeg", len(BODY), "public")
    assert row["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert row["uploadId"] == "01jqzx4v0k5t8m3n7p9r2s6w4y"
    assert example.client.get("/api/received").json()[0] == row
    assert example.client.post("/api/avatars", files={"picture": (None, receipt)}).json()["code"] == "RECEIPT_USED"


def test_an_avatar_comes_plain_while_the_flow_does_not_enforce(example: Example) -> None:
    picture = FLOWS / "avatars" / "samples" / "photo.png"
    answer = example.client.post("/api/avatars", files={"picture": (picture.name, picture.read_bytes())})
    assert (answer.status_code, answer.json()["uploadId"]) == (201, None)
    assert answer.json()["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["contract.pdf", "letter.docx", "costs.xlsx", "talk.pptx"])
def test_a_document_comes_as_in_any_service(example: Example, name: str) -> None:
    document = FLOWS / "documents" / "samples" / name
    answer = example.client.post("/api/documents", files={"document": (name, document.read_bytes())})
    assert (answer.status_code, answer.json()["name"]) == (201, name)
    assert answer.json()["sha256"] == hashlib.sha256(document.read_bytes()).hexdigest()


def test_an_import_is_a_raw_body(example: Example) -> None:
    table = (FLOWS / "imports" / "samples" / "measurements.csv").read_bytes()
    answer = example.client.put("/api/imports/a%20b.csv", content=table, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["name"], answer.json()["size"]) == (201, "a b.csv", len(table))


def test_what_the_gate_sends_again_is_taken_once(example: Example) -> None:
    headers = {"sluicegate-upload": "01jqzx4v0k5t8m3n7p9r2s6wxx", "sluicegate-principal": "a%20partner"}
    first, second = (example.client.put("/api/statements/s.csv", content=b"a,b\n", headers=headers) for _ in range(2))
    assert (first.status_code, first.json()["who"]) == (201, "a partner")
    assert second.json() == first.json()


def test_only_who_is_signed_in_gets_a_token_a_grant_or_a_yes(example: Example) -> None:
    asked = (("POST", "/api/token"), ("POST", "/api/attachment-grants"), ("GET", "/internal/may-upload"))
    assert [example.client.request(*one).status_code for one in asked] == [401, 401, 401]
    assert example.client.post("/api/login", data={"name": "<b>"}).status_code == 422
    with httpx.Client(base_url=example.url) as client:
        assert client.post("/api/login", data={"name": "ada"}).status_code == 204
        token, grant, yes = (client.request(*one) for one in asked)
        assert claims_of(token.text)["scope"] == "reports:write"
        assert grant.json()["upload_to"] == f"{example.gate.url}/api/attachments"
        assert (claims_of(grant.json()["token"])["sub"], yes.json()) == ("ada", {"principal": "ada"})
        assert client.get("/api/attachments/01jqzx4v0k5t8m3n7p9r2s6w4y").status_code == 404
        assert "Signed in as <strong>ada</strong>" in client.get("/").text
        assert client.post("/api/logout").status_code == 204
        assert client.get("/internal/may-upload").status_code == 401


def claims_of(token: str) -> dict[str, str]:
    claims: dict[str, str] = json.loads(decode_base64url(token.split(".")[1]))
    return claims


def test_what_was_received_is_listed_newest_first(example: Example) -> None:
    for name in ("first", "second"):
        example.client.put(f"/api/imports/{name}", content=b"x")
    assert [row["name"] for row in example.client.get("/api/received?count=2").json()] == ["second", "first"]
    assert example.client.get("/api/received?count=0").status_code == 422


def test_a_browser_goes_back_to_the_page_which_escapes_what_a_client_chose(example: Example) -> None:
    files = {"document": ("<script>alert(1)</script>.pdf", b"x", "<b>/pdf")}
    answer = example.client.post("/api/documents", files=files, headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/#received")
    page = example.client.get("/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert(1)" not in page.text
    assert "<b>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert example.client.get("/page.css").headers["content-type"].startswith("text/css")
    assert "javascript" in example.client.get("/page.js").headers["content-type"]


def test_events_stream(example: Example) -> None:
    answer = example.client.get("/events?ticks=1")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == "event: tick\ndata: 1\n\n"
