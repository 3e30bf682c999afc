"""What the service mints, and what it must not. That the gate takes it is tested beside the gate's own code."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sluicegate.downloads import download_url
from sluicegate.grants import mint_grant, public_jwk_set
from sluicegate.jws import decode_base64url

GATE = "https://uploads.example.com"
SECRET = "0123456789abcdef" * 2
UPLOAD_ID = "01jqzx4v0k5t8m3n7p9r2s6w4y"

Json = dict[str, Any]


def grant(**changes: Any) -> str:
    return mint_grant(**{"gate": GATE, "flow": "avatars", "principal": "7", "secret": SECRET, **changes})


def link(**changes: Any) -> str:
    return download_url(**{"gate": GATE, "upload_id": UPLOAD_ID, "secret": SECRET, **changes})


def parts_of(token: str) -> tuple[Json, Json]:
    header, payload, _ = token.split(".")
    return json.loads(decode_base64url(header)), json.loads(decode_base64url(payload))


def test_a_grant_says_what_it_was_given_and_nothing_else() -> None:
    before = int(time.time())
    header, claims = parts_of(grant(lifetime=timedelta(minutes=2), max_bytes=0, key_id="k1"))
    assert header == {"alg": "HS256", "typ": "sluicegate-grant+jwt", "kid": "k1"}
    assert set(claims) == {"aud", "sub", "flow", "jti", "iat", "exp", "max_bytes"}
    assert claims["aud"] == GATE
    assert claims["max_bytes"] == 0
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 120


def test_every_grant_has_an_id_of_its_own() -> None:
    ids = {parts_of(grant())[1]["jti"] for _ in range(100)}
    assert len(ids) == 100
    assert min(map(len, ids)) >= 16


def test_a_link_is_a_url_at_the_gate() -> None:
    url = urlsplit(link(gate=f"{GATE}/", file=2, name="Zoë.jpg"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{GATE}/.sluicegate/files/{UPLOAD_ID}"
    header, claims = parts_of(url.query.removeprefix("token="))
    assert header == {"alg": "HS256", "typ": "sluicegate-download+jwt"}
    assert (claims["aud"], claims["sub"], claims["file"], claims["name"]) == (GATE, UPLOAD_ID, 2, "Zoë.jpg")


@pytest.mark.parametrize("make", [grant, link])
@pytest.mark.parametrize(
    "signer",
    [
        {"secret": "x" * 31},
        {"secret": b""},
        {"secret": None},
        {"secret": SECRET, "key": Ed25519PrivateKey.generate()},
        {"secret": None, "key": SECRET},
        {"secret": None, "key": b"-----BEGIN PRIVATE KEY-----"},
        {"secret": None, "key": ec.generate_private_key(ec.SECP384R1())},
        {"secret": None, "key": rsa.generate_private_key(65537, 2048)},
    ],
)
def test_a_signer_that_the_gate_would_not_take_is_refused(make: Any, signer: Json) -> None:
    with pytest.raises(ValueError, match=r"secret|key"):
        make(**signer)


def test_no_message_shows_the_secret() -> None:
    for wrong in ({"secret": "short-and-secret"}, {"secret": None, "key": "short-and-secret"}):
        with pytest.raises(ValueError, match=r"secret|key") as caught:
            grant(**wrong)
        assert "short-and-secret" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("make", [grant, link])
def test_a_lifetime_has_its_unit(make: Any) -> None:
    for naive in (300, 300.0, "5m", None):
        with pytest.raises(TypeError, match="timedelta"):
            make(lifetime=naive)
    for nothing in (timedelta(0), timedelta(seconds=-1)):
        with pytest.raises(ValueError, match="lifetime"):
            make(lifetime=nothing)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gate": "uploads.example.com"}, "URL"),
        ({"gate": "https://user@uploads.example.com"}, "URL"),
        ({"gate": f"{GATE}?x"}, "URL"),
        ({"flow": ""}, "flow"),
        ({"principal": ""}, "principal"),
        ({"principal": " 7"}, "principal"),
        ({"principal": "a\nb"}, "principal"),
        ({"principal": "\u202eb"}, "principal"),
        ({"principal": "\ud800"}, "principal"),
        ({"principal": "x" * 201}, "principal"),
        ({"principal": "😀" * 101}, "principal"),
        ({"max_bytes": -1}, "max_bytes"),
        ({"max_bytes": 1.0}, "max_bytes"),
        ({"max_bytes": True}, "max_bytes"),
        ({"max_bytes": 2**53}, "max_bytes"),
        ({"max_files": 0}, "max_files"),
        ({"types": []}, "types"),
        ({"types": ["png"]}, "media type"),
        ({"types": ["image/*"]}, "media type"),
        ({"types": ["text/plain; charset=utf-8"]}, "media type"),
        ({"types": ["image/png\n"]}, "media type"),
        ({"types": ["image/png"] * 51}, "types"),
        ({"sha256": ""}, "sha256"),
        ({"sha256": "0f" * 31}, "sha256"),
        ({"sha256": "0g" * 32}, "sha256"),
        ({"sha256": b"\x00" * 32}, "sha256"),
    ],
)
def test_what_the_gate_would_refuse_is_refused_at_once(changes: Json, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        grant(**changes)


def test_values_of_the_wrong_type_are_named_as_such() -> None:
    with pytest.raises(TypeError, match=r"str\(user\.id\)"):
        grant(principal=7)
    with pytest.raises(TypeError, match="list"):
        grant(types="image/png")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"upload_id": "../../etc/passwd"}, "upload_id"),
        ({"upload_id": UPLOAD_ID.upper()}, "upload_id"),
        ({"upload_id": UPLOAD_ID + "\n"}, "upload_id"),
        ({"file": -1}, "file"),
        ({"file": True}, "file"),
        ({"file": 1_000_000}, "file"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"issuer": "gate"}, "URL"),
    ],
)
def test_a_link_to_nothing_is_refused_at_once(changes: Json, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        link(**changes)


def test_the_public_set_has_nothing_private() -> None:
    keys = (Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()))
    listed = public_jwk_set(*keys)["keys"]
    assert [key["alg"] for key in listed] == ["EdDSA", "ES256"]
    assert all("d" not in key for key in listed)
    with pytest.raises(ValueError, match="at least one"):
        public_jwk_set()
