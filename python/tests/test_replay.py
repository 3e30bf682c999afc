from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluicegate.errors import ReceiptError
from sluicegate.replay import MemoryReplayStore, ReplayStore, SqliteReplayStore
from tests.conftest import Clock
from tests.receipt_maker import NOW


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Iterator[ReplayStore]:
    if request.param == "memory":
        yield MemoryReplayStore(clock=clock)
        return
    made = SqliteReplayStore(tmp_path / "receipts.sqlite", clock=clock)
    yield made
    made.close()


def test_an_id_is_taken_once(store: ReplayStore) -> None:
    assert store.take("a", NOW + 60)
    assert not store.take("a", NOW + 60)
    assert store.take("b", NOW + 60)


def test_an_id_is_remembered_until_it_has_expired(store: ReplayStore, clock: Clock) -> None:
    assert store.take("a", NOW + 60)
    clock.now = NOW + 60
    assert not store.take("a", NOW + 60)


def test_of_many_threads_at_once_one_gets_the_id(store: ReplayStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        for number in range(20):
            taken = list(pool.map(lambda _, jti=str(number): store.take(jti, NOW + 60), range(16)))
            assert taken.count(True) == 1


def test_memory_forgets_what_has_expired_and_refuses_when_full(clock: Clock) -> None:
    store = MemoryReplayStore(entries_max=2, clock=clock)
    assert store.take("a", NOW + 1)
    assert store.take("b", NOW + 60)
    with pytest.raises(ReceiptError, match="RECEIPT_STORE_UNAVAILABLE"):
        store.take("c", NOW + 60)
    clock.now = NOW + 2
    assert store.take("c", NOW + 60)


def test_a_sqlite_store_is_shared_by_processes_and_outlives_them(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "receipts.sqlite"
    one, two = SqliteReplayStore(path, clock=clock), SqliteReplayStore(path, clock=clock)
    assert one.take("a", NOW + 60)
    assert not two.take("a", NOW + 60)
    one.close()
    two.close()
    three = SqliteReplayStore(path, clock=clock)
    assert not three.take("a", NOW + 60)
    three.close()


def test_a_store_that_cannot_tell_refuses(tmp_path: Path) -> None:
    store = SqliteReplayStore(tmp_path / "receipts.sqlite")
    store.close()
    with pytest.raises(ReceiptError, match="RECEIPT_STORE_UNAVAILABLE"):
        store.take("a", NOW)
