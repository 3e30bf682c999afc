from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest

from sluicegate.errors import ReceiptError
from sluicegate.jws import encode_base64url
from sluicegate.receipts import Receipt, ReceiptVerifier
from tests.conftest import Clock
from tests.receipt_maker import BODY, NOW, Json, Signer, claims_of, segment


def verify(verifier: ReceiptVerifier, token: str) -> Receipt:
    return verifier.verify(token, method="POST", raw_path="/api/avatars", field="picture")


def refused(verifier: ReceiptVerifier, token: str) -> str:
    with pytest.raises(ReceiptError) as caught:
        verify(verifier, token)
    return caught.value.code


def test_a_good_receipt_says_all_that_the_gate_said(verifier: ReceiptVerifier, signer: Signer) -> None:
    receipt = verify(verifier, signer.receipt())
    assert receipt.upload_id == "01jqzx4v0k5t8m3n7p9r2s6w4y"
    assert receipt.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (receipt.flow, receipt.method, receipt.route, receipt.field) == (
        "avatars",
        "POST",
        "/api/avatars",
        "picture",
    )
    assert (receipt.filename, receipt.content_type, receipt.size) == ("me.jpg", "image/jpeg", len(BODY))
    assert (receipt.verdict, receipt.principal, receipt.policy) == ("accept", "public", "00112233aabbccdd")
    assert receipt.expires_at == NOW + 300


@pytest.mark.parametrize("claim", ["name", "type", "declared_type", "path"])
def test_a_claim_that_need_not_be_there_is_none(verifier: ReceiptVerifier, signer: Signer, claim: str) -> None:
    receipt = verify(verifier, signer.sign(signer.header(), {**claims_of(), claim: None}))
    by_claim = {
        "name": receipt.filename,
        "type": receipt.content_type,
        "declared_type": receipt.declared_type,
        "path": receipt.path,
    }
    assert [name for name, value in by_claim.items() if value is None] == [claim]


def test_a_receipt_is_good_once(verifier: ReceiptVerifier, signer: Signer) -> None:
    verify(verifier, signer.receipt())
    assert refused(verifier, signer.receipt()) == "RECEIPT_USED"
    verify(verifier, signer.receipt(jti="receipt-2"))


def test_a_refused_receipt_is_not_used_up(verifier: ReceiptVerifier, signer: Signer) -> None:
    with pytest.raises(ReceiptError, match="RECEIPT_OTHER_FIELD"):
        verifier.verify(signer.receipt(), method="POST", raw_path="/api/avatars", field="document")
    verify(verifier, signer.receipt())


@pytest.mark.parametrize(
    ("method", "raw_path", "field", "code"),
    [
        ("PUT", "/api/avatars", "picture", "RECEIPT_OTHER_ROUTE"),
        ("POST", "/api/avatars/", "picture", "RECEIPT_OTHER_ROUTE"),
        ("POST", "/api/Avatars", "picture", "RECEIPT_OTHER_ROUTE"),
        ("POST", "/api/documents", "picture", "RECEIPT_OTHER_ROUTE"),
        ("POST", "/api/avatars", "Picture", "RECEIPT_OTHER_FIELD"),
    ],
)
def test_a_receipt_for_another_request_is_refused(
    verifier: ReceiptVerifier, signer: Signer, method: str, raw_path: str, field: str, code: str
) -> None:
    with pytest.raises(ReceiptError, match=code):
        verifier.verify(signer.receipt(), method=method, raw_path=raw_path, field=field)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://elsewhere.example.com"}, "RECEIPT_ISSUER"),
        ({"aud": "http://127.0.0.1:9000"}, "RECEIPT_AUDIENCE"),
        ({"aud": ["http://127.0.0.1:8000"]}, "RECEIPT_CLAIMS"),
        ({"exp": int(NOW) - 5}, "RECEIPT_EXPIRED"),
        ({"exp": None}, "RECEIPT_CLAIMS"),
        ({"exp": "1800000300"}, "RECEIPT_CLAIMS"),
        ({"exp": True}, "RECEIPT_CLAIMS"),
        ({"iat": int(NOW) + 6}, "RECEIPT_NOT_YET_VALID"),
        ({"jti": None}, "RECEIPT_CLAIMS"),
        ({"jti": ""}, "RECEIPT_CLAIMS"),
        ({"size": -1}, "RECEIPT_CLAIMS"),
        ({"size": 1.5}, "RECEIPT_CLAIMS"),
        ({"sha256": "0" * 63}, "RECEIPT_CLAIMS"),
        ({"sha256": "A" * 64}, "RECEIPT_CLAIMS"),
        ({"url": "//elsewhere.example.com/file"}, "RECEIPT_CLAIMS"),
        ({"url": "https://elsewhere.example.com/file"}, "RECEIPT_CLAIMS"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused(
    verifier: ReceiptVerifier, signer: Signer, changes: Json, code: str
) -> None:
    claims = claims_of(**{name: value for name, value in changes.items() if value is not None})
    for name in (name for name, value in changes.items() if value is None):
        del claims[name]
    assert refused(verifier, signer.sign(signer.header(), claims)) == code


def test_clocks_may_differ_by_the_leeway_and_no_more(verifier: ReceiptVerifier, signer: Signer, clock: Clock) -> None:
    clock.now = NOW + 304.9
    verify(verifier, signer.receipt(jti="just-in-time"))
    clock.now = NOW + 305
    assert refused(verifier, signer.receipt(jti="too-late")) == "RECEIPT_EXPIRED"
    clock.now = NOW - 5
    verify(verifier, signer.receipt(jti="just-begun"))


def unsigned(signer: Signer) -> str:
    return f"{segment(signer.header(alg='none'))}.{segment(claims_of())}."


def signed_with_the_public_key_as_a_secret(signer: Signer) -> str:
    signed = f"{segment(signer.header(alg='HS256'))}.{segment(claims_of())}"
    mac = hmac.new(signer.public_bytes, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{encode_base64url(mac)}"


def signed_by_somebody_else(signer: Signer) -> str:
    return Signer(signer.key_id).receipt()


def bringing_its_own_key(signer: Signer) -> str:
    other = Signer(signer.key_id)
    return other.sign(other.header(jwk=other.jwk(), jku="https://elsewhere.example.com/keys"), claims_of())


def with_other_claims(signer: Signer) -> str:
    head, _, signature = signer.receipt().split(".")
    return f"{head}.{segment(claims_of(size=1))}.{signature}"


def with_other_header(signer: Signer) -> str:
    _, claims, signature = signer.receipt().split(".")
    return f"{segment(signer.header(extra=1))}.{claims}.{signature}"


def with_an_empty_signature(signer: Signer) -> str:
    return signer.receipt().rpartition(".")[0] + "."


def of_another_type(signer: Signer) -> str:
    return signer.sign(signer.header(typ="JWT"), claims_of())


def with_a_critical_extension(signer: Signer) -> str:
    return signer.sign(signer.header(crit=["b64"], b64=False), claims_of())


def by_a_key_that_is_not_there(signer: Signer) -> str:
    return Signer("key-9").receipt()


def without_a_key_id(signer: Signer) -> str:
    return signer.sign(signer.header(kid=None), claims_of())


def with_padding(signer: Signer) -> str:
    return signer.receipt() + "=="


def with_a_signature_respelt(signer: Signer) -> str:
    """64 bytes leave four bits of the last character unused: another character there decodes to the same bytes."""
    token = signer.receipt()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def with_a_claim_twice(signer: Signer) -> str:
    claims = encode_base64url(b'{"size": 1, "size": 2}')
    return signer.sign_text(f"{segment(signer.header())}.{claims}")


def with_claims_that_are_a_list(signer: Signer) -> str:
    return signer.sign_text(f"{segment(signer.header())}.{encode_base64url(b'[]')}")


def nested_very_deep(signer: Signer) -> str:
    return signer.sign_text(f"{segment(signer.header())}.{encode_base64url(b'[' * 5000)}")


def of_four_parts(signer: Signer) -> str:
    return signer.receipt() + ".x"


def with_letters_of_other_scripts(signer: Signer) -> str:
    return "é" + signer.receipt()


def longer_than_any_receipt(signer: Signer) -> str:
    return signer.receipt(name="x" * 8192)


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (unsigned, "RECEIPT_ALGORITHM"),
        (signed_with_the_public_key_as_a_secret, "RECEIPT_ALGORITHM"),
        (signed_by_somebody_else, "RECEIPT_SIGNATURE"),
        (bringing_its_own_key, "RECEIPT_SIGNATURE"),
        (with_other_claims, "RECEIPT_SIGNATURE"),
        (with_other_header, "RECEIPT_SIGNATURE"),
        (with_an_empty_signature, "RECEIPT_SIGNATURE"),
        (of_another_type, "RECEIPT_TYPE"),
        (with_a_critical_extension, "RECEIPT_MALFORMED"),
        (by_a_key_that_is_not_there, "RECEIPT_KEY_UNKNOWN"),
        (without_a_key_id, "RECEIPT_MALFORMED"),
        (with_padding, "RECEIPT_MALFORMED"),
        (with_a_signature_respelt, "RECEIPT_MALFORMED"),
        (with_a_claim_twice, "RECEIPT_MALFORMED"),
        (with_claims_that_are_a_list, "RECEIPT_MALFORMED"),
        (nested_very_deep, "RECEIPT_MALFORMED"),
        (of_four_parts, "RECEIPT_MALFORMED"),
        (with_letters_of_other_scripts, "RECEIPT_MALFORMED"),
        (longer_than_any_receipt, "RECEIPT_TOO_LARGE"),
    ],
)
def test_a_forged_receipt_is_refused(
    verifier: ReceiptVerifier, signer: Signer, forge: Callable[[Signer], str], code: str
) -> None:
    assert refused(verifier, forge(signer)) == code
    verify(verifier, signer.receipt())


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "not a token", "\0.\0.\0"])
def test_text_that_is_no_token_is_refused(verifier: ReceiptVerifier, token: str) -> None:
    assert refused(verifier, token) == "RECEIPT_MALFORMED"


def test_every_single_changed_character_is_noticed(verifier: ReceiptVerifier, signer: Signer) -> None:
    token = signer.receipt()
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert refused(verifier, changed).startswith("RECEIPT_")
    verify(verifier, token)
