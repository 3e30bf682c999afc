from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from sluicegate.errors import ReceiptError
from sluicegate.jwks import KeyRing, read_keys
from tests.conftest import Clock
from tests.receipt_maker import Json, Signer
from tests.servers import GateStandIn


def code_of(ring: KeyRing, key_id: str) -> str | None:
    try:
        ring.find(key_id)
    except ReceiptError as error:
        return error.code
    return None


@pytest.fixture
def ring(gate_server: GateStandIn, clock: Clock) -> KeyRing:
    return KeyRing(f"{gate_server.url}/.well-known/jwks.json", clock=clock)


def test_a_new_key_is_found_without_a_restart(gate_server: GateStandIn, ring: KeyRing, clock: Clock) -> None:
    old, new = Signer("old"), Signer("new")
    gate_server.jwks = old.jwks()
    assert code_of(ring, "old") is None
    gate_server.jwks = {"keys": [old.jwk(), new.jwk()]}
    clock.now += 11
    assert code_of(ring, "new") is None
    assert code_of(ring, "old") is None
    assert gate_server.jwks_requests == 2


def test_a_key_that_was_taken_out_is_forgotten_when_the_set_is_fetched_again(
    gate_server: GateStandIn, ring: KeyRing, clock: Clock
) -> None:
    gate_server.jwks = Signer("old").jwks()
    assert code_of(ring, "old") is None
    gate_server.jwks = Signer("new").jwks()
    clock.now += 300
    assert code_of(ring, "old") == "RECEIPT_KEY_UNKNOWN"


def test_unknown_key_ids_do_not_make_us_ask_the_gate_each_time(
    gate_server: GateStandIn, ring: KeyRing, signer: Signer
) -> None:
    gate_server.jwks = signer.jwks()
    for number in range(50):
        assert code_of(ring, f"made-up-{number}") == "RECEIPT_KEY_UNKNOWN"
    assert code_of(ring, signer.key_id) is None
    assert gate_server.jwks_requests == 1


def test_known_keys_outlast_a_gate_that_does_not_answer_for_an_hour(
    gate_server: GateStandIn, ring: KeyRing, clock: Clock, signer: Signer
) -> None:
    gate_server.jwks = signer.jwks()
    assert code_of(ring, signer.key_id) is None
    gate_server.jwks_status = 500
    clock.now += 3599
    assert code_of(ring, signer.key_id) is None
    clock.now += 1
    assert code_of(ring, signer.key_id) == "RECEIPT_KEYS_UNAVAILABLE"
    gate_server.jwks_status = 200
    clock.now += 10
    assert code_of(ring, signer.key_id) is None


def test_a_gate_that_starts_later_than_the_service_is_asked_again_after_a_second(
    gate_server: GateStandIn, ring: KeyRing, clock: Clock, signer: Signer
) -> None:
    gate_server.jwks_status = 503
    assert code_of(ring, signer.key_id) == "RECEIPT_KEYS_UNAVAILABLE"
    gate_server.jwks_status = 200
    gate_server.jwks = signer.jwks()
    assert code_of(ring, signer.key_id) == "RECEIPT_KEYS_UNAVAILABLE"
    clock.now += 1
    assert code_of(ring, signer.key_id) is None


@pytest.mark.parametrize("jwks", [{"keys": "none"}, {}, {"keys": [{}] * 101}, {"keys": [], "more": "x" * 70_000}])
def test_a_document_that_is_no_key_set_leaves_the_keys_held_before(
    gate_server: GateStandIn, ring: KeyRing, clock: Clock, signer: Signer, jwks: Json
) -> None:
    gate_server.jwks = signer.jwks()
    assert code_of(ring, signer.key_id) is None
    gate_server.jwks = jwks
    clock.now += 300
    assert code_of(ring, signer.key_id) is None
    assert gate_server.jwks_requests == 2


def test_known_keys_are_found_while_another_caller_waits_for_the_gate(signer: Signer, clock: Clock) -> None:
    asked, go_on = threading.Event(), threading.Event()
    answers = [signer.jwks()]

    def fetch() -> Mapping[str, Any]:
        if answers:
            return answers.pop()
        asked.set()
        assert go_on.wait(10)
        return signer.jwks()

    ring = KeyRing(fetch, clock=clock)
    assert code_of(ring, signer.key_id) is None
    clock.now += 301
    waiting = threading.Thread(target=lambda: code_of(ring, signer.key_id))
    waiting.start()
    assert asked.wait(10)
    assert code_of(ring, signer.key_id) is None
    go_on.set()
    waiting.join()


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"crv": "X25519"},
        {"use": "enc"},
        {"alg": "HS256"},
        {"kid": 7},
        {"x": None},
    ],
)
def test_keys_of_another_kind_are_left_out(signer: Signer, change: Json) -> None:
    assert read_keys({"keys": [{**signer.jwk(), **change}, Signer("other").jwk()]}).keys() == {"other"}


def test_a_broken_key_is_an_error_at_the_start(signer: Signer) -> None:
    with pytest.raises(ValueError, match="no Ed25519 key"):
        KeyRing({"keys": [{**signer.jwk(), "x": "AAAA"}]})
