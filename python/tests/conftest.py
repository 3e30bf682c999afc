from __future__ import annotations

from collections.abc import Iterator

import pytest

from sluicegate.receipts import ReceiptVerifier
from tests.receipt_maker import AUDIENCE, ISSUER, NOW, Signer
from tests.servers import GateStandIn, gate_stand_in


class Clock:
    """Seconds, moved by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def verifier(signer: Signer, clock: Clock) -> ReceiptVerifier:
    return ReceiptVerifier(signer.jwks(), issuer=ISSUER, audience=AUDIENCE, clock=clock)


@pytest.fixture
def gate_server() -> Iterator[GateStandIn]:
    with gate_stand_in() as gate:
        yield gate
