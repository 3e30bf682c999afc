from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form, UploadFile

from sluicegate.fastapi import (
    Gate,
    UploadedFile,
    add_problem_answers,
    optional_file,
    raw_body_openapi,
    uploaded_body,
    uploaded_file,
    uploaded_file_or_plain,
    uploaded_files,
)
from sluicegate.receipts import ReceiptVerifier
from tests.receipt_maker import BODY, Signer
from tests.servers import GateStandIn

pytestmark = pytest.mark.anyio


def make_app(gate: Gate) -> FastAPI:
    app = FastAPI()
    users = APIRouter(prefix="/api/users/{user}")

    @app.post("/api/avatars")
    async def one(
        picture: Annotated[UploadedFile, uploaded_file(gate, "picture")], caption: Annotated[str, Form()] = ""
    ) -> dict[str, Any]:
        body = await picture.aread()
        return {"name": picture.filename, "size": len(body), "caption": caption, "upload": picture.upload_id}

    @app.post("/api/threaded")
    def in_a_thread(picture: Annotated[UploadedFile, uploaded_file(gate, "picture")]) -> int:
        return len(picture.read())

    @app.post("/api/perhaps")
    async def perhaps(picture: Annotated[UploadedFile | None, optional_file(gate, "picture")]) -> str | None:
        return picture.filename if picture else None

    @app.post("/api/many")
    async def many(pictures: Annotated[list[UploadedFile], uploaded_files(gate, "pictures")]) -> list[str | None]:
        return [picture.filename for picture in pictures]

    @app.post("/api/either")
    async def either(picture: Annotated[UploadedFile | UploadFile, uploaded_file_or_plain(gate, "picture")]) -> str:
        return type(picture).__name__

    @app.put("/api/imports/{name}", openapi_extra=raw_body_openapi("text/csv"))
    async def raw(name: str, table: Annotated[UploadedFile, uploaded_body(gate)]) -> dict[str, Any]:
        return {"name": name, "size": table.size}

    @users.post("/avatar")
    async def in_a_router(user: str, picture: Annotated[UploadedFile, uploaded_file(gate, "picture")]) -> str:
        return user

    app.include_router(users)
    return app


@pytest.fixture
def app(gate_server: GateStandIn, verifier: ReceiptVerifier) -> FastAPI:
    gate_server.files["/.sluicegate/files/object-1"] = BODY
    app = make_app(Gate(gate_server.url, verifier=verifier))
    add_problem_answers(app)
    return app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


def as_field(token: str) -> dict[str, Any]:
    """A receipt as a text field of a multipart body."""
    return {"picture": (None, token)}


async def test_a_receipt_becomes_a_file(app: FastAPI, signer: Signer) -> None:
    async with client_of(app) as client:
        answer = await client.post("/api/avatars", files=as_field(signer.receipt()), data={"caption": "Me"})
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "me.jpg",
        "size": len(BODY),
        "caption": "Me",
        "upload": "01jqzx4v0k5t8m3n7p9r2s6w4y",
    }


async def test_a_plain_function_gets_it_too(app: FastAPI, signer: Signer) -> None:
    async with client_of(app) as client:
        answer = await client.post("/api/threaded", files=as_field(signer.receipt(route="/api/threaded")))
    assert answer.json() == len(BODY)


async def test_the_route_is_compared_with_the_whole_path_of_the_request(app: FastAPI, signer: Signer) -> None:
    token = signer.receipt(route="/api/users/{id}/avatar", target="/api/users/a%2Fb/avatar")
    async with client_of(app) as client:
        for path in ("/api/avatars", "/api/users/a/avatar", "/api/users/c/avatar"):
            other = await client.post(path, files=as_field(token))
            assert (other.status_code, other.json()["code"]) == (401, "RECEIPT_OTHER_ROUTE")


async def test_a_parameter_may_have_another_name_in_the_flow_file(app: FastAPI, signer: Signer) -> None:
    token = signer.receipt(route="/api/users/{id}/avatar", target="/api/users/7/avatar")
    async with client_of(app) as client:
        assert (await client.post("/api/users/7/avatar", files=as_field(token))).json() == "7"


async def test_a_used_receipt_is_refused_with_a_problem(app: FastAPI, signer: Signer) -> None:
    async with client_of(app) as client:
        assert (await client.post("/api/avatars", files=as_field(signer.receipt()))).status_code == 200
        answer = await client.post("/api/avatars", files=as_field(signer.receipt()))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Sluicegate-Receipt error="RECEIPT_USED"'
    assert answer.json() == {
        "type": "about:blank",
        "title": "The uploaded file cannot be taken",
        "status": 401,
        "detail": "The receipt was used before; each is good for one request.",
        "code": "RECEIPT_USED",
        "retry": "never",
    }


async def test_without_problem_answers_it_is_a_smaller_problem(verifier: ReceiptVerifier, signer: Signer) -> None:
    async with client_of(make_app(Gate("http://127.0.0.1:1", verifier=verifier))) as client:
        answer = await client.post("/api/avatars", files=as_field(signer.receipt(aud="http://elsewhere")))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"detail": "The receipt is for another service."}


@pytest.mark.parametrize(
    "form",
    [
        {"picture": ("me.jpg", BODY, "image/jpeg")},
        {"picture": ("me.jpg", BODY)},
        {"picture": ("me.jpg", "a.b.c", "application/jwt")},
        {"picture": (None, "no receipt")},
        {"picture": (None, "x" * 100_000)},
    ],
)
async def test_bytes_in_place_of_a_receipt_are_refused(app: FastAPI, form: Any) -> None:
    async with client_of(app) as client:
        answer = await client.post("/api/avatars", files=form)
    assert (answer.status_code, answer.json()["code"]) == (422, "RECEIPT_EXPECTED")


async def test_a_field_that_is_missing_is_fastapis_own_422(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.post("/api/avatars", data={"caption": "Me"})
        empty = await client.post("/api/avatars", files=as_field(""))
    assert [answer.status_code, empty.status_code] == [422, 422]
    assert answer.json()["detail"][0]["loc"] == ["body", "picture"]


async def test_a_second_file_in_a_field_for_one_is_refused(app: FastAPI, signer: Signer) -> None:
    twice = [("picture", (None, signer.receipt())), ("picture", (None, signer.receipt(jti="two")))]
    async with client_of(app) as client:
        answer = await client.post("/api/avatars", files=twice)
    assert (answer.status_code, answer.json()["code"]) == (422, "RECEIPT_EXPECTED")


async def test_an_optional_file_may_be_left_out_but_not_forged(app: FastAPI, signer: Signer) -> None:
    route = "/api/perhaps"
    async with client_of(app) as client:
        assert (await client.post(route, data={"caption": "Me"})).json() is None
        assert (await client.post(route, files=as_field(signer.receipt(route=route)))).json() == "me.jpg"
        forged = Signer(signer.key_id).receipt(route=route)
        assert (await client.post(route, files=as_field(forged))).status_code == 401


async def test_many_files_come_in_the_clients_order(app: FastAPI, signer: Signer) -> None:
    def receipt(number: int, **changes: Any) -> str:
        name, jti = f"{number}.jpg", f"receipt-{number}"
        return signer.receipt(route="/api/many", field="pictures", name=name, jti=jti, index=number, **changes)

    files = [("pictures", (None, receipt(number))) for number in range(4)]
    async with client_of(app) as client:
        answer = await client.post("/api/many", files=files)
        again = await client.post("/api/many", files=files)
        none = await client.post("/api/many", data={"caption": ""})
    assert answer.json() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert again.json()["code"] == "RECEIPT_USED"
    assert none.status_code == 422


async def test_a_service_that_takes_both_needs_no_change_when_the_mode_moves(app: FastAPI, signer: Signer) -> None:
    async with client_of(app) as client:
        receipt = await client.post("/api/either", files=as_field(signer.receipt(route="/api/either")))
        plain = await client.post("/api/either", files={"picture": ("me.jpg", BODY, "image/jpeg")})
        forged = await client.post("/api/either", files=as_field(Signer(signer.key_id).receipt(route="/api/either")))
    assert [receipt.json(), plain.json()] == ["UploadedFile", "UploadFile"]
    assert (forged.status_code, forged.json()["code"]) == (401, "RECEIPT_SIGNATURE")


@pytest.mark.parametrize("media_type", ["application/jwt", "Application/JWT; x=1"])
async def test_a_raw_body_can_be_a_receipt(app: FastAPI, signer: Signer, media_type: str) -> None:
    token = signer.receipt(method="PUT", route="/api/imports/{id}", target="/api/imports/a.csv", field="content")
    async with client_of(app) as client:
        answer = await client.put("/api/imports/a.csv", content=token, headers={"content-type": media_type})
    assert answer.json() == {"name": "a.csv", "size": len(BODY)}


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
async def test_a_raw_body_that_is_no_receipt_is_refused(
    app: FastAPI, content: bytes, media_type: str, status: int
) -> None:
    async with client_of(app) as client:
        answer = await client.put("/api/imports/a.csv", content=content, headers={"content-type": media_type})
    assert answer.status_code == status


async def test_while_keys_cannot_be_fetched_the_answer_says_when_to_come_back(signer: Signer) -> None:
    app = make_app(Gate("http://127.0.0.1:1", audience="http://127.0.0.1:8000"))
    add_problem_answers(app)
    async with client_of(app) as client:
        answer = await client.post("/api/avatars", files=as_field(signer.receipt()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (answer.json()["code"], answer.json()["retry"]) == ("RECEIPT_KEYS_UNAVAILABLE", "later")


async def test_the_openapi_document_says_file(app: FastAPI) -> None:
    document = app.openapi()
    schemas = document["components"]["schemas"]
    one = schemas["Body_one_api_avatars_post"]
    assert one["required"] == ["picture"]
    assert one["properties"]["picture"]["format"] == "binary"
    assert "required" not in schemas["Body_perhaps_api_perhaps_post"]
    many = schemas["Body_many_api_many_post"]["properties"]["pictures"]
    assert (many["type"], many["items"]["format"]) == ("array", "binary")
    assert list(document["paths"]["/api/avatars"]["post"]["requestBody"]["content"]) == ["multipart/form-data"]
    assert list(document["paths"]["/api/imports/{name}"]["put"]["requestBody"]["content"]) == ["text/csv"]


def test_a_gate_wants_to_know_the_audience() -> None:
    with pytest.raises(ValueError, match="audience"):
        Gate("http://127.0.0.1:8080")
