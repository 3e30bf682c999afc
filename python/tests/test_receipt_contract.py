"""What holds for receipts whatever the framework: each test runs with each of them, behind a real server."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sluicegate.gate import Gate
from sluicegate.receipts import ReceiptVerifier
from tests.receipt_maker import AUDIENCE, BODY, ISSUER, Signer
from tests.receipt_services import SERVICES, django_asgi_service, django_wsgi_service
from tests.servers import GateStandIn

CHECKOUT = Path(__file__).resolve().parents[2]
NODE = CHECKOUT / "node_modules" / ".bin" / "node"


@pytest.fixture(params=SERVICES)
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(framework: str, gate_server: GateStandIn, verifier: ReceiptVerifier) -> Iterator[httpx.Client]:
    gate_server.files["/.sluicegate/files/object-1"] = BODY
    gate = Gate(gate_server.url, verifier=verifier)
    with SERVICES[framework](gate) as origin, httpx.Client(base_url=origin) as client:
        yield client


def as_field(token: str, field: str = "picture") -> dict[str, Any]:
    return {field: (None, token)}


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["code"]


def test_a_receipt_becomes_a_file(client: httpx.Client, signer: Signer) -> None:
    answer = client.post("/api/avatars", files=as_field(signer.receipt()), data={"caption": "Größe"})
    told = {"name": "me.jpg", "size": len(BODY), "caption": "Größe", "upload": "01jqzx4v0k5t8m3n7p9r2s6w4y"}
    assert (answer.status_code, answer.json()) == (200, told)


def test_a_used_receipt_is_refused_with_a_problem(client: httpx.Client, signer: Signer) -> None:
    assert client.post("/api/avatars", files=as_field(signer.receipt())).status_code == 200
    answer = client.post("/api/avatars", files=as_field(signer.receipt()))
    assert refusal(answer) == (401, "RECEIPT_USED")
    assert answer.headers["www-authenticate"] == 'Sluicegate-Receipt error="RECEIPT_USED"'
    assert answer.json() == {
        "type": "about:blank",
        "title": "The uploaded file cannot be taken",
        "status": 401,
        "detail": "The receipt was used before; each is good for one request.",
        "code": "RECEIPT_USED",
        "retry": "never",
    }


@pytest.mark.parametrize(
    "form",
    [
        {"picture": ("me.jpg", BODY, "image/jpeg")},
        {"picture": ("me.jpg", "a.b.c", "application/jwt")},
        {"picture": (None, "no receipt")},
        {"picture": (None, "x" * 100_000)},
    ],
)
def test_bytes_in_place_of_a_receipt_are_refused(client: httpx.Client, form: Any) -> None:
    assert refusal(client.post("/api/avatars", files=form)) == (422, "RECEIPT_EXPECTED")


def test_a_field_that_is_missing_is_422(client: httpx.Client) -> None:
    assert client.post("/api/avatars", files={"other": (None, "x")}).status_code == 422
    assert client.post("/api/many", files={"other": (None, "x")}).status_code == 422


def test_a_forged_receipt_and_one_of_another_field_are_refused(client: httpx.Client, signer: Signer) -> None:
    forged = Signer(signer.key_id).receipt()
    assert refusal(client.post("/api/avatars", files=as_field(forged))) == (401, "RECEIPT_SIGNATURE")
    other = signer.receipt(field="other")
    assert refusal(client.post("/api/avatars", files=as_field(other))) == (401, "RECEIPT_OTHER_FIELD")


def test_a_second_file_in_a_field_for_one_is_refused(client: httpx.Client, signer: Signer) -> None:
    twice: list[Any] = [("picture", (None, signer.receipt())), ("picture", (None, signer.receipt(jti="two")))]
    mixed: list[Any] = [("picture", (None, signer.receipt())), ("picture", ("me.jpg", BODY))]
    assert refusal(client.post("/api/avatars", files=twice)) == (422, "RECEIPT_EXPECTED")
    assert refusal(client.post("/api/avatars", files=mixed)) == (422, "RECEIPT_EXPECTED")


def test_the_route_is_compared_with_the_path_as_it_was_on_the_wire(client: httpx.Client, signer: Signer) -> None:
    token = signer.receipt(route="/api/users/{id}/avatar", target="/api/users/a%20b/avatar")
    other = client.post("/api/users/c/avatar?x=/api/users/a%20b/avatar", files=as_field(token))
    assert refusal(other) == (401, "RECEIPT_OTHER_ROUTE")
    assert client.post("/api/users/a%20b/avatar?size=large", files=as_field(token)).json() == "a b"


def test_an_encoded_slash_is_no_separator(client: httpx.Client, signer: Signer, framework: str) -> None:
    token = signer.receipt(route="/api/users/{id}/avatar", target="/api/users/a/b/avatar")
    answer = client.post("/api/users/a%2Fb/avatar", files=as_field(token))
    # Where the framework's own routing lets it in, the receipt does not.
    assert answer.status_code == (404 if framework in {"fastapi", "flask"} else 401), answer.text


def test_an_optional_file_may_be_left_out_but_not_forged(client: httpx.Client, signer: Signer) -> None:
    route = "/api/perhaps"
    assert client.post(route, files={"caption": (None, "Me")}).json() is None
    assert client.post(route, files=as_field(signer.receipt(route=route))).json() == "me.jpg"
    forged = Signer(signer.key_id).receipt(route=route)
    assert refusal(client.post(route, files=as_field(forged))) == (401, "RECEIPT_SIGNATURE")


def test_many_files_come_in_the_clients_order(client: httpx.Client, signer: Signer) -> None:
    def receipt(number: int) -> str:
        jti = f"receipt-{number}"
        return signer.receipt(route="/api/many", field="pictures", name=f"{number}.jpg", jti=jti, index=number)

    files: list[Any] = [("pictures", (None, receipt(number))) for number in range(3)]
    assert client.post("/api/many", files=files).json() == ["0.jpg", "1.jpg", "2.jpg"]
    same: list[Any] = [("pictures", (None, receipt(7)))] * 2
    assert refusal(client.post("/api/many", files=same)) == (401, "RECEIPT_USED")


def test_a_service_may_take_both_receipts_and_plain_bytes(client: httpx.Client, signer: Signer) -> None:
    route = "/api/either"
    assert client.post(route, files=as_field(signer.receipt(route=route))).json() is True
    assert client.post(route, files={"picture": ("me.jpg", BODY, "image/jpeg")}).json() is False
    forged = Signer(signer.key_id).receipt(route=route)
    assert refusal(client.post(route, files=as_field(forged))) == (401, "RECEIPT_SIGNATURE")


@pytest.mark.parametrize("media_type", ["application/jwt", "Application/JWT; x=1"])
def test_a_raw_body_can_be_a_receipt(client: httpx.Client, signer: Signer, media_type: str) -> None:
    token = signer.receipt(method="PUT", route="/api/imports/{id}", target="/api/imports/a.csv", field="content")
    answer = client.put("/api/imports/a.csv", content=token, headers={"content-type": media_type})
    assert answer.json()["size"] == len(BODY)


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (BODY, "text/csv", 422),
        (BODY, "application/jwt", 422),
        (b"a" * 100_000, "application/jwt", 422),
        (b"", "application/jwt", 422),
        (b"a.b.c", "application/jwt", 401),
    ],
)
def test_a_raw_body_that_is_no_receipt_is_refused(
    client: httpx.Client, content: bytes, media_type: str, status: int
) -> None:
    answer = client.put("/api/imports/a.csv", content=content, headers={"content-type": media_type})
    assert refusal(answer)[0] == status


def test_while_keys_cannot_be_fetched_the_answer_says_when_to_come_back(framework: str, signer: Signer) -> None:
    with SERVICES[framework](Gate("http://127.0.0.1:1", audience=AUDIENCE)) as origin:
        answer = httpx.post(f"{origin}/api/avatars", files=as_field(signer.receipt()))
    assert refusal(answer) == (503, "RECEIPT_KEYS_UNAVAILABLE")
    assert (answer.headers["retry-after"], answer.json()["retry"]) == ("5", "later")


def test_what_the_gate_signs_is_taken(framework: str, tmp_path: Path) -> None:
    """By the gate's own code, with bytes in a folder that both can read."""
    stored = "store/ab/object-1"
    (tmp_path / stored).parent.mkdir(parents=True)
    (tmp_path / stored).write_bytes(BODY)
    script = Path(__file__).with_name("sign_receipts.ts")
    command: list[str | Path] = [NODE, script, tmp_path / "keys", ISSUER, AUDIENCE, stored, tmp_path]
    printed = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
    verifier = ReceiptVerifier(printed["jwks"], issuer=ISSUER, audience=AUDIENCE)
    with SERVICES[framework](Gate("http://127.0.0.1:1", verifier=verifier, store_root=tmp_path)) as origin:
        for name in ("multipart", "rotated", "raw"):
            made = printed[name]
            pairs = zip(made["headers"][0::2], made["headers"][1::2], strict=True)
            headers = [(key, value) for key, value in pairs if key.lower() not in {"content-length", "host"}]
            body = base64.b64decode(made["body"])
            answer = httpx.request(made["method"], f"{origin}{made['target']}", headers=headers, content=body)
            assert answer.status_code == 200, answer.text
            assert (answer.json()["name"], answer.json()["size"]) == ("Zoë.jpg", len(BODY))


@pytest.mark.parametrize("service", [django_wsgi_service, django_asgi_service])
def test_django_reads_forms_that_are_not_posted(
    service: Any, gate_server: GateStandIn, verifier: ReceiptVerifier, signer: Signer
) -> None:
    gate_server.files["/.sluicegate/files/object-1"] = BODY
    with service(Gate(gate_server.url, verifier=verifier)) as origin:
        token = signer.receipt(method="PUT", route="/api/put")
        answer = httpx.put(f"{origin}/api/put", files=as_field(token))
    assert (answer.status_code, answer.json()["size"]) == (200, len(BODY))
