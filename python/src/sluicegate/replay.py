"""Single use: which receipts were already taken.

A receipt's ``jti`` is remembered until the receipt has expired; after that its expiry refuses it. One process can keep
that in memory. Several workers, or a service that restarts, need a store that they share: ``SqliteReplayStore`` for
those on one machine, or anything with the one method of ``ReplayStore`` (Redis: ``SET key 1 NX EXAT expiry``).
"""

from __future__ import annotations

import heapq
import sqlite3
import threading
import time
from collections.abc import Callable
from os import PathLike
from typing import Protocol

from sluicegate.errors import ReceiptError


class ReplayStore(Protocol):
    """Remembers ids until they expire."""

    def take(self, jti: str, expires_at: float) -> bool:
        """True for the first call with this id, false for every other; atomic. ``expires_at`` in seconds since 1970.

        Raises ``ReceiptError`` RECEIPT_STORE_UNAVAILABLE where it cannot tell: then nothing is accepted.
        """
        ...


class MemoryReplayStore:
    """In this process only, about 200 bytes an id. Full of ids that have not expired yet, it refuses a new one."""

    def __init__(self, *, entries_max: int = 1_000_000, clock: Callable[[], float] = time.time) -> None:
        self._entries_max = entries_max
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._by_expiry: list[tuple[float, str]] = []

    def take(self, jti: str, expires_at: float) -> bool:
        with self._lock:
            self._forget_expired()
            if jti in self._taken:
                return False
            if len(self._taken) >= self._entries_max:
                raise ReceiptError("RECEIPT_STORE_UNAVAILABLE", "Too many receipts in a short time; try again later.")
            self._taken.add(jti)
            heapq.heappush(self._by_expiry, (expires_at, jti))
            return True

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._by_expiry and self._by_expiry[0][0] < now:
            self._taken.discard(heapq.heappop(self._by_expiry)[1])


class SqliteReplayStore:
    """In a SQLite file, for several workers on one machine and across restarts."""

    def __init__(self, path: str | PathLike[str], *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS receipts_taken (jti TEXT PRIMARY KEY, expires_at REAL NOT NULL) WITHOUT ROWID"
        )
        self._connection.execute("CREATE INDEX IF NOT EXISTS receipts_taken_expiry ON receipts_taken (expires_at)")

    def take(self, jti: str, expires_at: float) -> bool:
        try:
            with self._lock:
                # A day beyond expiry, so that clocks that differ between workers cannot open a gap.
                self._connection.execute("DELETE FROM receipts_taken WHERE expires_at < ?", (self._clock() - 86_400,))
                added = self._connection.execute(
                    "INSERT OR IGNORE INTO receipts_taken (jti, expires_at) VALUES (?, ?)", (jti, expires_at)
                )
                return added.rowcount == 1
        except sqlite3.Error as error:
            raise ReceiptError("RECEIPT_STORE_UNAVAILABLE", "Used receipts cannot be looked up now.") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()
